"""Finds tuning, key and mode from the peaks of the spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.feature_rows import Floats

# Key profiles, major and minor: how strongly each step above the tonic sounds. Albrecht and Shanahan, "The use of large
# corpora to train a new type of key-finding algorithm", Music Perception 31, 2013; Sha'ath, "Estimation of key in
# digital music recordings", 2011 (KeyFinder).
_PROFILES = {
    1: (
        (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
        (7.24, 3.50, 3.58, 2.85, 5.82, 4.56, 2.45, 6.99, 3.39, 4.56, 4.07, 4.46),
    ),
    0: (
        (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
        (7.00, 3.14, 4.36, 5.40, 3.67, 4.09, 3.91, 6.20, 3.63, 2.87, 5.35, 3.83),
    ),
}
_BASS_SHARE = 0.5
# Music mostly ends on its tonic. So the share of a pitch class in the last half second of the bass, times this factor,
# is added to the correlation of its keys. It is the middle of the best range on 46 chorales of Bach, which the
# benchmark does not score.
_FINAL_SHARE = 0.2
_FINAL_FRAMES = 12
_AUDIBLE = 0.1  # the least sum of a frame that counts, as a share of the median frame's sum
_ENOUGH = 1e-6


@dataclass(frozen=True, slots=True)
class Key:
    """``pitch_class`` 0 = C; ``mode`` 1 = major; confidences 0 to 1."""

    pitch_class: int
    mode: int
    confidence: float
    mode_confidence: float


def tuning(pitches: Floats) -> int:
    """Return the tuning above A = 440 Hz in bins of 10 cents (-5 to 4), from (k, 120) frames."""
    total = pitches.sum(axis=0, dtype=np.float64).reshape(12, 10).sum(axis=0)
    angle = np.angle(total @ np.exp(2j * np.pi * np.arange(10) / 10))
    return int(np.round(angle / (2 * np.pi) * 10 + 5) % 10 - 5)


def folded(pitches: Floats, shift: int) -> Floats:
    """Return (k, 12) from (k, 120): sum the bins within 50 cents of each semitone, weighted by their closeness."""
    rolled = np.roll(pitches, 5 - shift, axis=1).reshape(len(pitches), 12, 10)
    weights = np.cos(np.pi * (np.arange(10) - 5) / 12) ** 2
    return np.asarray(rolled.astype(np.float32) @ weights.astype(np.float32))


def find_key(pitches: Floats, bass: Floats, *, ends: bool = False) -> Key | None:
    """Return the key from (k, 12) pitch classes and those of the bass; None if there is no pitch.

    All frames have equal weight. The key is the one whose profiles correlate best with the mean (Krumhansl, Cognitive
    Foundations of Musical Pitch, 1990). If the music ``ends`` with these frames, its last bass notes count, too.
    """
    mean = _mean(pitches) + _BASS_SHARE * _mean(bass)
    if mean.sum() < _ENOUGH or np.ptp(mean) < 1e-9:
        return None
    scores = np.array([_correlations(mean, mode) for mode in (0, 1)])  # (mode, pitch class)
    if ends:
        scores += _FINAL_SHARE * _final(pitches, bass)
    mode, pitch_class = np.unravel_index(int(scores.argmax()), scores.shape)
    best = float(scores[mode, pitch_class])
    rest = scores.copy()
    rest[mode, pitch_class] = -1.0
    parallel = float(scores[1 - mode, pitch_class])
    confidence = np.clip(4.0 * (best - float(rest.max())) + 0.5 * max(0.0, best - 0.4), 0.0, 1.0)
    mode_confidence = np.clip(0.4 + best - parallel, 0.0, 1.0)
    return Key(int(pitch_class), int(mode), float(confidence), float(mode_confidence))


def _mean(pitches: Floats) -> npt.NDArray[np.float64]:
    total = pitches.sum(axis=1, keepdims=True)
    loud = total[:, 0] > _ENOUGH
    if not loud.any():
        return np.zeros(12)
    return np.asarray((pitches[loud] / total[loud]).mean(axis=0, dtype=np.float64))


def _final(pitches: Floats, bass: Floats) -> npt.NDArray[np.float64]:
    """Return the (12,) shares of the pitch classes in the bass before the final silence; zeros without any bass."""
    total = pitches.sum(axis=1)
    end = np.flatnonzero(total > _AUDIBLE * np.median(total[total > _ENOUGH]))[-1] + 1
    mean = _mean(bass[max(0, end - _FINAL_FRAMES) : end])
    return mean / max(mean.sum(), _ENOUGH)


def _correlations(mean: npt.NDArray[np.float64], mode: int) -> npt.NDArray[np.float64]:
    """Return the (12,) mean correlations with the profiles of a mode, by tonic."""
    found = [[np.corrcoef(mean, np.roll(profile, tonic))[0, 1] for tonic in range(12)] for profile in _PROFILES[mode]]
    return np.asarray(np.mean(found, axis=0))
