"""Reads Tastemap's JSON export (:mod:`etl.exports.tastemap_json`)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import TextIOWrapper
from typing import Any, TextIO

from etl.exports.tastemap_json import FORMAT, VERSION
from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.reading.json_stream import JsonStream
from etl.imports.rows.album_details import MAX_NUMBER, album_details, precise_date, web_address
from etl.imports.rows.entries import Begin, Entry, Row
from etl.imports.rows.player_list import own_file
from etl.values import boolean, iso_instant, number
from store.domain import (
    FEATURE_BOUNDS,
    MAX_PLAYS,
    AlbumDetails,
    AudioFeatures,
    Person,
    Playlist,
    Track,
    local_track_id,
)
from store.runs import ImportProblem

_HINT = "Import the file as Tastemap exported it."
_ID = re.compile(r"[\w:.-]{1,64}", re.ASCII)
_NAMESPACE = re.compile(r"[a-z_]{1,32}")
_MAX_TEXT = 10_000


def is_tastemap_json(head: str) -> bool:
    """Return whether a text that begins with ``head`` is our export, which begins with its format."""
    return re.match(rf'\s*\{{\s*"format"\s*:\s*"{FORMAT}"', head.removeprefix("\ufeff")) is not None


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is our export."""
    return file.form is Form.JSON and is_tastemap_json(file.start[:200].decode(errors="replace"))


def read(file: InspectedFile, _source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the playlist and its rows, which are read one by one."""
    with TextIOWrapper(file.source.open(watch), encoding="utf-8-sig") as stream:
        playlist, rows = read_tastemap_json(stream, file.name)
        yield Begin(name=playlist.name, people=playlist.people, made_for=playlist.made_for)
        yield from rows


def read_tastemap_json(stream: TextIO, name: str) -> tuple[Playlist, Iterator[Row]]:
    """Return the playlist, without owner and contributors, and an iterator of its rows.

    The iterator reads one row at a time; ``Row.line`` counts items from 1.

    Raises ImportProblem if the text is not JSON (``malformed``), or not our export or of a newer version
    (``unsupported``). The iterator raises ``malformed`` too.
    """
    document = JsonStream(stream, name)
    head: dict[str, Any] = {}
    for key in document.members():
        if key == "items":
            rows = (read_item(number, item) for number, item in enumerate(document.elements(), start=1))
            return _playlist(head, name), rows
        head[key] = document.value()
    _playlist(head, name)
    raise ImportProblem("unsupported", f"{name} has no items.", _HINT)


def _playlist(head: Mapping[str, Any], name: str) -> Playlist:
    if head.get("format") != FORMAT:
        raise ImportProblem("unsupported", f"{name} is JSON, but not a playlist of Tastemap.", _HINT)
    if head.get("version") != VERSION:
        raise ImportProblem(
            "unsupported", f"{name} is of version {head.get('version')}.", "A newer Tastemap may read it."
        )
    members = _object(head.get("playlist"))
    return Playlist(
        id=_text(members.get("id")) or "",
        name=_text(members.get("name")) or "Playlist",
        source=_text(members.get("source")) or "unknown",
        item_count=_whole(members.get("item_count"), 0, 1 << 31) or 0,
        complete=members.get("complete") is True,
        people=_people(_object(members.get("people"))),
        made_for=members.get("made_for") is True,
        created_at=iso_instant(members.get("created_at")),
    )


def _people(members: Mapping[str, Any]) -> dict[str, Person]:
    people = {person: Person.of(_object(given)) for person, given in members.items()}
    return {person: known for person, known in people.items() if known != Person()}


def read_item(number: int, item: Any) -> Row:
    """Return the row of the element ``number`` (from 1) of ``items``, or the reason to skip it."""
    members = _object(item)
    track = _track(_object(members.get("track")))
    return Row(
        line=number,
        track=track,
        added_by=_text(members.get("added_by")),
        added_at=iso_instant(members.get("added_at")),
        plays=_whole(members.get("plays"), 0, MAX_PLAYS),
        file=own_file(members.get("file")),
        reason="" if track else "no title",
    )


def _track(members: Mapping[str, Any]) -> Track | None:
    title, artists, album = _text(members.get("title")), _texts(members.get("artists")), _text(members.get("album"))
    if title is None:
        return None
    low, high = FEATURE_BOUNDS["duration_ms"]
    duration = _whole(members.get("duration_ms"), int(low), int(high))
    given = members.get("id")
    known_id = given if isinstance(given, str) and _ID.fullmatch(given) else None
    return Track(
        id=known_id or local_track_id(title, artists, album, duration),
        title=title,
        artists=artists,
        album=album,
        year=_whole(members.get("year"), 1000, 2999),
        duration_ms=duration,
        isrc=_text(members.get("isrc")),
        popularity=number(members.get("popularity"), 0, 100),
        explicit=boolean(members.get("explicit")),
        labels=_texts(members.get("labels")),
        artist_genres=_texts(members.get("artist_genres")),
        features=_features(_object(members.get("features"))),
        source=_text(members.get("source")) or "unknown",
        ids=_ids(_object(members.get("ids"))),
        artist_uris=_texts(members.get("artist_uris")),
        album_details=_album_details(_object(members.get("album_details"))),
    )


def _album_details(members: Mapping[str, Any]) -> AlbumDetails | None:
    return album_details(
        released=precise_date(members.get("released")),
        record_label=_text(members.get("record_label")),
        artists=_texts(members.get("artists")),
        artist_uris=_texts(members.get("artist_uris")),
        uri=_text(members.get("uri")),
        cover_url=web_address(members.get("cover_url")),
        disc_number=_whole(members.get("disc_number"), 1, MAX_NUMBER),
        track_number=_whole(members.get("track_number"), 1, MAX_NUMBER),
    )


def _ids(members: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: _text(value) for name, value in members.items() if _NAMESPACE.fullmatch(name)}
    return {name: value for name, value in texts.items() if value is not None}


def _features(members: Mapping[str, Any]) -> AudioFeatures | None:
    given = _object(members.get("values"))
    values = {name: number(given.get(name), *bounds) for name, bounds in FEATURE_BOUNDS.items()}
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return None
    confidence = number(members.get("confidence"), 0, 1)
    return AudioFeatures(
        values=known,
        source=_text(members.get("source")) or "unknown",
        fetched_at=iso_instant(members.get("fetched_at")),
        licence=_text(members.get("licence")),
        confidence=1.0 if confidence is None else confidence,
    )


# Values of a wrong type or out of bounds count as missing.


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    # JSON can write a lone surrogate (\\ud800), which no database takes.
    return value[:_MAX_TEXT].encode(errors="replace").decode() or None if isinstance(value, str) else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for element in value if (text := _text(element))) if isinstance(value, list) else ()


def _whole(value: Any, low: int, high: int) -> int | None:
    found = number(value, low, high)
    return int(found) if found is not None and found == int(found) else None
