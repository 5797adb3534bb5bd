"""Well-known artists by hand: genres that the open tables leave out, and other names that people type.

The tables that the models learn from have no track of The Beatles, ABBA or Nirvana as a main artist, and nobody types
"Ludwig van" in front of Beethoven. ``well_known.csv`` was written from general knowledge; no service was copied.
Artists whom the tables know well are on it without genres, for their other names ("RHCP").
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from store.text import normalise

_LIST = Path(__file__).with_name("well_known.csv")
# The name of the list where an answer names the source of an artist's genres.
TITLE = "Tastemap's list of well-known artists"


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with _LIST.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def other_names() -> Mapping[str, str]:
    """Return the normalised usual name of an artist by each normalised other name."""
    return {name: normalise(usual) for name, usual in _usual_names().items()}


def usual_name(name: str) -> str | None:
    """Return the usual name of an artist as written on the list, by another name ("Кино"); None for others."""
    return _usual_names().get(normalise(name))


@cache
def _usual_names() -> Mapping[str, str]:
    return {normalise(name): row["artist"] for row in _rows() for name in row["also"].split("|") if normalise(name)}


@cache
def listed() -> Mapping[str, tuple[str, ...]]:
    """Return the genres of each artist who has some on the list by normalised name, the most important first."""
    return {normalise(row["artist"]): tuple(row["genres"].split("|")) for row in _rows() if row["genres"]}


def is_listed(key: str) -> bool:
    """Return whether ``key`` is the normalised name, or another name, of an artist on the list."""
    return key in other_names() or key in listed()


def well_known_genres(artist: str) -> tuple[str, ...]:
    """Return the genres of an artist on the list, the most important first; empty for others."""
    key = normalise(artist)
    return listed().get(other_names().get(key, key), ())
