"""Tracks by their ids, and the tracks that a browser never wants again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.container import Services
from store.domain import Track

MAX_NEVER = 2000
_COLLECTION = "never"


def tracks_by_id(services: Services, ids: Sequence[str]) -> dict[str, Track]:
    """Return the known ones of ``ids``: what the catalogue says of them, else what the store does."""
    snapshot = services.catalogue.current()
    refs = {track_id: snapshot.find(track_id) for track_id in ids}
    known = {track_id: snapshot.track(ref) for track_id, ref in refs.items() if ref is not None}
    return known | services.database.get_tracks({track_id for track_id in ids if track_id not in known})


def with_features(services: Services, tracks: Mapping[str, Track]) -> dict[str, Track]:
    """Return ``tracks``; those without audio features get the catalogue's, with their source."""
    snapshot = services.catalogue.current()
    filled = dict(tracks)
    for track_id, track in tracks.items():
        ref = snapshot.find(track_id) if track.features is None else None
        if ref is not None:
            filled[track_id] = replace(track, features=snapshot.track(ref).features)
    return filled


def never_list(services: Services, owner: str | None) -> list[str]:
    """Return the ids on the "never again" list of a browser session, the latest last."""
    document = services.database.get_document(_COLLECTION, owner) if owner else None
    return list(document["tracks"]) if document else []


def put_never_list(services: Services, owner: str, ids: Sequence[str]) -> None:
    """Replace the "never again" list of a browser session by ``ids``, without duplicates."""
    services.database.put_document(_COLLECTION, {"_id": owner, "tracks": list(dict.fromkeys(ids))})
