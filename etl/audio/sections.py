"""Finds sections (verse, chorus and so on) by changes of timbre and harmony."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from etl.audio.segments import Segments
from store.feature_rows import Floats

_HALF_S = 12  # seconds on each side that are compared
_SHORTEST_S = 9
_THRESHOLD = 0.35  # standard deviations above the mean of the novelty


def find_sections(segments: Segments, seconds: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the (n,) seconds at which sections begin, and the confidence of each, 0 to 1.

    The novelty at a second is the similarity of timbre and pitches within both sides minus the similarity across,
    weighted by a Gaussian (Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000).
    """
    novelty = _novelty(_by_second(segments, seconds))
    bounds, confidence = [0.0], [1.0]
    height = novelty.mean() + _THRESHOLD * novelty.std() if len(novelty) else 0.0
    scale = max(float(novelty.max(initial=0.0)), 1e-9)
    for second in range(_SHORTEST_S, len(novelty) - _SHORTEST_S):
        around = novelty[max(0, second - _SHORTEST_S) : second + _SHORTEST_S + 1]
        if novelty[second] == around.max() > height and second - bounds[-1] >= _SHORTEST_S:
            nearest = int(np.abs(segments.start - second).argmin())
            bounds.append(float(segments.start[nearest]))
            confidence.append(float(novelty[second] / scale))
    return np.array(bounds), np.array(confidence)


def _by_second(segments: Segments, seconds: float) -> Floats:
    """Return (seconds, 24) timbre and pitches, each column standardised."""
    columns = np.concatenate([segments.timbre, segments.pitches * 3.0], axis=1).astype(np.float64)
    second = np.minimum(segments.start.astype(np.intp), max(0, int(seconds)))
    count = int(seconds) + 1
    weight = np.bincount(second, segments.duration, count)
    sums = np.stack([np.bincount(second, column * segments.duration, count) for column in columns.T], axis=1)
    rows = sums / np.maximum(weight, 1e-9)[:, None]
    for empty in np.flatnonzero(weight <= 0):  # a long segment lies over more than one second
        rows[empty] = rows[empty - 1] if empty else 0.0
    return np.asarray((rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-6))


def _novelty(rows: Floats) -> npt.NDArray[np.float64]:
    if len(rows) < 2 * _SHORTEST_S:
        return np.zeros(len(rows))
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    x = np.arange(-_HALF_S, _HALF_S) + 0.5
    kernel = np.sign(x)[:, None] * np.sign(x) * np.exp(-0.5 * (x[:, None] ** 2 + x**2) / (_HALF_S / 2) ** 2)
    kernel /= np.abs(kernel).sum()
    padded = np.pad(unit, ((_HALF_S, _HALF_S), (0, 0)), mode="edge")
    found = np.zeros(len(rows))
    for second in range(len(rows)):
        part = padded[second : second + 2 * _HALF_S]
        found[second] = float(((part @ part.T) * kernel).sum())
    return np.maximum(found, 0.0)
