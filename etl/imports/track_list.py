"""Any CSV or TSV file with a title and an artist column: Soundiiz, Shazam, Deezer, Apple Music, rekordbox and others.

The columns are found by the names of their headings in many languages
(:data:`etl.imports.sheets.heading_names.LIST_HEADINGS`). A column with the playlist's name starts a playlist
wherever it changes.
"""

from collections.abc import Iterator
from datetime import datetime

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.entries import Begin, Entry
from etl.imports.sheets.track_rows import RowReader


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is text. This reader is the last one, so it reports what a text lacks.

    Raises
    ------
    ImportProblem
        It is text, but not a list of tracks (``not_a_playlist``), or has no rows (``no_rows``).
    """
    return file.sheet is not None and file.sheet.playlist_layout() is not None


def read(file: InspectedFile, source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the playlists with their rows."""
    sheet = file.as_sheet()
    reader = RowReader(sheet, source, moment)
    named = reader.layout.columns.get("playlist")
    begun, name = False, ""
    for line, cells in sheet.rows(watch):
        playlist = cells[named].strip() if named is not None and named < len(cells) else ""
        if not begun or playlist != name:
            begun, name = True, playlist
            yield Begin(name=name or None)
        yield reader.row(line, cells)
