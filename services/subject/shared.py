"""Tracks that only their owner has, shown to others by the link of a playlist that contains them."""

from services.container import Services
from services.viewer import Viewer
from store.domain import Track
from store.library import tracks_of_playlist
from store.playlists.rows import all_rows


def shared_by_link(services: Services, track_id: str, viewer: Viewer) -> Track | None:
    """Return a track of the playlist whose link the viewer has, as its owner sees it; None if it is not in it."""
    playlist = services.database.playlist(viewer.link) if viewer.link else None
    if playlist is None or playlist.owner is None:
        return None
    known = tracks_of_playlist(services.catalogue.current(), services.database, playlist.owner, {track_id})
    if track_id not in known or all(row.track_id != track_id for row in all_rows(services.database, playlist)):
        return None
    return known[track_id]
