"""Reads TuneMyMusic's CSV files of one or several playlists, one after the other.

Its headings are ``Track name,Artist name,Album,Playlist name,Type,ISRC`` and, for some services, one of their ids
(``Spotify - id``, ``Apple - id``). In a list of videos, the first cell holds "Artist - Title". Favourite artists and
albums are listed like tracks, with another ``Type``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.channels import artist_and_title, of_channel
from etl.imports.rows.entries import Begin, Entry, Row, named_track
from etl.imports.sheets.heading_names import ID_FIELDS, LIST_HEADINGS
from etl.imports.sheets.headings import find_columns
from etl.imports.sheets.track_rows import ids_of, other_type
from store.text import split_artists

_HEADINGS = {
    "title": ("track name",),
    "artists": ("artist name",),
    "album": ("album",),
    "playlist": ("playlist name",),
    "kind": ("type",),
    "isrc": ("isrc",),
    "uri": ("spotify id",),
} | {field: LIST_HEADINGS[field] for field in ID_FIELDS}
_NEEDED = {"title", "artists", "playlist", "kind"}


def columns_of(headings: Sequence[str]) -> Mapping[str, int] | None:
    """Return the columns of the fields if these are the headings of such a file, else None."""
    columns = find_columns(headings, _HEADINGS)
    return columns if columns.keys() >= _NEEDED else None


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` has the headings of such a file."""
    return file.sheet is not None and columns_of(file.sheet.headings) is not None


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the playlists with their rows."""
    sheet = file.as_sheet()
    rows = sheet.rows(watch)
    yield from playlists(rows, columns_of(sheet.headings) or {}, source)


def playlists(rows: Iterable[tuple[int, list[str]]], columns: Mapping[str, int], source: str) -> Iterator[Entry]:
    """Yield each playlist with its rows."""
    current: str | None = None
    for line, cells in rows:
        texts = {field: cells[column].strip() for field, column in columns.items() if column < len(cells)}
        name = texts.get("playlist", "")
        if name != current:
            current = name
            yield Begin(name=name or None)
        yield _row(line, texts, source)


def _row(line: int, texts: Mapping[str, str], source: str) -> Row:
    reason = other_type(texts.get("kind", ""))
    if reason:
        return Row(line=line, reason=reason)
    title, artist = texts.get("title", ""), texts.get("artists", "")
    artist, title = of_channel(artist, title) if artist else artist_and_title(title)
    track = named_track(
        title,
        split_artists(artist),
        source=source,
        uri=f"spotify:track:{texts.get('uri', '')}",
        album=texts.get("album"),
        isrc=texts.get("isrc"),
        ids=ids_of({field: texts[field] for field in ID_FIELDS if field in texts}),
    )
    return Row(line=line, track=track) if track else Row(line=line, reason="no title")
