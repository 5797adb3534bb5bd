"""Reads values in files and answers: text, numbers, ids, years, booleans and times. Invalid values become None."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from etl.identity import SPOTIFY_ID

# Longest name that is kept.
MAX_NAME = 1000
# The first sound recording.
FIRST_YEAR = 1860
_WHOLE = 1 << 62
# JSON may contain whole numbers that are too large for a float.
_LARGEST = 1e300
_YEAR = re.compile(r"(1[89]\d\d|20\d\d)(?:-|$)")
_ADDRESS = r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/)"
_SPOTIFY_TRACK = re.compile(rf"{_ADDRESS}({SPOTIFY_ID.pattern})(?:[?#].*)?")
_ANY_ID = re.compile(rf"{_ADDRESS}?([^\s:/?#]+)(?:[?#].*)?$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# Words for true in the languages of spreadsheets.
_TRUE = frozenset({"true", "1", "1.0", "yes", "wahr", "vrai", "verdadero"})
_FALSE = frozenset({"false", "0", "0.0", "no", "falsch", "faux", "falso"})


def text(value: Any) -> str | None:
    """Return ``value`` as one line of text of at most MAX_NAME characters, ``None`` if it is empty or not a string."""
    if not isinstance(value, str):
        return None
    if len(value) > MAX_NAME or not value.isprintable():
        value = _CONTROL.sub(" ", value[:MAX_NAME])
    return value.strip() or None


def texts(values: Sequence[Any]) -> list[str | None]:
    """Return :func:`text` of each value, three times faster if all are short plain texts."""
    try:
        plain = "".join(values).isprintable() and max(map(len, values), default=0) <= MAX_NAME
    except TypeError:
        plain = False
    return [value.strip() or None for value in values] if plain else [text(value) for value in values]


def whole(value: Any) -> int | None:
    """Return ``value`` if it is a whole number below 2^62, or text that is one; ``None`` for all else."""
    if type(value) is int:
        return value if abs(value) < _WHOLE else None
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value.strip()):
        return int(value)
    return None


def number(value: Any, low: float = -_LARGEST, high: float = _LARGEST) -> float | None:
    """Return ``value`` if it is a finite number from ``low`` to ``high``; ``None`` for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return None
    return float(value)


def boolean(value: Any) -> bool | None:
    """Return ``value`` if it is a boolean."""
    return value if isinstance(value, bool) else None


def year_of(value: Any) -> int | None:
    """Return the year of a date such as ``2001-03-07`` or ``2001``."""
    found = _YEAR.match(value) if isinstance(value, str) else None
    return int(found.group(1)) if found else None


def spotify_id(value: Any) -> str | None:
    """Return the id in a track's URI or address at Spotify."""
    found = _SPOTIFY_TRACK.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1] if found else None


def from_epoch(seconds: int | None) -> datetime | None:
    """Return the time of a Unix time stamp in UTC; ``None`` for None, 0 and times out of range."""
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < 1 << 33 else None


def any_id(cell: str) -> str:
    """Return the id in a cell that holds an id of any kind, a Spotify URI or a link; "" if it holds none."""
    found = _ANY_ID.match(cell.strip())
    return found[1] if found else ""


def bare_spotify_id(cell: str) -> str | None:
    """Return Spotify's track id in a cell that holds it alone, in a URI or in a link; None for all else."""
    found = any_id(cell)
    return found if SPOTIFY_ID.fullmatch(found) else None


def boolean_cell(cell: str) -> bool | None:
    """Return the boolean in a cell, ``None`` if it holds neither yes nor no."""
    word = cell.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def year_within(year: int | None, latest: int) -> int | None:
    """Return ``year`` if it is from 1860 (the first recording) to the year after ``latest``."""
    return year if year is not None and FIRST_YEAR <= year <= latest + 1 else None


def iso_instant(value: Any) -> datetime | None:
    """Return the time of a text in ISO 8601, in UTC; without a time zone it is taken as UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
