"""Scrobbles in the forms of the common exporters of Last.fm, which has no export itself.

The forms are lastfm.ghan.nl (``uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid``), lastfmstats.com
(``Artist;Album;AlbumId;Track;Date#user``, milliseconds) and lastfm-to-csv (``artist,album,track,15 Jun 2007 22:30``
without headings).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from etl.imports.entries import Entry, named_track
from etl.imports.history import History, history_entries
from etl.imports.inspected import InspectedFile
from etl.imports.reading.bytes import Watch
from etl.imports.reading.headings import find_columns, looks_like_table
from etl.imports.sheet import below_headings
from etl.values import from_epoch, iso_instant, whole

_HEADINGS = {
    "title": ("track", "track name", "title", "song", "name"),
    "artist": ("artist", "artist name"),
    "album": ("album", "album name", "release"),
    "time": ("uts", "timestamp", "date", "time", "utc time", "scrobbled at", "played at", "datetime"),
}
_WITHOUT_HEADINGS = {"artist": 0, "album": 1, "title": 2, "time": 3}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_MONTH_YEAR = re.compile(r"(\d\d?) ([A-Za-z]{3})[a-z]* (\d{4}),? (\d\d?):(\d\d)(?::\d\d)?")


def columns_of(headings: Sequence[str]) -> Mapping[str, int] | None:
    """Return the columns of the fields if ``headings`` is the first row of a file of scrobbles, else None."""
    if not has_headings(headings):
        return _WITHOUT_HEADINGS
    # lastfmstats.com writes the user's name into the last heading.
    columns = find_columns([heading.partition("#")[0] for heading in headings], _HEADINGS)
    return columns if {"title", "artist", "time"} <= columns.keys() else None


def has_headings(first_row: Sequence[str]) -> bool:
    """Return whether the first row holds headings; that of lastfm-to-csv is a scrobble already."""
    return not (len(first_row) == 4 and _DAY_MONTH_YEAR.fullmatch(first_row[3].strip()))


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` holds scrobbles; playlists and tables of tracks have other columns."""
    sheet = file.sheet
    if sheet is None or sheet.layout is not None or looks_like_table(sheet.headings):
        return False
    return bool(columns_of(sheet.headings))


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history as one playlist."""
    sheet = file.as_sheet()
    below = below_headings(sheet.file, sheet.delimiter, list(sheet.headings), watch)
    rows = below if has_headings(sheet.headings) else sheet.file.rows(sheet.delimiter, watch)
    columns = columns_of(sheet.headings) or {}
    yield from history_entries(lambda history: listen(history, rows, columns, source))


def listen(history: History, rows: Iterable[tuple[int, list[str]]], columns: Mapping[str, int], source: str) -> None:
    """Count the scrobbles below the headings."""
    for line, cells in rows:
        texts = {field: cells[column] for field, column in columns.items() if column < len(cells)}
        track = named_track(texts.get("title"), texts.get("artist"), source=source, album=texts.get("album"))
        if track is None or not track.artists:
            history.skip(line, "no title or no artist")
        else:
            history.play(line, track, instant(texts.get("time", "")))


def instant(text: str) -> datetime | None:
    """Return the time of a scrobble: Unix seconds or milliseconds, "15 Jun 2007 22:30", or ISO 8601; all UTC."""
    text = text.strip()
    number = whole(text)
    if number is not None:
        return from_epoch(number // 1000 if number > 1 << 33 else number)
    written = _DAY_MONTH_YEAR.fullmatch(text)
    try:
        if written:
            day, month, year, hour, minute = written.groups()
            number_of_month = _MONTHS.index(month.lower()) + 1  # ValueError if it is not a month
            moment = datetime(int(year), number_of_month, int(day), int(hour), int(minute), tzinfo=UTC)
            return from_epoch(int(moment.timestamp()))
    except (ValueError, OverflowError):
        return None
    return iso_instant(text)
