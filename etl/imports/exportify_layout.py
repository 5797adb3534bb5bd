"""The columns of Exportify's files.

There are three writers: exportify.net today ("Track URI", artists joined by ";"), the same until 2024
("Track ID" or "Spotify ID", artists joined by "," without a space) and the classic one with its headings in the
user's language, artists joined by ", " with commas inside names escaped as "\\,". The classic one's columns are
found by their order and contents. A row that has no data for an optional block leaves the block out, which shifts
the cells behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from etl.imports.reading.headings import find_columns, normal_heading
from store.domain import AUDIO_FEATURES

FEATURE_COLUMNS = tuple(name for name in AUDIO_FEATURES if name != "duration_ms")
_HEADINGS = {
    "uri": ("track uri", "track id", "spotify uri", "spotify id", "spotify track id", "spotify track uri"),
    "title": ("track name", "track title", "title", "name"),
    "artists": ("artist name s", "artist names", "artist name", "artist", "artists"),
    "artist_uris": ("artist uri s", "artist uris", "artist uri"),
    "album": ("album name", "album"),
    "released": ("release date", "album release date"),
    "duration_ms": ("duration ms", "track duration ms"),
    "popularity": ("popularity",),
    "explicit": ("explicit",),
    "isrc": ("isrc",),
    "added_by": ("added by",),
    "added_at": ("added at",),
    "genres": ("genres", "artist genres", "artist genre"),
    "artist_ids": ("artist ids",),
    "album_uri": ("album uri",),
    "album_artists": ("album artist name s", "album artist names", "album artist", "album artists"),
    "album_artist_uris": ("album artist uri s", "album artist uris"),
    "cover_url": ("album image url",),
    "disc_number": ("disc number",),
    "track_number": ("track number",),
    "record_label": ("record label", "label"),
    **{name: (name.replace("_", " "),) for name in FEATURE_COLUMNS},
}
_KNOWN = frozenset(heading for headings in _HEADINGS.values() for heading in headings)
# The base columns of the classic file, counted from the track's URI.
_CLASSIC = {"uri": 0, "title": 1, "artists": 3, "album": 5, "released": 8, "duration_ms": 12}
_CLASSIC |= {"explicit": 14, "popularity": 15, "isrc": 16}
_CLASSIC |= {"artist_uris": 2, "album_uri": 4, "album_artist_uris": 6, "album_artists": 7}
_CLASSIC |= {"cover_url": 9, "disc_number": 10, "track_number": 11}
_CLASSIC_BASE = 17
_GENRES, _FEATURES, _ALBUM = 1, len(FEATURE_COLUMNS), 3
_PLAYABLE_URI = re.compile(r"spotify:(?:track|local|episode):.+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


class Join(Enum):
    """How a file joins the names of several artists in one cell."""

    SEMICOLON = ";"
    COMMA = ","
    ESCAPED = ", "
    UNKNOWN = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """``columns`` maps fields to columns of a full row of ``width`` cells; ``blocks`` are (first column, length)."""

    columns: Mapping[str, int]
    width: int
    join: Join
    blocks: tuple[tuple[int, int], ...] = ()
    certain: bool = True

    def of_row(self, cells: Sequence[str]) -> Layout | None:
        """Return the layout of the row ``cells``, which may lack optional blocks; ``None`` if it is too long."""
        lacking = self.width - len(cells)
        if lacking < 0:
            return None if any(cell.strip() for cell in cells[self.width :]) else self
        if lacking == 0:
            return self
        for left_out in _subsets(self.blocks):
            if sum(length for _, length in left_out) == lacking:
                shifted = self._without(left_out)
                if shifted._plausible(cells):
                    return shifted
        return self

    def _without(self, left_out: tuple[tuple[int, int], ...]) -> Layout:
        def moved(column: int) -> int | None:
            if any(first <= column < first + length for first, length in left_out):
                return None
            return column - sum(length for first, length in left_out if first < column)

        columns = {field: moved(column) for field, column in self.columns.items()}
        return replace(self, columns={field: column for field, column in columns.items() if column is not None})

    def _plausible(self, cells: Sequence[str]) -> bool:
        columns = (self.columns[name] for name in FEATURE_COLUMNS if name in self.columns)
        found = (cells[column].strip() for column in columns if column < len(cells))
        return all(not cell or _NUMBER.fullmatch(cell) for cell in found)


def _subsets(blocks: tuple[tuple[int, int], ...]) -> list[tuple[tuple[int, int], ...]]:
    subsets: list[tuple[tuple[int, int], ...]] = [()]
    for block in blocks:
        subsets += [(*subset, block) for subset in subsets]
    return subsets[1:]


def known_headings(headings: Sequence[str]) -> int:
    """Count the known headings, to choose the delimiter of a file."""
    return sum(normal_heading(heading) in _KNOWN for heading in headings)


def find_layout(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> Layout | None:
    """Return the layout by the headings, else by the order and contents of the columns of ``sample``.

    ``certain`` is false for a file with id, title and artist, but without a column that only playlists have.
    """
    return _by_name(headings) or _by_order(len(headings), sample)


def _by_name(headings: Sequence[str]) -> Layout | None:
    names = [normal_heading(heading) for heading in headings]
    columns = find_columns(headings, _HEADINGS)
    if not {"uri", "title", "artists"} <= columns.keys():
        return None
    playlist = "added_at" in columns or "added_by" in columns
    join = Join.UNKNOWN
    if "artist_uris" in columns:
        join = Join.ESCAPED
    elif playlist:
        join = Join.SEMICOLON if names[columns["uri"]].endswith("uri") else Join.COMMA
    return Layout(
        columns=columns, width=len(headings), join=join, blocks=_named_blocks(columns, names), certain=playlist
    )


def _named_blocks(columns: Mapping[str, int], names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    blocks = []
    if "genres" in columns and names[columns["genres"]].startswith("artist"):
        blocks.append((columns["genres"], _GENRES))
    first = columns.get(FEATURE_COLUMNS[0])
    if first is not None and [columns.get(name, -1) for name in FEATURE_COLUMNS] == list(
        range(first, first + _FEATURES)
    ):
        blocks.append((first, _FEATURES))
    if "album genres" in names:
        blocks.append((names.index("album genres"), _ALBUM))
    return tuple(blocks)


def _by_order(width: int, sample: Sequence[Sequence[str]]) -> Layout | None:
    longest = min(width, max(map(len, sample), default=0))
    full = [row[:longest] for row in sample if len(row) >= longest]
    uri = next((column for column in range(longest) if _all_match(_PLAYABLE_URI, full, column)), None)
    if uri is None or longest < uri + _CLASSIC_BASE:
        return None
    kinds = ((uri + 2, "spotify:artist:"), (uri + 4, "spotify:album:"))
    if not all(row[column].startswith(prefix) or not row[column] for row in full for column, prefix in kinds):
        return None
    columns = {field: uri + column for field, column in _CLASSIC.items()}
    added_at = next((at for at in range(uri + _CLASSIC_BASE, longest) if _all_match(_INSTANT, full, at)), None)
    if added_at is None:
        return Layout(columns=columns, width=width, join=Join.ESCAPED)
    columns |= {"added_by": added_at - 1, "added_at": added_at}
    blocks, column = [], added_at + 1
    for length in _lengths_of_blocks(width - column):
        blocks.append((column, length))
        if length == _GENRES:
            columns["genres"] = column
        elif length == _FEATURES:
            columns |= {name: column + at for at, name in enumerate(FEATURE_COLUMNS)}
        elif length == _ALBUM:
            columns["record_label"] = column + 1
        column += length
    return Layout(columns=columns, width=width, join=Join.ESCAPED, blocks=tuple(blocks))


def _lengths_of_blocks(total: int) -> list[int]:
    """Return the lengths of the optional blocks that make up ``total`` columns; every sum is different."""
    for genres in (0, _GENRES):
        for features in (0, _FEATURES):
            for album in (0, _ALBUM):
                if genres + features + album == total:
                    return [length for length in (genres, features, album) if length]
    return []


def _all_match(pattern: re.Pattern[str], rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column] for row in rows if row[column].strip()]
    return bool(cells) and all(pattern.match(cell) for cell in cells)
