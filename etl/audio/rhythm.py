"""Finds tempo, beats, tatums and bars from the onset strength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from etl.audio.frames import ONSET_HOP, RATE, Floats, Frames

FPS = RATE / ONSET_HOP
LOWEST_BPM, HIGHEST_BPM = 40.0, 230.0
_WINDOW, _STEP = 1024, 256  # frames of the onset strength for one autocorrelation: 11.9 s
_MEAN_S = 1.0
_PRIOR_BPM, _PRIOR_OCTAVES = 125.0, 0.95
_SECOND_BEAT, _THIRD_OF_BEAT = 0.3, 1.45
_TIGHTNESS = 100.0


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Beats of a track.

    Attributes
    ----------
    tempo : float or None
        Beats per minute; None if no pulse was found.
    confidence : float
        The confidence of the tempo, 0 to 1.
    beats, strengths : np.ndarray
        (n,) times in seconds, and the confidence of each, 0 to 1.
    division : int
        Tatums per beat, 2 or 3.
    meter : int or None
        Beats per bar, 3 or 4; None if there are too few beats.
    meter_confidence : float
        0 to 1.
    first_downbeat : int
        The index of the first beat that begins a bar.
    """

    tempo: float | None = None
    confidence: float = 0.0
    beats: npt.NDArray[np.float64]
    strengths: npt.NDArray[np.float64]
    division: int = 2
    meter: int | None = None
    meter_confidence: float = 0.0
    first_downbeat: int = 0


def onset_strength(onsets: Floats) -> Floats:
    """Return the (m,) onset strength: rises above their mean over a second, in standard deviations.

    ``onsets`` are the (m, 4) rises in groups of bands.
    """
    total = onsets.mean(axis=1)
    width = round(_MEAN_S * FPS)
    total = np.maximum(0.0, total - _smoothed(total, np.ones(width)))
    return (total / max(float(total.std()), 1e-6)).astype(np.float32)


def _smoothed(values: Floats, kernel: npt.NDArray[np.floating]) -> Floats:
    if len(values) < len(kernel):
        return np.full_like(values, values.mean() if len(values) else 0.0)
    return np.convolve(values, kernel / kernel.sum(), "same").astype(np.float32)


def find_rhythm(frames: Frames) -> Rhythm:
    """Return the rhythm of a track; its tempo is None if there is almost no sound or no pulse."""
    strength = onset_strength(frames.onsets)
    if len(strength) < 4 * FPS or not strength.any():
        return Rhythm(beats=np.zeros(0), strengths=np.zeros(0))
    rate, confidence = _tempo(strength)
    beats = _refined(_beat_frames(strength, 60 * FPS / rate), strength)
    if len(beats) < 4:
        return Rhythm(beats=np.zeros(0), strengths=np.zeros(0))
    times = beats / FPS
    tempo = _tempo_of_beats(times, rate)
    meter, meter_confidence, downbeat = _meter(frames, times)
    return Rhythm(
        tempo=tempo,
        confidence=confidence,
        beats=times,
        strengths=_strengths(strength, beats),
        division=_division(strength, beats),
        meter=meter,
        meter_confidence=meter_confidence,
        first_downbeat=downbeat,
    )


def autocorrelation(strength: Floats) -> Floats:
    """Return the (window,) autocorrelation, averaged over windows of 11.9 s; it is 1 at lag 0."""
    if len(strength) < _WINDOW:
        strength = np.pad(strength, (0, _WINDOW - len(strength)))
    views = np.lib.stride_tricks.sliding_window_view(strength, _WINDOW)[::_STEP]
    total = np.zeros(_WINDOW)
    for start in range(0, len(views), 256):
        part = views[start : start + 256] * np.hanning(_WINDOW).astype(np.float32)
        power = np.abs(np.fft.rfft(part, 2 * _WINDOW)) ** 2
        lags = np.fft.irfft(power)[:, :_WINDOW]
        total += (lags / np.maximum(lags[:, :1], 1e-9)).sum(axis=0)
    overlap = np.correlate(np.hanning(_WINDOW), np.hanning(_WINDOW), "full")[_WINDOW - 1 :]
    return (total / len(views) / np.maximum(overlap / overlap[0], 0.1)).astype(np.float32)


def _tempo(strength: Floats) -> tuple[float, float]:
    """Return beats per minute, and how clear the pulse is, 0 to 1.

    The score of a tempo is the autocorrelation at one beat and at two beats, minus that at a third of a beat, times a
    log-normal prior (Ellis, "Beat tracking by dynamic programming", JNMR 36, 2007). The subtraction prevents one and a
    half beats from being taken for a beat. The weights were chosen on the music of ``bench/audio_accuracy.py``.
    """
    lags = autocorrelation(strength)
    candidates = np.exp(np.arange(np.log(LOWEST_BPM), np.log(HIGHEST_BPM), 0.005))
    periods = 60 * FPS / candidates

    def at(share: float) -> npt.NDArray[np.float64]:
        return np.where(share * periods < 0.8 * _WINDOW, np.interp(share * periods, np.arange(_WINDOW), lags), 0.0)

    score = at(1) + _SECOND_BEAT * at(2) - _THIRD_OF_BEAT * at(1 / 3)
    prior = np.exp(-0.5 * (np.log2(candidates / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    best = int(np.argmax(np.maximum(score, 0.0) * prior))
    return float(candidates[best]), float(np.clip(1.6 * at(1)[best], 0.0, 1.0))


def _beat_frames(strength: Floats, period: float) -> npt.NDArray[np.intp]:
    """Return the frames of the beats by dynamic programming (Ellis 2007), ``period`` in frames."""
    sigma = period / 32
    x = np.arange(-round(period), round(period) + 1)
    local = np.convolve(strength, np.exp(-0.5 * (x / sigma) ** 2), "same")
    offsets = np.arange(-round(2 * period), -round(period / 2) + 1)
    cost = _TIGHTNESS * np.log(-offsets / period) ** 2
    span, shift = -offsets[0], len(offsets)
    score = np.concatenate([np.zeros(span), local])
    back = np.full(len(local), -1, np.intp)
    started = False
    threshold = 0.01 * float(local.max())
    for t in range(len(local)):
        before = score[t : t + shift] - cost
        best = int(before.argmax())
        score[t + span] += before[best]
        if started or local[t] >= threshold:
            started = True
            back[t] = t + offsets[best]
    score = score[span:]
    # The last beat is the frame with the best score in the last two periods.
    tail = max(0, len(score) - round(2 * period))
    t = tail + int(score[tail:].argmax())
    beats = [t]
    while t < len(back) and back[t] >= 0:
        t = int(back[t])
        beats.append(t)
    return np.array(beats[::-1], np.intp)


def _refined(beats: npt.NDArray[np.intp], strength: Floats) -> npt.NDArray[np.float64]:
    """Return the beats as fractional frames: the maximum of a parabola through three onset strengths."""
    inner = np.clip(beats, 1, len(strength) - 2)
    a, b, c = strength[inner - 1], strength[inner], strength[inner + 1]
    curve = a - 2 * b + c
    offset = np.where(curve < -1e-6, 0.5 * (a - c) / np.minimum(curve, -1e-6), 0.0)
    return beats + np.clip(offset, -0.5, 0.5)


def _tempo_of_beats(times: npt.NDArray[np.float64], rate: float) -> float:
    """Return beats per minute: the median slope of lines fitted to stretches of 16 beats."""
    size = min(16, len(times))
    n = np.arange(size) - (size - 1) / 2
    slopes = np.lib.stride_tricks.sliding_window_view(times, size) @ n / (n @ n)
    tempo = 60.0 / float(np.median(slopes))
    return tempo if abs(np.log2(tempo / rate)) < 0.1 else rate


def _strengths(strength: Floats, beats: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    at = np.clip(np.round(beats).astype(np.intp), 1, len(strength) - 2)
    peak = np.max([strength[at - 1], strength[at], strength[at + 1]], axis=0).astype(np.float64)
    return np.clip(peak / (peak + 2.5), 0.0, 1.0)


def _division(strength: Floats, beats: npt.NDArray[np.float64]) -> int:
    """Return 3 if onsets at thirds of the beats are stronger than at halves, else 2."""
    gaps = np.diff(beats)

    def at(share: float) -> float:
        frames = np.round(beats[:-1] + share * gaps).astype(np.intp)
        return float(np.mean([strength[np.clip(frames + k, 0, len(strength) - 1)] for k in (-1, 0, 1)]))

    return 3 if 0.5 * (at(1 / 3) + at(2 / 3)) > 1.15 * at(0.5) else 2


def _meter(frames: Frames, beats: npt.NDArray[np.float64]) -> tuple[int | None, float, int]:
    """Return the beats per bar, the confidence, and the index of the first beat that begins a bar.

    At the beginning of bars, the bass sounds and the harmony changes. The score of a meter and a phase is the mean
    accent at the supposed first beats minus that at the other beats, divided by its standard error.
    """
    if len(beats) < 12:
        return None, 0.0, 0
    accent = _accents(frames, beats)
    best = {}
    for meter in (3, 4):
        scores = [_contrast(accent, meter, phase) for phase in range(meter)]
        best[meter] = (max(scores), int(np.argmax(scores)))
    margin = best[4][0] - best[3][0] + _FOUR_BONUS
    meter = 4 if margin >= 0 else 3
    return meter, float(np.clip(0.5 + abs(margin) / 8, 0.0, 1.0)), best[meter][1]


_FOUR_BONUS = 1.0  # most music is in 4


def _accents(frames: Frames, beats: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (n,) accents, which say how likely a bar begins at each beat."""
    low = _near(frames.onsets[:, 0], beats * FPS)
    change = _harmonic_change(frames, beats)
    return np.asarray(_standard(low) + 1.5 * _standard(change))


def _near(values: Floats, frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    at = np.round(frames).astype(np.intp)
    return np.max([values[np.clip(at + k, 0, len(values) - 1)] for k in range(-2, 3)], axis=0).astype(np.float64)


def _harmonic_change(frames: Frames, beats: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (n,) distances of each beat's pitch classes from those of the beat before, 0 to 1."""
    fps = RATE / 1024
    edges = np.clip(np.round(np.append(beats, frames.seconds) * fps).astype(np.intp), 0, len(frames.pitches))
    both = frames.pitches.astype(np.float32).reshape(-1, 12, 10).sum(axis=2)
    both += frames.bass.astype(np.float32).reshape(-1, 12, 10).sum(axis=2)
    running = np.concatenate([np.zeros((1, 12)), np.cumsum(both, axis=0, dtype=np.float64)])
    sums = running[np.maximum(edges[1:], edges[:-1] + 1).clip(max=len(both))] - running[edges[:-1]]
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return np.concatenate([[0.0], 1.0 - (unit[1:] * unit[:-1]).sum(axis=1)])


def _standard(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-9))


def _contrast(accent: npt.NDArray[np.float64], meter: int, phase: int) -> float:
    first = np.zeros(len(accent), bool)
    first[phase::meter] = True
    yes, no = accent[first], accent[~first]
    error = np.sqrt(yes.var() / max(1, len(yes)) + no.var() / max(1, len(no)))
    return float((yes.mean() - no.mean()) / max(float(error), 1e-6))
