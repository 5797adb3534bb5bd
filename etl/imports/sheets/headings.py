"""Headings of CSV files: their normal form, their delimiter, and the columns of fields.

The known headings are those of public tables: the tidytuesday Spotify songs (``track_artist``,
``track_album_name``, ``playlist_genre``), Kaggle's 114k tracks (``artists`` joined by ``;``, ``track_genre``)
and 600k tracks (``artists`` as a Python list), and this project's own.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from store.domain import AUDIO_FEATURES
from store.text import normalise

Headings = Mapping[str, tuple[str, ...]]
DELIMITERS = ",;\t|"
# The headings of each field in a table of tracks, in their normal form, the most specific first.
TABLE_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("track id", "spotify id", "spotify track id", "track uri", "spotify uri", "spotify track uri", "uri", "id"),
    "title": ("track name", "song name", "track title", "title", "name", "track", "song"),
    "artists": ("artists", "artist names", "track artist", "artist name", "artist name s", "artist s name", "artist"),
    "album": ("album name", "track album name", "album"),
    "released": ("release date", "track album release date", "album release date", "release year", "year"),
    "popularity": ("popularity", "track popularity"),
    "explicit": ("explicit",),
    "isrc": ("isrc",),
    "labels": ("genres114", "track genre", "track genres", "genre"),
    "playlist_genres": ("playlist genres", "playlist genre"),
    "playlist_subgenres": ("playlist subgenres", "playlist subgenre"),
    "artist_genres": ("artist genres", "artist genre"),
    "sources": ("sources", "source"),
    "duration_ms": ("duration ms", "track duration ms", "duration"),
} | {name: (name.replace("_", " "),) for name in AUDIO_FEATURES if name != "duration_ms"}
_INSIDE_WORD = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
# How many rows are searched for the headings: a title or a blank line may precede them.
_ROWS_WITH_HEADINGS = 10
_LONGEST_HEADING = 200
# A line with more columns is not a table, such as a megabyte of commas.
_MOST_COLUMNS = 1000
# Only playlist exports have these.
_PLAYLIST_ONLY = {"added at", "added by"}
_FACTS = {*AUDIO_FEATURES, "popularity", "labels", "playlist_genres", "artist_genres"}
# Only tables with one of these have audio features; lists of disc jockeys' programs have tempo, key and loudness, too.
_ONLY_FEATURES = {"danceability", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"}


def normal_heading(heading: str) -> str:
    """Return ``heading`` in lower case with single spaces between its words.

    "Artist Name(s)" -> "artist name s", "artistName" -> "artist name".
    """
    # Longer cells are not headings, and normalising all cells of a damaged file would take minutes.
    return normalise(_INSIDE_WORD.sub(" ", heading[:_LONGEST_HEADING]))


def find_columns(headings: Sequence[str], known: Headings) -> dict[str, int]:
    """Return the index of the column of each field of ``known`` that the file has.

    The headings of a field are tried in the order of ``known``; of equal headings, the first column counts.
    """
    index: dict[str, int] = {}
    for at, heading in enumerate(headings):
        index.setdefault(normal_heading(heading), at)
    found = {field: next((index[name] for name in names if name in index), None) for field, names in known.items()}
    return {field: at for field, at in found.items() if at is not None}


def table_columns(headings: Sequence[str]) -> dict[str, int]:
    """Return the index of the column of each value of :data:`TABLE_HEADINGS` that the table has."""
    return find_columns(headings, TABLE_HEADINGS)


def looks_like_table(headings: Sequence[str]) -> bool:
    """Return whether these are the headings of a track table: names and facts of tracks."""
    columns = table_columns(headings)
    is_playlist = bool(_PLAYLIST_ONLY & {normal_heading(heading) for heading in headings})
    named = "title" in columns and not columns.keys().isdisjoint({"id", "artists"})
    return named and not is_playlist and not columns.keys().isdisjoint(_FACTS)


def has_audio_features(headings: Sequence[str]) -> bool:
    """Return whether a track table has columns of audio features."""
    columns = table_columns(headings).keys()
    return looks_like_table(headings) and (not columns.isdisjoint(_ONLY_FEATURES) or {"id", "energy"} <= columns)


def sniff_delimiter(head: str, worth: Callable[[list[str]], int]) -> tuple[str, list[str]]:
    """Return the delimiter that gives the headings the highest ``worth`` (then: most cells), and the headings.

    The headings are the first row, unless it is worth at most 1 and one of the next rows, below a title, is worth more.
    """
    # Excel may write its delimiter into a first line such as "sep=;", before the headings.
    lines = [line for line in head.splitlines() if line.strip() and not line.lower().startswith("sep=")]
    candidates = [
        (mark, row[:_MOST_COLUMNS], -at)
        for mark in DELIMITERS
        for at, row in enumerate(islice(csv.reader(lines, delimiter=mark), _ROWS_WITH_HEADINGS))
        if at == 0 or worth(row) > 1
    ]
    if not candidates:
        return DELIMITERS[0], []
    first = max(candidates, key=lambda found: (found[2] == 0, worth(found[1]), len(found[1])))
    best = max(candidates, key=lambda found: (worth(found[1]), found[2], len(found[1])))
    mark, row, _ = best if worth(first[1]) < min(2, worth(best[1])) else first
    return mark, row
