"""Reads the segments of an audio analysis in the form of Spotify's Web API, from a file or an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from etl.values import number
from store.domain import Analysis

_NUMBERS = 12
# The limit of all numbers: the first timbre value is loudness (0 to 60), the others are at most some hundreds.
BOUND = 10_000.0


def analysis_of(segments: Sequence[Any], length: Any) -> Analysis:
    """Return the segments as columns; a segment without a duration ends where the next one begins.

    ``length`` is the track's length in seconds. Raises ValueError for an invalid segment.
    """
    if not all(isinstance(segment, Mapping) for segment in segments):
        raise ValueError("it is not an object")
    start = [_number(segment.get("start")) for segment in segments]
    ends = [*start[1:], _number(length)]
    return Analysis(
        start=tuple(start),
        duration=tuple(
            _number(segment.get("duration", max(0.0, end - begin)))
            for segment, begin, end in zip(segments, start, ends, strict=True)
        ),
        timbre=tuple(_twelve(segment.get("timbre")) for segment in segments),
        pitches=tuple(_twelve(segment.get("pitches")) for segment in segments),
    )


def _number(value: Any) -> float:
    found = number(value, -BOUND, BOUND)
    if found is None:
        raise ValueError(f"{value!r} is not a valid number"[:100])
    return found


def _twelve(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list) or len(values) != _NUMBERS:
        raise ValueError("there are not twelve numbers")
    return tuple(map(_number, values))
