"""Cells and members of files as values: text, numbers, ids, years, yes and no, and times. What is none is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from etl.identity import SPOTIFY_ID, clean_isrc

__all__ = [
    "MAX_NAME",
    "any_id",
    "bare_spotify_id",
    "boolean",
    "clean_isrc",
    "from_epoch",
    "iso_instant",
    "spotify_id",
    "text",
    "texts",
    "whole",
    "year_within",
]

# Longer ones are not names of anything; a file full of them would only fill the store.
MAX_NAME = 1000
# Nothing was recorded before.
FIRST_YEAR = 1860
_WHOLE = 1 << 62
_ADDRESS = r"(?:spotify:track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/)"
_SPOTIFY_TRACK = re.compile(rf"{_ADDRESS}({SPOTIFY_ID.pattern})(?:[?#].*)?")
_ANY_ID = re.compile(rf"{_ADDRESS}?([^\s:/?#]+)(?:[?#].*)?$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# In the languages in which a spreadsheet writes them.
_TRUE = frozenset({"true", "1", "1.0", "yes", "wahr", "vrai", "verdadero"})
_FALSE = frozenset({"false", "0", "0.0", "no", "falsch", "faux", "falso"})


def text(value: Any) -> str | None:
    """Return ``value`` as one line of text, ``None`` for what is no text or empty."""
    if not isinstance(value, str):
        return None
    if len(value) > MAX_NAME or not value.isprintable():
        value = _CONTROL.sub(" ", value[:MAX_NAME])
    return value.strip() or None


def texts(values: Sequence[Any]) -> list[str | None]:
    """Return :func:`text` of each; some three times faster where all are short plain texts."""
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


def spotify_id(value: Any) -> str | None:
    """Return the id in a track's URI or address at Spotify."""
    found = _SPOTIFY_TRACK.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1] if found else None


def from_epoch(seconds: int | None) -> datetime | None:
    """Return the time of a Unix time stamp; ``None`` for none, for 0 and for times before music was counted."""
    return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < 1 << 33 else None


def any_id(cell: str) -> str:
    """Return the id in a cell that holds an id of any kind, a Spotify URI or a link; "" when it holds none."""
    found = _ANY_ID.match(cell.strip())
    return found[1] if found else ""


def bare_spotify_id(cell: str) -> str | None:
    """Return the track's id in a cell that holds it alone, in a URI or in a link; ``None`` for all else."""
    found = any_id(cell)
    return found if SPOTIFY_ID.fullmatch(found) else None


def boolean(cell: str) -> bool | None:
    """Return what a cell says, ``None`` when it says neither yes nor no."""
    word = cell.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def year_within(year: int | None, latest: int) -> int | None:
    """Return ``year`` if music may have come out in it: from 1860 to the one after ``latest``."""
    return year if year is not None and FIRST_YEAR <= year <= latest + 1 else None


def iso_instant(value: Any) -> datetime | None:
    """Return a date or time in ISO 8601 in UTC; one without a time zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
