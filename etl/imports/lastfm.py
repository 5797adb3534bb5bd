"""Reads scrobbles as the common exporters of Last.fm write them, and other lists of plays. Last.fm has no export.

The forms are lastfm.ghan.nl (``uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid``), lastfmstats.com
(``Artist;Album;AlbumId;Track;Date#user``, milliseconds), lastfm-to-csv (``artist,album,track,15 Jun 2007 22:30``
without headings) and the open scrobbler's (the same, followed by album artist and seconds); the log of portable players
(Rockbox' ``.scrobbler.log``); answers of Last.fm's API as JSON. A file is a list of plays if a column holds times of
day; lengths (4:48) and dates of addition are not times of plays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from etl.imports.json_list import sheet_of
from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.rows.album_details import mbid_of
from etl.imports.rows.channels import artist_and_title
from etl.imports.rows.entries import Entry, named_track
from etl.imports.rows.history import MIN_PLAYED_MS, TOO_SHORT, History, history_entries
from etl.imports.sheets.convention import is_missing
from etl.imports.sheets.dates import DateOrder, has_clock
from etl.imports.sheets.heading_names import LIST_HEADINGS
from etl.imports.sheets.headings import find_columns, has_audio_features, normal_heading
from etl.imports.sheets.layout import ADDED
from etl.imports.sheets.sheet import Sheet
from etl.values import whole

_NAMES = {field: LIST_HEADINGS[field] for field in ("title", "artists", "album", "uri")}
_NAMES |= {"mbid": ("track mbid", "recording mbid")}
_NAMES |= {"played": ("ms played", "play duration milliseconds", "stream duration ms")}
_TIMES = (
    *("uts", "timestamp", "date", "time", "utc time", "scrobbled at", "played at", "datetime", "date played", "ts"),
    *("event start timestamp", "event end timestamp", "scrobble time", "listened at", "end time", "date time"),
    *("time ms", "time human", "entry date", "play time", "scrobbled", "date uts"),
)
# Apple's "Play History Daily Tracks" has a row for each track and day, with both names in one cell.
_APPLE_DAYS = {"track description", "date played", "play count"}
_OF_APPLE_DAYS = {"title": "track description", "time": "date played", "plays": "play count"}
_WITHOUT_HEADINGS = {"artists": 0, "album": 1, "title": 2, "time": 3}
_WIDTHS_WITHOUT_HEADINGS = range(4, 8)
_LOG, _SKIPPED = "#AUDIOSCROBBLER/", "S"
_IN_LOG = {"artists": 0, "album": 1, "title": 2, "rating": 5, "time": 6, "mbid": 7}
# What lastfm.ghan.nl writes for an unknown time.
_NO_TIME = frozenset({"0", "01 Jan 1970, 00:00"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """The columns of a list of plays; ``below_headings`` is false if the first row is a play already."""

    columns: Mapping[str, int]
    dates: DateOrder
    below_headings: bool = True


def columns_of(sheet: Sheet) -> Columns | None:
    """Return the columns of the fields if ``sheet`` is a list of plays, else None."""
    if _is_play(sheet.headings):
        rows = [sheet.headings, *sheet.sample]
        return Columns(columns=_WITHOUT_HEADINGS, dates=DateOrder.of(_column(rows, 3)), below_headings=False)
    # lastfmstats.com writes the user's name into the last heading.
    headings = [heading.partition("#")[0] for heading in sheet.headings]
    columns = find_columns(headings, _NAMES)
    names = [normal_heading(heading) for heading in headings]
    if set(names) >= _APPLE_DAYS:
        days = {field: names.index(name) for field, name in _OF_APPLE_DAYS.items() if name in names}
        return Columns(columns=days, dates=DateOrder())
    if not {"title", "artists"} <= columns.keys():
        return None
    for at in (names.index(name) for name in _TIMES if name in names):
        cells = [cell for cell in _column(sheet.sample, at) if not is_missing(cell) and cell not in _NO_TIME]
        dates = DateOrder.of(cells)
        if sum(has_clock(cell) and dates.instant(cell) is not None for cell in cells) * 2 > len(cells):
            return Columns(columns=columns | {"time": at}, dates=dates)
    return None


def _is_play(row: Sequence[str]) -> bool:
    return len(row) in _WIDTHS_WITHOUT_HEADINGS and has_clock(row[3]) and DateOrder().instant(row[3]) is not None


def _column(rows: Iterable[Sequence[str]], at: int) -> list[str]:
    return [row[at].strip() for row in rows if at < len(row)]


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is a table of plays."""
    return _are_plays(file.sheet)


def sniff_json(file: InspectedFile) -> bool:
    """Return whether ``file`` is a JSON list of plays: an answer of Last.fm's API, an export of lastfmstats.com."""
    return file.form is Form.JSON and _are_plays(file.once(sheet_of))


def sniff_log(file: InspectedFile) -> bool:
    """Return whether ``file`` is the log of a portable player (``.scrobbler.log``)."""
    return file.text is not None and file.text.head(1 << 10).lstrip("\ufeff").startswith(_LOG)


def _are_plays(sheet: Sheet | None) -> bool:
    if sheet is None or has_audio_features(sheet.headings):
        return False
    if sheet.layout is not None and not sheet.layout.columns.keys().isdisjoint(ADDED):
        return False
    return columns_of(sheet) is not None


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history as one playlist."""
    sheet = file.as_sheet()
    columns = columns_of(sheet)
    assert columns is not None
    rows = sheet.rows(watch) if columns.below_headings else sheet.file.rows(sheet.delimiter, watch)
    heading = sheet.headings[columns.columns["time"]] if columns.below_headings else "time"
    yield from history_entries(lambda history: _listen(history, rows, columns, heading, source))


def read_json(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history in a JSON list as one playlist."""
    file.seen_whole(watch)
    sheet = file.once(sheet_of)
    columns = columns_of(sheet)
    assert columns is not None
    heading = sheet.headings[columns.columns["time"]]
    yield from history_entries(
        lambda history: _listen(history, enumerate(sheet.sample, start=1), columns, heading, source)
    )


def read_log(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history in the log of a player as one playlist; skipped tracks do not count as plays."""
    assert file.text is not None
    rows = enumerate((line.rstrip("\r\n").split("\t") for line in file.text.lines(watch)), start=1)
    plays = ((line, cells) for line, cells in rows if not cells[0].startswith("#") and len(cells) > 1)
    columns = Columns(columns=_IN_LOG, dates=DateOrder())
    yield from history_entries(lambda history: _listen(history, plays, columns, "time", source))


def _listen(
    history: History, rows: Iterable[tuple[int, Sequence[str]]], columns: Columns, heading: str, source: str
) -> None:
    """Count the plays below the headings."""
    for line, cells in rows:
        texts = {field: cells[at].strip() for field, at in columns.columns.items() if at < len(cells)}
        title, artist = texts.get("title", ""), texts.get("artists", "")
        if "artists" not in columns.columns:
            artist, title = artist_and_title(title)
        track = named_track(
            title,
            artist,
            source=source,
            album=texts.get("album"),
            uri=texts.get("uri"),
            ids=mbid_of(texts.get("mbid")),
        )
        if track is None or not track.artists:
            history.skip(line, "no title or no artist")
            continue
        time = texts.get("time", "")
        played_at = columns.dates.instant(time)
        if played_at is None and not is_missing(time) and time not in _NO_TIME:
            history.note_unread(heading)
        plays, played = whole(texts.get("plays", "1")), whole(texts.get("played", ""))
        if plays == 0 or texts.get("rating") == _SKIPPED or (played is not None and played < MIN_PLAYED_MS):
            history.skip(line, TOO_SHORT)
        else:
            history.play(line, track, played_at, plays or 1)
