"""Playlists: the list of them, and the rows of one for the plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apiflask import APIBlueprint
from marshmallow import RAISE

from api import session
from api.current import services
from api.errors import ApiError
from api.schemas import PlaylistQuery
from ml.contributors.model import task_of
from services.views import track_summary
from store.domain import Person, Playlist, PlaylistItem, Track

blueprint = APIBlueprint("playlists", __name__, tag="Playlists")


@blueprint.get("/api/playlists")
def playlists() -> dict[str, Any]:
    """The playlists that this browser brought in, and those that the operator imported."""
    return {"playlists": [describe(one) for one in services().database.playlists(session.owner())]}


@blueprint.get("/data")
@blueprint.input(PlaylistQuery, location="query", arg_name="query", unknown=RAISE)
def data(query: dict[str, Any]) -> dict[str, Any]:
    """One page of a playlist's rows with names, audio features and who added each.

    A playlist is open to whoever knows its id, which cannot be guessed: the address is the way to share it.
    """
    playlist = find_playlist(query["playlist"])
    size = query["page_size"]
    database = services().database
    items = database.playlist_items(playlist.id, start=(query["page"] - 1) * size, limit=size)
    tracks = with_features(database.get_tracks({item.track_id for item in items}))
    return {
        "playlist": describe(playlist),
        "page": query["page"],
        "pages": max(1, -(-playlist.item_count // size)),
        "tracks": [_row(item, tracks) for item in items if item.track_id in tracks],
    }


@blueprint.delete("/api/playlists/<playlist_id>")
@blueprint.output({}, status_code=204)
def delete(playlist_id: str) -> str:
    """Delete a playlist; only the browser that brought it in may. Its tracks stay known."""
    playlist = find_playlist(playlist_id)
    if playlist.owner is None or playlist.owner != session.owner():
        raise ApiError(
            403,
            "not_yours",
            "Only the browser that brought this playlist in can delete it.",
            "An imported one is deleted on the server: python -m etl delete " + playlist.id,
        )
    services().database.delete_playlist(playlist.id)
    services().registry.forget(task_of(playlist.id))
    return ""


def describe(playlist: Playlist) -> dict[str, Any]:
    people = sorted(playlist.contributors.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "id": playlist.id,
        "name": playlist.name,
        "item_count": playlist.item_count,
        "complete": playlist.complete,
        "mine": playlist.owner is not None and playlist.owner == session.owner(),
        "nameable": may_name(playlist),
        "contributors": [contributor(playlist, person, count) for person, count in people],
        "created_at": playlist.created_at.isoformat() if playlist.created_at else None,
    }


def may_name(playlist: Playlist) -> bool:
    """Say whether the asking browser may name contributors: its own playlist's, and those of everybody's."""
    return playlist.owner is None or playlist.owner == session.owner()


def contributor(playlist: Playlist, person: str, count: int) -> dict[str, Any]:
    """Return a person with the name and the colour that the listener gave them."""
    told = playlist.people.get(person, Person())
    return {"id": person, "name": told.name, "colour": told.colour, "count": count}


def find_playlist(playlist_id: str) -> Playlist:
    """Return a playlist, or raise the ApiError of one that is not there."""
    playlist = services().database.playlist(playlist_id)
    if playlist is None:
        raise ApiError(
            404, "not_found", "There is no such playlist here.", "It may have been deleted. See /api/playlists."
        )
    return playlist


def with_features(tracks: Mapping[str, Track]) -> dict[str, Track]:
    """Let the catalogue say how a track sounds of which the file said nothing; its source goes along."""
    snapshot = services().catalogue.current()
    filled = dict(tracks)
    for track_id, track in tracks.items():
        ref = snapshot.find(track_id) if track.features is None else None
        if ref is not None:
            filled[track_id] = replace(track, features=snapshot.track(ref).features)
    return filled


def _row(item: PlaylistItem, tracks: Mapping[str, Track]) -> dict[str, Any]:
    track = tracks[item.track_id]
    return {
        **track_summary(track),
        "position": item.position,
        "added_by": item.added_by,
        "added_at": item.added_at.isoformat() if item.added_at else None,
        "plays": item.plays,
        "features": dict(track.features.values) if track.features else {},
    }
