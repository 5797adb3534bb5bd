"""Tuning, key and mode from the peaks of the spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from etl.audio.frames import BINS

Floats = npt.NDArray[np.floating]

# How strongly each step above the tonic sounds in music of a key, major and minor: bgate of Faraldo et al., "Key
# estimation in electronic dance music", ECIR 2016.
_MAJOR = (1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30)
_MINOR = (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23)
_BASS_SHARE = 0.35
_ENOUGH = 1e-6


@dataclass(frozen=True, slots=True)
class Key:
    """``pitch_class`` 0 = C; ``mode`` 1 = major; confidences 0 to 1."""

    pitch_class: int
    mode: int
    confidence: float
    mode_confidence: float


def tuning(pitches: Floats) -> int:
    """Return by how many bins of 10 cents (-5 to 4) the music lies above A = 440 Hz, from (k, 120) frames."""
    total = pitches.sum(axis=0, dtype=np.float64).reshape(12, 10).sum(axis=0)
    angle = np.angle(total @ np.exp(2j * np.pi * np.arange(10) / 10))
    return int(np.round(angle / (2 * np.pi) * 10 + 5) % 10 - 5)


def folded(pitches: Floats, shift: int) -> Floats:
    """Return (k, 12) from (k, 120): bins within 50 cents of a semitone, those in its middle fully."""
    rolled = np.roll(pitches, 5 - shift, axis=1).reshape(len(pitches), 12, 10)
    weights = np.cos(np.pi * (np.arange(10) - 5) / 12) ** 2
    return np.asarray(rolled.astype(np.float32) @ weights.astype(np.float32))


def find_key(pitches: Floats, bass: Floats) -> Key | None:
    """Return the key of (k, 12) pitch classes and those of the bass; None where there is no pitch.

    Each frame counts alike. The key is the one whose profile correlates best with the mean (Krumhansl, Cognitive
    Foundations of Musical Pitch, 1990).
    """
    mean = _mean(pitches) + _BASS_SHARE * _mean(bass)
    if mean.sum() < _ENOUGH or np.ptp(mean) < 1e-9:
        return None
    scores = np.array([_correlations(mean, profile) for profile in (_MINOR, _MAJOR)])  # (mode, pitch class)
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


def _correlations(mean: npt.NDArray[np.float64], profile: tuple[float, ...]) -> npt.NDArray[np.float64]:
    return np.array([np.corrcoef(mean, np.roll(profile, tonic))[0, 1] for tonic in range(12)])


assert BINS == 120
