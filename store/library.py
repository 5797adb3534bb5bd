"""Tracks by their ids, from the catalogue and the database together."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from store.catalogue.catalogue import Snapshot
from store.database import Database
from store.domain import Track


def tracks_by_id(snapshot: Snapshot, database: Database, ids: Collection[str]) -> dict[str, Track]:
    """Return the known tracks of ``ids``: the catalogue's, or the database's where the catalogue has none."""
    refs = {track_id: snapshot.find(track_id) for track_id in ids}
    known = {track_id: snapshot.track(ref) for track_id, ref in refs.items() if ref is not None}
    return known | database.get_tracks({track_id for track_id in ids if track_id not in known})


def with_features(snapshot: Snapshot, tracks: Mapping[str, Track]) -> dict[str, Track]:
    """Return ``tracks``; those without audio features get the catalogue's, with their source."""
    filled = dict(tracks)
    for track_id, track in tracks.items():
        ref = snapshot.find(track_id) if track.features is None else None
        if ref is not None:
            filled[track_id] = replace(track, features=snapshot.track(ref).features)
    return filled
