"""Descriptors: numbers that sum up the sound of a track, from which perceptual attributes are estimated."""

from __future__ import annotations

import numpy as np

from etl.audio.frames import Frames
from etl.audio.music import Music
from etl.audio.rhythm import FPS, autocorrelation, onset_strength

_HIGH_BAND = 17  # bands from 3.7 kHz on
_LOW_BANDS = 2  # below 200 Hz


def describe(music: Music) -> dict[str, float]:
    """Return the descriptors by name; those that cannot be computed are missing.

    ``loudness`` is in LUFS; ``loudness_spread`` and ``attack`` are in dB; ``segment_rate`` is per second;
    ``high_share`` and ``low_share`` are levels of bands in dB relative to the mean; ``pulse``, ``tempo_regularity``,
    ``key_strength``, ``major``, ``pitch_flatness``, ``speech``, ``singing`` and ``music`` are 0 to 1;
    ``timbre_mean_1`` to ``timbre_std_12`` are in the units of timbre.
    """
    frames, segments, rhythm, key = music.measured.frames, music.segments, music.rhythm, music.key
    weight = segments.duration.astype(np.float64) + 1e-9
    found = {
        "loudness": music.measured.loudness,
        "loudness_spread": _spread(segments.loudness_max, weight),
        "attack": float(np.average(segments.loudness_max - segments.loudness_start, weights=weight)),
        "segment_rate": len(segments.start) / max(frames.seconds, 1e-3),
        "segment_confidence": float(segments.confidence.mean()),
        "pitch_flatness": float(np.average(segments.pitches.mean(axis=1), weights=weight)),
        "seconds": frames.seconds,
    }
    bands = _mean_bands(frames)
    found["high_share"] = float(bands[_HIGH_BAND:].mean() - bands.mean())
    found["low_share"] = float(bands[:_LOW_BANDS].mean() - bands.mean())
    for name, row in (("mean", np.average(segments.timbre, axis=0, weights=weight)), ("std", segments.timbre.std(0))):
        found |= {f"timbre_{name}_{number}": float(value) for number, value in enumerate(row, 1)}
    if rhythm.tempo is not None:
        gaps = np.diff(rhythm.beats)
        found["tempo"] = rhythm.tempo
        found["tempo_confidence"] = rhythm.confidence
        found["tempo_regularity"] = float(np.exp(-4 * np.abs(gaps / np.median(gaps) - 1).mean()))
        found["pulse"] = _pulse(frames, rhythm.tempo)
        found["beat_strength"] = float(rhythm.strengths.mean())
    if key is not None:
        found |= {"key_strength": key.confidence, "major": float(key.mode), "mode_confidence": key.mode_confidence}
    return {
        name: round(value, 4)
        for name, value in (found | dict(music.measured.voice or {})).items()
        if np.isfinite(value)
    }


def _spread(level: np.ndarray, weight: np.ndarray) -> float:
    mean = np.average(level, weights=weight)
    return float(np.sqrt(np.average((level - mean) ** 2, weights=weight)))


def _mean_bands(frames: Frames) -> np.ndarray:
    return np.asarray(frames.bands.mean(axis=0, dtype=np.float64))


def _pulse(frames: Frames, tempo: float) -> float:
    """Return the autocorrelation of the onsets at a beat, 0 to 1."""
    lags = autocorrelation(onset_strength(frames.onsets))
    return float(np.clip(np.interp(60 * FPS / tempo, np.arange(len(lags)), lags), 0.0, 1.0))
