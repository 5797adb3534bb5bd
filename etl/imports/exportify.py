"""Exportify's playlist files: tracks, and who added them when."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import unquote, unquote_plus

from etl.identity import clean_isrc
from etl.imports.album_details import album_details, cell_number, precise_date, spotify_uris, web_address
from etl.imports.entries import Begin, Entry, Row
from etl.imports.exportify_layout import FEATURE_COLUMNS, Join, Layout
from etl.imports.inspected import InspectedFile
from etl.imports.reading.bytes import Watch
from etl.imports.sheet import Sheet, below_headings
from etl.values import bare_spotify_id, boolean_cell, iso_instant, year_within
from store.domain import FEATURE_BOUNDS, AlbumDetails, AudioFeatures, Track, local_track_id
from store.text import split_artists

FEATURES_LICENCE = "Spotify's audio features, by way of Exportify; Spotify's developer terms apply"
# exportify.net fetches audio features for groups of this many rows.
_FEATURES_PER_GROUP = 100
# How JavaScript and Python write a missing value.
_MISSING = {"", "undefined", "null", "none", "nan"}
# Spotify's date of additions from before it stored dates.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is text. This reader is the last one, so it reports what a text lacks.

    Raises
    ------
    ImportProblem
        It is text, but not a playlist (``not_a_playlist``), or has no rows (``no_rows``).
    """
    return file.sheet is not None and file.sheet.playlist_layout() is not None


def read(file: InspectedFile, source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the one playlist with its rows."""
    yield Begin()
    yield from read_rows(file.as_sheet(), source, moment, watch)


def read_rows(sheet: Sheet, source: str, fetched_at: datetime, watch: Watch | None = None) -> Iterator[Row]:
    """Yield every row of a playlist file in order, with at most a hundred in memory.

    ``source`` names the file in the provenance of tracks and audio features.
    """
    layout = sheet.playlist_layout()
    read = _reader(layout, sheet.delimiter, source, fetched_at)
    rows = below_headings(sheet.file, sheet.delimiter, list(sheet.headings), watch)
    if layout.join is Join.COMMA:
        rows = _without_shifted_features(rows, layout)
    for line, cells in rows:
        yield read(line, cells)


def _reader(layout: Layout, delimiter: str, source: str, fetched_at: datetime) -> Callable[[int, Sequence[str]], Row]:
    # A spreadsheet with another delimiter may write decimal commas; thousands are not grouped.
    decimal_comma = delimiter != ","

    def read(line: int, cells: Sequence[str]) -> Row:
        found = layout.of_row(cells)
        if found is None:
            return Row(line=line, reason="more cells than headings")
        texts = {field: _text(cells[column]) for field, column in found.columns.items() if column < len(cells)}
        reason = _skip_reason(texts)
        if reason:
            return Row(line=line, reason=reason)
        return Row(
            line=line,
            track=_track(texts, layout.join, decimal_comma, source, fetched_at),
            added_by=_person(texts.get("added_by", "")),
            added_at=parse_instant(texts.get("added_at", "")),
        )

    return read


def _person(cell: str) -> str | None:
    """Return a person's id; within a URI it is percent-encoded."""
    _, uri, encoded = cell.rpartition("spotify:user:")
    return (unquote(encoded) if uri else cell) or None


def _text(cell: str) -> str:
    text = cell.strip()
    return "" if text in {"undefined", "null"} else text


def _skip_reason(texts: dict[str, str]) -> str:
    uri = texts.get("uri", "")
    if uri.startswith(("spotify:episode:", "spotify:show:")) or "open.spotify.com/episode/" in uri:
        return "podcast episode"
    if texts.get("title") or uri.startswith("spotify:local:"):
        return ""
    return "no title (the track was withdrawn)" if uri else "neither an id nor a title"


def _track(texts: dict[str, str], join: Join, decimal_comma: bool, source: str, fetched_at: datetime) -> Track:
    title, artists, album = texts.get("title", ""), _artists(texts.get("artists", ""), join), texts.get("album") or None
    duration = _whole(_within("duration_ms", _number(texts.get("duration_ms", ""), decimal_comma)))
    uri = texts.get("uri", "")
    spotify = bare_spotify_id(uri)
    if uri.startswith("spotify:local:"):
        title, artists, album, duration = _local_file(uri, title, artists, album, duration)
    popularity = _number(texts.get("popularity", ""), decimal_comma) if spotify else None
    return Track(
        id=spotify or local_track_id(title, artists, album, duration),
        title=title,
        artists=artists,
        album=album,
        year=parse_year(texts.get("released", ""), fetched_at.year),
        duration_ms=duration,
        isrc=clean_isrc(texts.get("isrc")),
        popularity=popularity if popularity is not None and 0 <= popularity <= 100 else None,
        explicit=boolean_cell(texts.get("explicit", "")),
        artist_genres=_genres(texts.get("genres", "")),
        features=_features(texts, duration, decimal_comma, source, fetched_at) if spotify else None,
        source=source,
        artist_uris=spotify_uris("artist", texts.get("artist_uris", "") or texts.get("artist_ids", "")),
        album_details=_album_details(texts, join, fetched_at.year),
    )


def _album_details(texts: dict[str, str], join: Join, latest_year: int) -> AlbumDetails | None:
    return album_details(
        released=precise_date(texts.get("released"), latest_year),
        record_label=texts.get("record_label"),
        artists=_artists(texts.get("album_artists", ""), join),
        artist_uris=spotify_uris("artist", texts.get("album_artist_uris", "")),
        uri=next(iter(spotify_uris("album", texts.get("album_uri", ""))), None),
        cover_url=web_address(texts.get("cover_url")),
        disc_number=cell_number(texts.get("disc_number", "")),
        track_number=cell_number(texts.get("track_number", "")),
    )


def _local_file(
    uri: str, title: str, artists: tuple[str, ...], album: str | None, duration: int | None
) -> tuple[str, tuple[str, ...], str | None, int | None]:
    """Fill missing values from the URI ``spotify:local:artist:album:title:seconds``."""
    parts = [unquote_plus(part).strip() for part in uri.split(":")[2:]] + [""] * 4
    seconds = int(parts[3]) * 1000 if parts[3].isdecimal() else None
    return (
        title or parts[2] or "Unknown title",
        artists or ((parts[0],) if parts[0] else ()),
        album or parts[1] or None,
        duration or _whole(_within("duration_ms", seconds)),
    )


def _artists(cell: str, join: Join) -> tuple[str, ...]:
    if join is Join.UNKNOWN:
        return split_artists(cell)
    if join is Join.SEMICOLON:
        parts = cell.split(";")
    elif join is Join.COMMA:
        # A comma is part of a name before a space ("Tyler, The Creator") and between digits.
        parts = re.split(r",(?=\S)(?!(?<=\d,)\d)", cell)
    else:
        parts = [part.replace("\\,", ",") for part in re.split(r"(?<!\\),\s", cell)]
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _genres(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in re.split("[,;]", cell) if part.strip().lower() not in _MISSING))


def _features(
    texts: dict[str, str], duration: int | None, decimal_comma: bool, source: str, fetched_at: datetime
) -> AudioFeatures | None:
    numbers = {name: _number(texts.get(name, ""), decimal_comma) for name in FEATURE_COLUMNS}
    values = {name: _within(name, number) for name, number in numbers.items()}
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return None
    if duration is not None:
        known["duration_ms"] = float(duration)
    return AudioFeatures(values=known, source=source, fetched_at=fetched_at, licence=FEATURES_LICENCE)


def _number(text: str, decimal_comma: bool) -> float | None:
    if decimal_comma and "." not in text:
        text = text.replace(",", ".", 1)
    if text.lower() in _MISSING or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _within(name: str, value: float | None) -> float | None:
    low, high = FEATURE_BOUNDS[name]
    return value if value is not None and low <= value <= high else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def parse_year(text: str, latest: int) -> int | None:
    """Return the year of a release date ("1979", "1979-04", "15.02.1979"), None if it is out of range."""
    found = re.match(r"\d{4}(?!\d)", text) or re.search(r"(?<!\d)\d{4}$", text)
    return year_within(int(found[0]) if found else None, latest)


def parse_instant(text: str) -> datetime | None:
    """Return a time in ISO 8601 or in German form (15.02.2024 18:30) in UTC; ``None`` for others and for 1970-01-01."""
    german = re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:,?\s+(\d\d?:\d\d(?::\d\d)?))?", text)
    if german:
        day, month, year, clock = german.groups()
        text = f"{year}-{month:>02}-{day:>02}T{(clock or '00:00'):0>5}"
    instant = iso_instant(text)
    return None if instant == _NEVER else instant


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
