"""The relational schema: artist, album, track, audio_features, artist_album, artist_track, release, external_id.

Tracks have the ids of the catalogue. Artists and albums have no ids there, so theirs are hashes: of the artist's name,
and of the album's title with the first artist of the track, which distinguishes one "Greatest Hits" from another. Times
are UTC. Labels, genres and lists of names or URIs are JSON arrays of text. Later additions have their own tables, so
that databases of earlier versions can still be used.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Double, ForeignKey, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

from store.domain import AUDIO_FEATURES, AlbumDetails, Track

Record = dict[str, Any]
METADATA = MetaData()
# Ids may differ only in case, which most collations ignore; emoji need four bytes.
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_bin"), ("engine", "InnoDB"))
}
_Id = String(64)
_Moment = DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def _of(table: str, **more: Any) -> Column[str]:
    return Column(f"{table}_id", _Id, ForeignKey(f"{table}.id"), **more)


ARTIST = Table(
    "artist", METADATA, Column("id", _Id, primary_key=True), Column("name", Text, nullable=False), **_OPTIONS
)
ALBUM = Table("album", METADATA, Column("id", _Id, primary_key=True), Column("title", Text, nullable=False), **_OPTIONS)
TRACK = Table(
    "track",
    METADATA,
    Column("id", _Id, primary_key=True),
    Column("title", Text, nullable=False),
    _of("album"),
    Column("year", Integer),
    Column("duration_ms", Integer),
    Column("isrc", String(32)),
    Column("popularity", Double),
    Column("explicit", Boolean),
    Column("labels", JSON, nullable=False),
    Column("artist_genres", JSON, nullable=False),
    Column("source", Text, nullable=False),
    **_OPTIONS,
)
FEATURES = Table(
    "audio_features",
    METADATA,
    _of("track", primary_key=True),
    *(Column(name, Double) for name in AUDIO_FEATURES),
    Column("source", Text, nullable=False),
    Column("fetched_at", _Moment),
    Column("licence", Text),
    Column("confidence", Double, nullable=False),
    **_OPTIONS,
)
# The album's details and the track's position on it; the date is a year, a month or a day.
RELEASE = Table(
    "release",
    METADATA,
    _of("track", primary_key=True),
    Column("released", String(10)),
    Column("record_label", Text),
    Column("artists", JSON, nullable=False),
    Column("artist_uris", JSON, nullable=False),
    Column("uri", Text),
    Column("cover_url", Text),
    Column("disc_number", Integer),
    Column("track_number", Integer),
    **_OPTIONS,
)
# The track's ids at services; the URIs of its artists have the namespace "artist_uri" and are numbered from 0.
EXTERNAL_ID = Table(
    "external_id",
    METADATA,
    _of("track", primary_key=True),
    Column("namespace", String(32), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    **_OPTIONS,
)
ARTIST_ALBUM = Table(
    "artist_album", METADATA, _of("artist", primary_key=True), _of("album", primary_key=True), **_OPTIONS
)
ARTIST_TRACK = Table(
    "artist_track",
    METADATA,
    _of("track", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),  # 0 = the first artist
    _of("artist", nullable=False),
    **_OPTIONS,
)


def records(tracks: Iterable[Track]) -> dict[Table, list[Record]]:
    """Return the distinct rows of each table for ``tracks``; a table comes after the tables that it refers to."""
    found: dict[Table, dict[tuple[str, ...], Record]] = {table: {} for table in METADATA.sorted_tables}
    for track in tracks:
        for table, record in _records(track):
            found[table][tuple(str(record[column.name]) for column in table.primary_key)] = record
    return {table: list(rows.values()) for table, rows in found.items()}


def _records(track: Track) -> Iterable[tuple[Table, Record]]:
    album_id = None
    if track.album:
        album_id = _hashed(track.album, *track.artists[:1])
        yield ALBUM, {"id": album_id, "title": track.album}
    yield TRACK, _track(track, album_id)
    if track.features:
        yield FEATURES, _features(track)
    if track.album_details:
        yield RELEASE, {"track_id": track.id} | _release(track.album_details)
    yield from ((EXTERNAL_ID, record) for record in _external_ids(track))
    for position, name in enumerate(track.artists):
        artist_id = _hashed(name)
        yield ARTIST, {"id": artist_id, "name": name}
        yield ARTIST_TRACK, {"track_id": track.id, "position": position, "artist_id": artist_id}
        if album_id:
            yield ARTIST_ALBUM, {"artist_id": artist_id, "album_id": album_id}


def _track(track: Track, album_id: str | None) -> Record:
    own = ("id", "title", "year", "duration_ms", "isrc", "popularity", "explicit", "source")
    lists = {"labels": list(track.labels), "artist_genres": list(track.artist_genres)}
    return {name: getattr(track, name) for name in own} | {"album_id": album_id} | lists


def _release(details: AlbumDetails) -> Record:
    found = {field.name: getattr(details, field.name) for field in fields(AlbumDetails)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _external_ids(track: Track) -> Iterable[Record]:
    numbered = [(name, 0, value) for name, value in track.ids.items()]
    numbered += [("artist_uri", position, uri) for position, uri in enumerate(track.artist_uris)]
    for namespace, position, value in numbered:
        yield {"track_id": track.id, "namespace": namespace, "position": position, "value": value}


def _features(track: Track) -> Record:
    features = track.features
    assert features is not None
    moment = features.fetched_at
    return {
        "track_id": track.id,
        **{name: features.values.get(name) for name in AUDIO_FEATURES},
        "source": features.source,
        "fetched_at": moment and moment.astimezone(UTC).replace(tzinfo=None),
        "licence": features.licence,
        "confidence": features.confidence,
    }


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
