"""Reads Exportify's playlist files: tracks, and who added them when."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.entries import Begin, Entry, Row
from etl.imports.sheets.layout import FEATURE_COLUMNS, Join, Layout
from etl.imports.sheets.sheet import Sheet
from etl.imports.sheets.track_rows import RowReader

# exportify.net fetches audio features for groups of this many rows.
_FEATURES_PER_GROUP = 100


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` has the columns of one of Exportify's writers."""
    layout = file.sheet.layout if file.sheet else None
    return layout is not None and layout.of_exportify


def read(file: InspectedFile, source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the one playlist with its rows."""
    yield Begin()
    yield from read_rows(file.as_sheet(), source, moment, watch)


def read_rows(sheet: Sheet, source: str, fetched_at: datetime, watch: Watch | None = None) -> Iterator[Row]:
    """Yield every row of a playlist file in order, with at most a hundred in memory.

    ``source`` names the file in the provenance of tracks and audio features.
    """
    reader = RowReader(sheet, source, fetched_at)
    rows = sheet.rows(watch)
    if reader.layout.join is Join.COMMA:
        rows = _without_shifted_features(rows, reader.layout)
    for line, cells in rows:
        yield reader.row(line, cells)


def _without_shifted_features(rows: Iterable[tuple[int, list[str]]], layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Blank audio features that are in the row of another track.

    Until 2024 exportify.net fetched the features of a hundred tracks at a time and wrote the answers in their order.
    A local file has no id and gets no answer, so the features of all later rows of the group move up by one row. This
    has happened if a row without an id has features; then all features of the group from that row on are blanked.
    """
    columns = [layout.columns[name] for name in FEATURE_COLUMNS if name in layout.columns]
    uri = layout.columns["uri"]
    remaining = iter(rows)
    while group := list(islice(remaining, _FEATURES_PER_GROUP)):
        without_id = [cells for _, cells in group if not cells[uri : uri + 1] or not cells[uri].strip()]
        shifted = any(at < len(cells) and cells[at].strip() for cells in without_id for at in columns)
        suspect = False
        for line, cells in group:
            suspect = suspect or (shifted and any(cells is other for other in without_id))
            if suspect:
                cells = [("" if at in columns else cell) for at, cell in enumerate(cells)]
            yield line, cells
