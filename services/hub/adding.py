"""Adds tracks that are known here to a playlist of one's own."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.container import Services
from services.errors import not_found, not_yours
from services.playlists import PlaylistSummary, check_complete, describe, find_playlist, may_change
from services.viewer import Viewer
from store.domain import PlaylistItem
from store.library import tracks_by_id
from store.playlist_rows import add_rows


def add_tracks(services: Services, playlist_id: str, viewer: Viewer, track_ids: Sequence[str]) -> PlaylistSummary:
    """Add tracks at the end of a playlist, and return it as ``describe`` does; those that are in it are not repeated.

    Raises ServiceError 404 for an unknown playlist or track, 403 if another browser brought it in, 409 while it is
    arriving.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    if not may_change(playlist, viewer):
        raise not_yours("Only the browser that brought this playlist in can add to it.", "Save a playlist of your own.")
    check_complete(playlist)
    known = tracks_by_id(services.catalogue.current(viewer.owner), services.database, track_ids, viewer.owner)
    unknown = next((track_id for track_id in track_ids if track_id not in known), None)
    if unknown:
        raise not_found(f"No track has the id {unknown!r} here.", "Search for it by name.")
    moment = datetime.now(UTC)
    services.database.put_tracks(list(known.values()), owner=playlist.owner)
    rows = [PlaylistItem(position=0, track_id=track_id, added_at=moment) for track_id in track_ids]
    add_rows(services.database, playlist, rows)
    return describe(find_playlist(services, playlist.id, viewer), viewer)
