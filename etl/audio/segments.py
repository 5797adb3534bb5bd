"""Finds segments: short stretches of one sound, each with its loudness, pitch classes and timbre.

The method is that of the Echo Nest, as far as it is published: Jehan, Creating Music by Listening, MIT 2005, chapter 3.
Timbre is computed from the levels of 23 critical bands in the first 10 frames of 5.8 ms, and in the rest of the segment
resampled to 10 frames, projected on principal components. The components are our own
(``python -m tools.timbre_basis``), so timbre is comparable only with timbre of the same version.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from etl.audio.frames import BAND_HOP, FLOOR_DB, N_BANDS, PITCH_HOP, RATE, Floats, Frames

FPS = RATE / BAND_HOP
_SHORTEST_S, _LONGEST_S = 0.08, 3.0
_LAG = 4  # frames over which a rise is taken: 23 ms
_CHUNK = 1 << 14
_BACK_S = 0.06  # a boundary moves back to the softest frame within this
_LOCAL_S = 0.6
_THRESHOLD_DB, _FACTOR = 1.5, 1.7
_FULL_DB = 6.0  # a mean rise of the bands by this much has confidence 0.5
SHAPE = (20, N_BANDS)
BASIS = Path(__file__).with_name("timbre_basis.npz")
_PITCH_POWER = 2.0


class Segments(NamedTuple):
    """Columns of n segments: times in seconds, loudness in dB, pitches (n, 12) 0 to 1, timbre (n, 12)."""

    start: Floats
    duration: Floats
    confidence: Floats
    loudness_start: Floats
    loudness_max_time: Floats
    loudness_max: Floats
    loudness_end: Floats
    pitches: Floats
    timbre: Floats

    def documents(self) -> list[dict[str, Any]]:
        """Return the segments in Spotify's form."""
        rows = zip(*(column.tolist() for column in self), strict=True)
        return [
            {
                name: [round(v, 3) for v in value] if isinstance(value, list) else round(value, 5)
                for name, value in zip(self._fields, row, strict=True)
            }
            for row in rows
        ]


def find_segments(frames: Frames, chroma: Floats) -> Segments:
    """Return the segments of a track; ``chroma`` is (k, 12), a row for each frame of pitches."""
    rise = _rise(frames)
    bounds = _bounds(rise, frames.level)
    begin, end = bounds[:-1], bounds[1:]
    level = frames.level
    loudest = np.array([b + int(level[b:e].argmax()) for b, e in zip(begin, end, strict=True)], np.intp)
    starts = level[begin]
    return Segments(
        start=(begin / FPS).astype(np.float32),
        duration=np.diff(np.append(begin / FPS, frames.seconds)).astype(np.float32),
        confidence=_confidences(rise, begin),
        loudness_start=starts,
        loudness_max_time=((loudest - begin) / FPS).astype(np.float32),
        loudness_max=level[loudest],
        loudness_end=np.append(starts[1:], level[-1]).astype(np.float32),
        pitches=_pitches(chroma, begin, end),
        timbre=_timbre(frames, begin, end),
    )


def boundaries(frames: Frames) -> npt.NDArray[np.intp]:
    """Return the frames (n + 1,) where segments begin, and the end of the last."""
    return _bounds(_rise(frames), frames.level)


def _confidences(rise: Floats, begin: npt.NDArray[np.intp]) -> Floats:
    width = round(_BACK_S * FPS) + _LAG
    peak = np.array([rise[b : b + width].max(initial=0.0) for b in begin], np.float32)
    found = peak / (peak + _FULL_DB)
    found[0] = 0.0
    return np.asarray(found, np.float32)


def _rise(frames: Frames) -> Floats:
    """Return the (n,) rise of the level over 23 ms in dB, averaged over the bands; a fall counts as 0."""
    bands = frames.bands
    parts = []
    for start in range(0, len(bands), _CHUNK):
        first = max(0, start - 2 * _LAG)
        level = bands[first : start + _CHUNK].astype(np.float32)
        running = np.cumsum(np.pad(level, ((_LAG, 0), (0, 0)), mode="edge"), axis=0)
        smooth = (running[_LAG:] - running[:-_LAG]) / _LAG
        rise = np.zeros(len(level), np.float32)
        rise[_LAG:] = np.maximum(0.0, smooth[_LAG:] - smooth[:-_LAG]).mean(axis=1)
        parts.append(rise[start - first :])
    return np.concatenate(parts)


def _bounds(rise: Floats, level: Floats) -> npt.NDArray[np.intp]:
    """Return the frames (n + 1,) where segments begin, and the end of the last."""
    width = round(_LOCAL_S * FPS)
    local = np.convolve(rise, np.full(width, 1 / width), "same") if len(rise) >= width else np.full_like(rise, 0.0)
    reach = round(_SHORTEST_S * FPS / 2)
    padded = np.pad(rise, reach, constant_values=-1.0)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    peaks = np.flatnonzero((rise >= highest) & (rise > np.maximum(_THRESHOLD_DB, _FACTOR * local)))
    back = round(_BACK_S * FPS)
    found = [0]
    shortest, longest = round(_SHORTEST_S * FPS), round(_LONGEST_S * FPS)
    for peak in peaks.tolist():
        first = max(0, peak - back)
        moved = first + int(level[first : peak + 1].argmin())
        if moved - found[-1] < shortest:
            continue
        found += _split(found[-1], moved, longest)
        found.append(moved)
    n = len(level)
    if n - found[-1] < shortest and len(found) > 1:
        found.pop()
    found += _split(found[-1], n, longest)
    return np.array([*found, n], np.intp)


def _split(begin: int, end: int, longest: int) -> list[int]:
    """Return the frames at which a stretch that is too long is cut into equal parts."""
    parts = -(-(end - begin) // longest)
    return [begin + (end - begin) * part // parts for part in range(1, parts)]


def _pitches(chroma: Floats, begin: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> Floats:
    """Return the (n, 12) mean pitch classes of the segments, 1 for the strongest; for silence all are 1."""
    ratio = BAND_HOP / PITCH_HOP
    running = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0, dtype=np.float64)])
    first = np.minimum(np.round(begin * ratio + 0.25).astype(np.intp), len(chroma) - 1)
    last = np.clip(np.round(end * ratio).astype(np.intp), first + 1, len(chroma))
    sums = running[last] - running[first]
    most = sums.max(axis=1, keepdims=True)
    scaled = np.where(most > 1e-9, (sums / np.maximum(most, 1e-9)).clip(0.0, 1.0) ** _PITCH_POWER, 1.0)
    return scaled.astype(np.float32)


def _timbre(frames: Frames, begin: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> Floats:
    mean, components = _basis()
    running = np.concatenate([[0.0], np.cumsum(frames.level - FLOOR_DB, dtype=np.float64)])
    loudness = (running[end] - running[begin]) / np.maximum(end - begin, 1)
    rest = np.concatenate([(shape - mean) @ components.T for shape in shapes(frames, begin, end)])
    return np.concatenate([loudness[:, None], rest], axis=1).astype(np.float32)


def shapes(frames: Frames, begin: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> Iterator[Floats]:
    """Yield (m, 460) levels of segments: 10 frames of the attack, then the rest resampled to 10, 23 bands each.

    The mean level is subtracted, because loudness is only in the first coordinate of timbre.
    """
    for start in range(0, len(begin), 2048):
        b, e = begin[start : start + 2048, None], end[start : start + 2048, None]
        attack = np.minimum(b + np.arange(10), e - 1)
        after = np.minimum(b + 10, e - 1)
        rest = after + np.round((e - 1 - after) * np.linspace(0.0, 1.0, 10)).astype(np.intp)
        levels = frames.bands[np.concatenate([attack, rest], axis=1)].reshape(len(b), -1).astype(np.float32)
        yield levels - levels.mean(axis=1, keepdims=True)


@cache
def _basis() -> tuple[Floats, Floats]:
    """Return the mean (460,) and the components (11, 460)."""
    with np.load(BASIS) as arrays:
        return arrays["mean"], arrays["components"]
