"""Finds the columns of playlist files: Exportify's, and any others with a title and an artist.

There are three versions of Exportify: exportify.net today ("Track URI", artists joined by ";"), the same until 2024
("Track ID" or "Spotify ID", artists joined by "," without a space), and the classic one with headings in the user's
language, artists joined by ", " and commas inside names escaped as "\\,". The columns of the classic version are found
by their order and contents. A row of it without data for an optional block lacks the block, which shifts the cells
after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from etl.imports.rows.channels import artist_and_title
from etl.imports.sheets.heading_names import LIST_HEADINGS, LIST_NAMES
from etl.imports.sheets.headings import find_columns, normal_heading
from store.domain import AUDIO_FEATURES
from store.runs import ImportProblem

FEATURE_COLUMNS = tuple(name for name in AUDIO_FEATURES if name != "duration_ms")
# The headings of the ids in the files of Exportify's versions.
_URI_HEADINGS = frozenset(
    ("track uri", "track id", "spotify uri", "spotify id", "spotify track id", "spotify track uri")
)
# The base columns of the classic file, counted from the track's URI.
_CLASSIC = {"uri": 0, "title": 1, "artists": 3, "album": 5, "released": 8, "length": 12}
_CLASSIC |= {"explicit": 14, "popularity": 15, "isrc": 16}
_CLASSIC |= {"artist_uris": 2, "album_uri": 4, "album_artist_uris": 6, "album_artists": 7}
_CLASSIC |= {"cover_url": 9, "disc_number": 10, "track_number": 11}
_CLASSIC_BASE = 17
_A_DATE = re.compile(r"(?:18|19|20)\d\d(?:-\d\d){0,2}")
# The unit at the end of the heading of a length: "Dauer (s)", "Duração min", "Length mm ss".
_UNIT = re.compile(r" (?:m?s|secs?|seg|sek|seconds|min|minutes|(?:hh? )?mm? ss)$")
# In a list without artists, at least this share of the titles is "Artist - Title".
_SHARE = 0.8
# The fields that only playlists have.
ADDED = frozenset({"added_at", "added_by"})
_GENRES, _FEATURES, _ALBUM = 1, len(FEATURE_COLUMNS), 3
_URI = re.compile(r"spotify:(?:track|local|episode|show):.+")
_PLAYABLE_URI = re.compile(r"spotify:(?:track|local):.+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


class Join(Enum):
    """How a file joins the names of several artists in one cell; UNKNOWN: by ";" or ", ", cell by cell."""

    SEMICOLON = ";"
    COMMA = ","
    ESCAPED = ", "
    UNKNOWN = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """``columns`` maps fields to columns of a full row of ``width`` cells; ``blocks`` are (first column, length).

    ``of_exportify`` is false for a list of another program.
    """

    columns: Mapping[str, int]
    width: int
    join: Join
    blocks: tuple[tuple[int, int], ...] = ()
    of_exportify: bool = True

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
    """Count the known headings, to choose the delimiter and the row of the headings of a file."""
    return sum(normal_heading(heading) in LIST_NAMES for heading in headings)


def find_layout(headings: Sequence[str], sample: Sequence[Sequence[str]]) -> Layout | None:
    """Return the layout by the headings, or by the order and contents of the columns of ``sample``.

    Exportify's layouts are tried first; any other file needs a column of titles and one of artists.
    """
    names = [normal_heading(heading) for heading in headings]
    # If several columns have a heading of a field, one with values is taken.
    filled = [
        heading if any(at < len(row) and row[at].strip() for row in sample) else ""
        for at, heading in enumerate(headings)
    ]
    columns = find_columns(headings, LIST_HEADINGS) | find_columns(filled, LIST_HEADINGS)
    _read_by_contents(columns, names, sample)
    if "artists" not in columns and "album_artists" in columns:
        columns["artists"] = columns["album_artists"]
    named = {"title", "artists"} <= columns.keys()
    exportify = named and not columns.keys().isdisjoint(ADDED) and names[columns["title"]] == "track name"
    exportify = exportify and names[columns.get("uri", 0)] in _URI_HEADINGS
    by_order = None if exportify else _by_order(len(headings), sample)
    if by_order or not (named or _titles_name_artists(columns, sample)):
        return by_order
    return Layout(
        columns=columns,
        width=len(headings),
        join=_join(columns, names, sample, exportify),
        blocks=_named_blocks(columns, names),
        of_exportify=exportify,
    )


def _read_by_contents(columns: dict[str, int], names: Sequence[str], sample: Sequence[Sequence[str]]) -> None:
    """Correct ``columns`` by the contents if a heading is ambiguous: "Release" may be a date or an album."""
    at = columns.get("album")
    if at is not None and names[at] == "release" and "released" not in columns:
        cells = [row[at].strip() for row in sample if at < len(row) and row[at].strip()]
        if cells and all(map(_A_DATE.fullmatch, cells)):
            columns["released"] = columns.pop("album")
    if "length" not in columns:
        bases = [_UNIT.sub("", name) for name in names]
        found = next((at for at, base in enumerate(bases) if base in LIST_HEADINGS["length"]), None)
        if found is not None:
            columns["length"] = found


def _titles_name_artists(columns: Mapping[str, int], sample: Sequence[Sequence[str]]) -> bool:
    """Return whether nearly all titles of a list without artists are "Artist - Title"."""
    at = columns.get("title")
    cells = [row[at] for row in sample if at is not None and at < len(row) and row[at].strip()]
    return len(cells) > 0 and sum(bool(artist_and_title(cell)[0]) for cell in cells) >= _SHARE * len(cells)


def corrected(
    layout: Layout | None,
    headings: Sequence[str],
    sample: Sequence[Sequence[str]],
    chosen: Mapping[str, int | str],
) -> Layout | None:
    """Return ``layout`` with the columns that a person has chosen.

    They are given as in :class:`etl.imports.reading.read_options.ReadOptions`. Then a column of titles is enough,
    because its cells may be "Artist - Title".

    Raises ImportProblem if there is no such column (``no_such_column``).
    """
    columns = dict(layout.columns if layout else find_columns(headings, LIST_HEADINGS))
    for field, column in chosen.items():
        columns.pop(field, None)
        if column != 0:
            columns[field] = _column(headings, column)
    if "title" not in columns:
        return None
    if layout is not None:
        return replace(layout, columns=columns)
    names = [normal_heading(heading) for heading in headings]
    join = _join(columns, names, sample, False) if "artists" in columns else Join.UNKNOWN
    return Layout(columns=columns, width=len(headings), join=join, of_exportify=False)


def _column(headings: Sequence[str], chosen: int | str) -> int:
    """Return the index of the column with a number from 1, or a heading."""
    if isinstance(chosen, int):
        if 0 < chosen <= len(headings):
            return chosen - 1
    else:
        names = [normal_heading(heading) for heading in headings]
        if normal_heading(chosen) in names:
            return names.index(normal_heading(chosen))
    shown = ", ".join(heading.strip() for heading in headings)
    raise ImportProblem("no_such_column", f"The file has no column {chosen}.", f"Its columns are: {shown:.300}.")


def _join(columns: Mapping[str, int], names: Sequence[str], sample: Sequence[Sequence[str]], exportify: bool) -> Join:
    of_net = exportify and names[columns["artists"]] == "artist name s"
    if of_net and not names[columns["uri"]].endswith("uri"):
        return Join.COMMA
    if "artist_uris" in columns:
        return Join.ESCAPED
    if of_net:
        return Join.SEMICOLON
    at = columns.get("artists", len(names))
    cells = [row[at] for row in sample if at < len(row)]
    semicolons, commas = (sum(mark in cell for cell in cells) for mark in (";", ", "))
    return Join.SEMICOLON if semicolons > commas else Join.UNKNOWN


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
    uri = _uri_column(width, sample)
    playable = [row for row in sample if uri is not None and uri < len(row) and _PLAYABLE_URI.match(row[uri])]
    longest = min(width, max(map(len, playable), default=width))
    full = [row[:longest] for row in playable if len(row) >= longest]
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


def _uri_column(width: int, sample: Sequence[Sequence[str]]) -> int | None:
    """Return the first column that holds the URI of a track or an episode in most rows."""
    for column in range(width):
        cells = [row[column] for row in sample if column < len(row) and row[column].strip()]
        if sum(bool(_URI.match(cell)) for cell in cells) * 2 > len(cells):
            return column
    return None


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
