"""The track that a typed or pasted link, URI or id names; the tracks that the link of a playlist shows."""

from collections.abc import Collection

from etl.links import TRACK, Link
from etl.providers.base import Need
from services.container import Services
from services.errors import ServiceError, not_found
from services.subject.lookup import found_by_ids
from services.subject.model import Subject
from services.viewer import Viewer
from store.catalogue.catalogue import Snapshot
from store.domain import Track, is_unnamed
from store.facts import track_with_id
from store.library import tracks_of_playlist
from store.playlists.rows import all_rows


def by_link(
    services: Services, snapshot: Snapshot, link: Link, viewer: Viewer, needs: Collection[Need] = ()
) -> Subject:
    """Find the track of ``link`` in the catalogue, or else in the store, or else (with ``needs``) at the sources.

    Raises ServiceError 422 if the link is not of a track, 404 if the track is not known here.
    """
    if link.kind != TRACK:
        what = f"{'an' if link.kind[0] in 'aeio' else 'a'} {link.kind}"
        raise ServiceError(
            422,
            "not_a_track",
            f"This is a link to {what} at {link.service}, not to a track.",
            "Paste the link of a track. To bring a playlist, export it as a file and drop that into the Playlist view.",
        )
    track = _known(services, snapshot, link, viewer.owner)
    if track is None and needs:
        track = found_by_ids(services, {link.namespace: link.id})
    if track is None:
        raise not_found(
            f"No track with this link or id of {link.service} is known here ({link.id}).",
            "Search for it by title and artist, or switch on a source that knows it.",
        )
    ref = snapshot.find(track.id)
    return Subject(snapshot=snapshot, track=track, ref=ref, kind="id")


def _known(services: Services, snapshot: Snapshot, link: Link, owner: str | None) -> Track | None:
    """Return the track of the link, or None unless the catalogue or the store knows it with its title."""
    ref = snapshot.find(link.id) if link.namespace == "spotify" else None
    if ref is not None and not is_unnamed((found := snapshot.track(ref)).title):
        return found
    track = services.database.get_track(link.id, owner) if link.namespace == "spotify" else None
    track = track or track_with_id(services.database, link.namespace, link.id, owner)
    return None if track is None or is_unnamed(track.title) else track


def shared_by_link(services: Services, track_id: str, viewer: Viewer) -> Track | None:
    """Return a track of the playlist whose link the viewer has, as its owner sees it; None if it is not in it."""
    playlist = services.database.playlist(viewer.link) if viewer.link else None
    if playlist is None or playlist.owner is None:
        return None
    known = tracks_of_playlist(services.catalogue.current(), services.database, playlist.owner, {track_id})
    if track_id not in known or all(row.track_id != track_id for row in all_rows(services.database, playlist)):
        return None
    return known[track_id]
