"""CSV as exportify.net writes it: the same columns, order, quotes, numbers and line ends.

Programs for exportify.net's files can read it (https://github.com/pavelkomarov/exportify). Columns of names are always
quoted, others only if necessary. Numbers are written as in JavaScript. Artists are joined by ";", so a name that
contains one is read as two names. The full CSV (:mod:`etl.exports.full_csv`) also has the values without a column here.

Spreadsheets run cells that begin with =, +, - or @ as formulas. So the file for people (:func:`write_guarded`) puts an
apostrophe before them. It begins with a byte order mark, by which our reader knows that it must remove the apostrophes.
The exact file has neither, because other programs would take the apostrophe for a part of the name.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from etl.exports.rows import ExportRow, Pages, instant, track_uri
from store.domain import AUDIO_FEATURES, Playlist, release_date

# In the order of exportify.net, which is that of AUDIO_FEATURES; the duration has its own column.
FEATURES = tuple(name for name in AUDIO_FEATURES if name != "duration_ms")
HEADINGS = (
    *("Track URI", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)", "Popularity"),
    *("Explicit", "Added By", "Added At", "Genres", "Record Label"),
    *(name.replace("_", " ").title() for name in FEATURES),
)
BYTE_ORDER_MARK = "\ufeff"
# Cells that begin a formula, or that have an apostrophe before one already.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e-?\d+)?")
_QUOTED = frozenset({"Track Name", "Album Name", "Artist Name(s)", "Genres", "Record Label"})
# JavaScript writes smaller numbers with an exponent.
_LEAST_PLAIN = 1e-6


def write_exportify(_playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the exact file: UTF-8 without a byte order mark."""
    return _write(pages, "", lambda text: text)


def write_guarded(_playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file for spreadsheets, which run none of its cells: UTF-8 with a byte order mark."""
    return _write(pages, BYTE_ORDER_MARK, guarded)


def _write(pages: Pages, mark: str, guard: Callable[[str], str]) -> Iterator[bytes]:
    yield f"{mark}{','.join(HEADINGS)}\n".encode()
    for page in pages:
        rows = (map(guard, exportify_cells(row)) for row in page)
        yield "".join(f"{','.join(map(_cell, HEADINGS, cells))}\n" for cells in rows).encode()


def guarded(text: str) -> str:
    """Return ``text`` as a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return the text that :func:`guarded` turned into ``text``."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _cell(heading: str, text: str) -> str:
    return quoted(text) if heading in _QUOTED or not {*text}.isdisjoint(',"\r\n') else text


def quoted(text: str) -> str:
    """Return ``text`` as a quoted cell."""
    return '"' + text.replace('"', '""') + '"'


def exportify_cells(row: ExportRow) -> list[str]:
    """Return the unquoted cells of the columns :data:`HEADINGS`."""
    track, values = row.track, row.track.feature_values
    duration = track.duration_ms if track.duration_ms is not None else values.get("duration_ms")
    return [
        track_uri(track),
        track.title,
        track.album or "",
        ";".join(track.artists),
        release_date(track) or "",
        number_text(duration),
        number_text(track.popularity),
        boolean_text(track.explicit),
        row.item.added_by or "",
        instant(row.item.added_at) or "",
        ",".join(track.artist_genres),
        (track.album_details and track.album_details.record_label) or "",
        *(number_text(values.get(name)) for name in FEATURES),
    ]


def boolean_text(value: bool | None) -> str:
    """Return "true" or "false", or "" if the value is unknown."""
    return "" if value is None else str(value).lower()


def number_text(value: float | None) -> str:
    """Return a number as JavaScript writes it (230333, 0.00000877, 8.77e-7), or "" if it is unknown."""
    if value is None:
        return ""
    if value == int(value):
        return str(int(value))
    if abs(value) < _LEAST_PLAIN:
        return repr(value).replace("e-0", "e-")
    return format(Decimal(repr(value)), "f")
