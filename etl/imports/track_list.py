"""Reads any CSV or TSV file with a title and an artist column: Soundiiz, Shazam, Deezer, Apple Music and others.

The columns are found by the names of their headings in many languages
(:data:`etl.imports.sheets.heading_names.LIST_HEADINGS`). A column with the playlist's name starts a playlist
wherever it changes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.entries import Begin, Entry
from etl.imports.sheets.headings import normal_heading
from etl.imports.sheets.sheet import Sheet
from etl.imports.sheets.track_rows import RowReader
from store.runs import ImportProblem

# A collection of Discogs lists releases, with a title and an artist each.
_OF_DISCOGS = {"catalog", "format", "release id"}
# A list with interleaved playlists is read once for each playlist, up to this many.
_MAX_TURNS = 100


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is text. This reader is the last one, so it raises an error for any other text.

    Raises ImportProblem if it is text, but not a list of tracks (``not_a_playlist``), or has no rows (``no_rows``).
    """
    if file.sheet is None:
        return False
    if {normal_heading(heading) for heading in file.sheet.headings} >= _OF_DISCOGS:
        raise ImportProblem(
            "not_a_playlist",
            f"{file.name} is a collection of Discogs: it lists releases, not tracks.",
            "Import a playlist of their tracks, for example as CSV with a title and an artist column.",
        )
    return file.sheet.playlist_layout() is not None


def read(file: InspectedFile, source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the playlists with their rows."""
    sheet = file.as_sheet()
    reader = RowReader(sheet, source, moment)
    at = reader.layout.columns.get("playlist")
    if at is None:
        yield Begin()
        yield from (reader.row(line, cells) for line, cells in sheet.rows(watch))
        return
    for name in _turns(sheet, at):
        begun: str | None = None
        for line, cells in sheet.rows(watch):
            playlist = _cell(cells, at)
            if name not in {None, playlist}:
                continue
            if playlist != begun:
                begun = playlist
                yield Begin(name=playlist or None)
            yield reader.row(line, cells)


def _turns(sheet: Sheet, at: int) -> list[str] | list[None]:
    """Return the playlists for which the file is read one after another; [None] reads all at once, if none is split."""
    runs = [name for name, _ in groupby(_cell(cells, at) for _, cells in sheet.rows())]
    names = list(dict.fromkeys(runs))
    return names if len(names) < len(runs) and len(names) <= _MAX_TURNS else [None]


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""
