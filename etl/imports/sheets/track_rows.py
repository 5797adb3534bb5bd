"""Reads the rows of a list of tracks, of Exportify or any other program."""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import TypeVar
from urllib.parse import unquote, unquote_plus

from etl.identity import clean_isrc
from etl.imports.rows.album_details import album_details, cell_number, precise_date, spotify_uris, web_address
from etl.imports.rows.channels import artist_and_title, of_channel
from etl.imports.rows.entries import Row
from etl.imports.sheets.convention import ERRORS, Convention, is_missing, within
from etl.imports.sheets.heading_names import FURTHER_ARTISTS, ID_FIELDS
from etl.imports.sheets.layout import FEATURE_COLUMNS, Join, Layout
from etl.imports.sheets.sheet import Sheet
from etl.links import TRACK, link_in, link_of
from etl.values import bare_spotify_id, boolean_cell
from store.domain import MAX_PLAYS, AlbumDetails, AudioFeatures, Track, local_track_id
from store.text import split_artists

T = TypeVar("T")
FEATURES_LICENCE = "Spotify's audio features, by way of Exportify; Spotify's developer terms apply"
# What JavaScript writes for a missing name; a song may have such a name, too.
_NO_NAME = {"", "undefined", "null"}
# Spotify's values for unknown.
_UNKNOWN = {"key": {"-1"}, "tempo": {"0", "0.0"}, "time_signature": {"0"}, "length": {"0"}, "released": {"0000"}}
_UNKNOWN_DATES = ("1970-01-01", "0001-01-01")
# Google's and other web services' files hold "Don&#39;t" and "Q&amp;A".
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,6}|amp|quot|apos|lt|gt|nbsp);")
_LINE_BREAK = re.compile(r"[\r\n\t]+")
_NAMES = ("title", "artists", "album", "album_artists", "playlist")
# The line below the headings of a table in Markdown.
_RULE = re.compile(r"[-:=\s]*")
MAX_POPULARITY = 100
# Other things than tracks that services list, by the first letters of the type.
_OTHER_TYPES = {
    "artist": "an artist, not a track",
    "album": "an album, not a track",
    "episode": "podcast episode",
    "podcast": "podcast episode",
    "show": "podcast episode",
    "audiobook": "audiobook",
}


def other_type(cell: str) -> str:
    """Return why an item of the type in ``cell`` ("Artist", "Favorite albums") is not a track, "" if it is one."""
    words = re.findall(r"[a-z]+", cell.lower())
    return next((why for name, why in _OTHER_TYPES.items() if words and words[-1].startswith(name)), "")


class RowReader:
    """Reads the rows of ``sheet``, which has a layout; ``source`` names the file in the provenance of tracks."""

    def __init__(self, sheet: Sheet, source: str, fetched_at: datetime) -> None:
        self.layout: Layout = sheet.playlist_layout()
        self.convention = sheet.convention
        self.headings = sheet.understood()
        self.source, self.fetched_at = source, fetched_at

    def row(self, line: int, cells: Sequence[str]) -> Row:
        """Return the row with these cells."""
        layout = self.layout.of_row(cells)
        if layout is None:
            return Row(line=line, reason="more cells than headings")
        texts = {field: cells[at].strip() for field, at in layout.columns.items() if at < len(cells)}
        if not layout.of_exportify:
            texts |= {field: _one_line(texts[field]) for field in _NAMES if field in texts}
        _blank_missing_names(texts)
        if all(_RULE.fullmatch(cell.strip()) for cell in cells):
            return Row(line=line, reason="a line without words")
        reason = other_type(texts.get("kind", "")) or _skip_reason(texts)
        if texts.get("preference", "").lower().startswith("dislike"):
            reason = "disliked"
        if reason:
            return Row(line=line, reason=reason)
        reading = _Reading(texts, self.convention, self.headings)
        track = self._track(reading)
        added_at = reading.value("added_at", self.convention.instant)
        return Row(
            line=line,
            track=track,
            added_by=_person(texts.get("added_by", "")),
            added_at=added_at,
            plays=reading.value("plays", self._count),
            unread=reading.unread(),
        )

    def _track(self, reading: "_Reading") -> Track:
        texts = reading.texts
        count = len(texts["artist_uris"].split(",")) if texts.get("artist_uris") else None
        title, album = texts.get("title", ""), texts.get("album") or None
        credited = texts.get("artists") or texts.get("album_artists", "")
        if not self.layout.columns.keys() & {"artists", "album_artists"}:
            credited, title = artist_and_title(title)
        artists = artists_of(credited, self.layout.join, count)
        further = (texts.get(f"artists_{number}", "") for number in FURTHER_ARTISTS)
        artists = tuple(dict.fromkeys([*artists, *filter(None, further)]))
        length = reading.value("length", self.convention.length_ms)
        if len(artists) == 1:
            artist, title = of_channel(artists[0], title)
            artists = (artist,)
        uri = texts.get("uri", "")
        if uri.startswith("spotify:local:"):
            title, artists, album, length = local_file(uri, title, artists, album, length)
        # A bare id in Exportify's files is Spotify's; in other files it may be of any program.
        spotify = bare_spotify_id(uri)
        features = self._features(reading, length) if spotify else None
        return Track(
            id=spotify or local_track_id(title, artists, album, length),
            title=title,
            artists=artists,
            album=album,
            year=reading.value("released", lambda cell: self.convention.year(cell, self.fetched_at.year)),
            duration_ms=length,
            isrc=reading.value("isrc", clean_isrc),
            popularity=reading.value("popularity", self._popularity) if spotify else None,
            explicit=reading.value("explicit", boolean_cell),
            artist_genres=_genres(texts.get("genres", "")),
            labels=tuple(map(str.lower, _genres(texts.get("labels", "")))),
            features=features,
            source=self.source,
            ids=ids_of(texts),
            artist_uris=spotify_uris("artist", texts.get("artist_uris", "") or texts.get("artist_ids", "")),
            album_details=self._album_details(texts),
        )

    def _album_details(self, texts: Mapping[str, str]) -> AlbumDetails | None:
        released = texts.get("released", "")
        date = None if is_missing(released) else precise_date(released, self.fetched_at.year)
        if date is None and (instant := self.convention.instant(released)) is not None:
            date = precise_date(instant.date().isoformat(), self.fetched_at.year)
        label = texts.get("record_label", "")
        return album_details(
            released=date,
            record_label=None if label in _NO_NAME else label,
            artists=artists_of(texts.get("album_artists", ""), self.layout.join),
            artist_uris=spotify_uris("artist", texts.get("album_artist_uris", "")),
            uri=next(iter(spotify_uris("album", texts.get("album_uri", ""))), None),
            cover_url=web_address(texts.get("cover_url")),
            disc_number=cell_number(texts.get("disc_number", "")),
            track_number=cell_number(texts.get("track_number", "")),
        )

    def _count(self, cell: str) -> int | None:
        number = self.convention.number(cell)
        return int(number) if number is not None and number.is_integer() and 0 <= number <= MAX_PLAYS else None

    def _popularity(self, cell: str) -> float | None:
        number = self.convention.number(cell)
        return number if number is not None and 0 <= number <= MAX_POPULARITY else None

    def _features(self, reading: "_Reading", length: int | None) -> AudioFeatures | None:
        values = {name: reading.value(name, self._feature(name)) for name in FEATURE_COLUMNS}
        known = {name: value for name, value in values.items() if value is not None}
        if not known:
            return None
        if length is not None:
            known["duration_ms"] = float(length)
        return AudioFeatures(values=known, source=self.source, fetched_at=self.fetched_at, licence=FEATURES_LICENCE)

    def _feature(self, name: str) -> Callable[[str], float | None]:
        return lambda cell: self.convention.feature(name, cell)


class _Reading:
    """The cells of one row by field; counts those that hold a value which cannot be read."""

    def __init__(self, texts: Mapping[str, str], convention: Convention, headings: Mapping[str, str]) -> None:
        self.texts, self._convention, self._headings = texts, convention, headings
        self._unread: list[str] = []

    def value(self, field: str, read: Callable[[str], T | None]) -> T | None:
        cell = self.texts.get(field, "")
        if is_missing(cell):
            return None
        found = read(cell)
        unknown = cell in _UNKNOWN.get(field, ()) or cell.startswith(_UNKNOWN_DATES)
        if found is None and not unknown:
            self._unread.append(self._headings.get(field, field))
        return found

    def unread(self) -> tuple[tuple[str, int], ...]:
        return tuple((heading, 1) for heading in self._unread)


def _one_line(cell: str) -> str:
    text = unescape(cell) if _ENTITY.search(cell) else cell
    return "" if text.lower() in ERRORS else _LINE_BREAK.sub(" ", text)


def ids_of(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the ids at services other than Spotify, by namespace."""
    links = [link_of(namespace, texts.get(field, "")) for field, namespace in ID_FIELDS.items()]
    linked = link_in(texts.get("uri", ""))
    others = [linked] if linked and linked.kind == TRACK and linked.namespace in ID_FIELDS.values() else []
    return {link.namespace: link.id for link in (*others, *links) if link}


def _person(cell: str) -> str | None:
    """Return a person's id; within a URI it is percent-encoded."""
    _, uri, encoded = cell.rpartition("spotify:user:")
    return (unquote(encoded) if uri else cell) or None


def _blank_missing_names(texts: dict[str, str]) -> None:
    """Blank a program's words for missing names; "undefined" with an artist is a real title."""
    if texts.get("title", "") in _NO_NAME and texts.get("artists", "") in _NO_NAME:
        texts["title"] = ""
    for field in ("artists", "album", "added_by", "uri"):
        if texts.get(field, "") in _NO_NAME and texts.get(field) != texts.get("title"):
            texts[field] = ""


def _skip_reason(texts: Mapping[str, str]) -> str:
    uri = texts.get("uri", "")
    if uri.startswith(("spotify:episode:", "spotify:show:")) or "open.spotify.com/episode/" in uri:
        return "podcast episode"
    if texts.get("title") or uri.startswith("spotify:local:"):
        return ""
    return "no title (the track was withdrawn)" if uri else "neither an id nor a title"


def local_file(
    uri: str, title: str, artists: tuple[str, ...], album: str | None, length: int | None
) -> tuple[str, tuple[str, ...], str | None, int | None]:
    """Fill missing values from the URI ``spotify:local:artist:album:title:seconds``."""
    parts = [unquote_plus(part).strip() for part in uri.split(":")[2:]] + [""] * 4
    seconds = within("duration_ms", int(parts[3]) * 1000) if parts[3].isdecimal() else None
    return (
        title or parts[2] or "Unknown title",
        artists or ((parts[0],) if parts[0] else ()),
        album or parts[1] or None,
        length or (None if seconds is None else int(seconds)),
    )


def artists_of(cell: str, join: Join, count: int | None = None) -> tuple[str, ...]:
    """Return the artists in a cell; ``count`` is their number if the row gives it."""
    if join is Join.SEMICOLON:
        parts: Sequence[str] = cell.split(";")
    elif join is Join.COMMA:
        # A comma before a space ("Tyler, The Creator") or between digits is part of a name.
        parts = re.split(r",(?=\S)(?!(?<=\d,)\d)", cell)
    elif join is Join.ESCAPED and ";" in cell:
        parts = split_artists(cell.replace(";", "\x1f"), count)
        parts = [part.replace("\x1f", ";") for part in parts]
    elif join is Join.UNKNOWN and cell.startswith("[") and cell.endswith("]"):
        parts = _listed(cell)
    else:
        # In a file that escapes commas in names, every other comma separates artists.
        parts = split_artists(cell, None if "\\," in cell else count)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _listed(cell: str) -> Sequence[str]:
    try:
        names = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return split_artists(cell)
    return [str(name) for name in names] if isinstance(names, list) else [cell]


def _genres(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in re.split("[,;]", cell) if not is_missing(part)))
