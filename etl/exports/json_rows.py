"""Writes domain values as JSON, and streams a JSON document whose last member is a long array."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from etl.exports.rows import ExportRow, Pages, instant
from store.domain import ALBUM_FIELDS, AudioFeatures, Playlist, Track

_TRACK_FIELDS = tuple(field.name for field in fields(Track) if field.name not in {"features", "album_details"})


def playlist_members(playlist: Playlist) -> dict[str, Any]:
    """Return the exported fields of a playlist: all except its owner, the hash of a browser's secret."""
    return {
        "id": playlist.id,
        "name": playlist.name,
        "source": playlist.source,
        "created_at": instant(playlist.created_at),
        "complete": playlist.complete,
        "item_count": playlist.item_count,
        "contributors": [{"id": person, "count": count} for person, count in playlist.contributors.items()],
    }


def track_members(track: Track) -> dict[str, Any]:
    """Return every field of a track; unknown ones are null or an empty list."""
    members = {name: getattr(track, name) for name in _TRACK_FIELDS}
    details, features = track.album_details, track.features
    members["album_details"] = details and {name: getattr(details, name) for name in ALBUM_FIELDS}
    return members | {"features": _features(features) if features else None}


def item_members(row: ExportRow) -> dict[str, Any]:
    """Return the members of a row without its track: position, added_by, added_at, plays, file."""
    item = row.item
    members = {"position": item.position, "added_by": item.added_by, "added_at": instant(item.added_at)}
    return members | {"plays": item.plays, "file": item.file}


def _features(features: AudioFeatures) -> dict[str, Any]:
    return {
        "values": dict(features.values),
        "source": features.source,
        "fetched_at": instant(features.fetched_at),
        "licence": features.licence,
        "confidence": features.confidence,
    }


def stream(document: Mapping[str, Any], pages: Pages, member: Callable[[ExportRow], Any]) -> Iterator[bytes]:
    """Yield ``document``, whose last value must be ``[]``, with one ``member(row)`` per line in that array."""
    text = dumps(document)
    end = text.rindex("[]") + 1
    yield text[:end].encode()
    separator = "\n"
    for page in pages:
        if page:
            yield (separator + ",\n".join(dumps(member(row)) for row in page)).encode()
            separator = ",\n"
    yield f"\n{text[end:]}\n".encode()


def dumps(value: Any) -> str:
    """Return ``value`` as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
