"""JSPF, the JSON form of XSPF (https://xspf.org/jspf), for players; ListenBrainz takes :mod:`etl.exports.listenbrainz`.

What JSPF has no member for lies in an extension of the playlist and of each track, under :data:`EXTENSION`: the
rest of what our own JSON holds, in its names (:mod:`etl.exports.tastemap_json`), so that its reader of items
(:func:`etl.imports.tastemap_json.read_item`) reads a track once title, album and duration are put back. With it
nothing is lost; without it title, joined artists, album, duration and identifier remain.
"""

from collections.abc import Iterator
from typing import Any

from etl.exports.json_rows import item_members, playlist_members, stream, track_members
from etl.exports.rows import ExportRow, Pages, instant, recording_address, spotify_address, track_uri
from store.domain import Playlist

# XSPF wants a URI that names the application; nothing is to be found under it.
EXTENSION = "urn:x-tastemap:playlist:1"
# ListenBrainz's extension (https://musicbrainz.org/doc/jspf): without ``public`` it takes no playlist.
LISTENBRAINZ = "https://musicbrainz.org/doc/jspf#playlist"
# Members of a track that JSPF itself holds without loss.
_OWN = ("title", "album", "duration_ms")


def write_jspf(playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file in UTF-8."""
    members: dict[str, Any] = {"title": playlist.name}
    if playlist.created_at:
        members["date"] = instant(playlist.created_at)
    members["extension"] = {LISTENBRAINZ: {"public": False}, EXTENSION: [playlist_members(playlist)]}
    return stream({"playlist": members | {"track": []}}, pages, _track)


def _track(row: ExportRow) -> dict[str, Any]:
    track, address = row.track, spotify_address(row.track)
    members: dict[str, Any] = {
        "location": [address] if address else None,
        "identifier": [uri for uri in (recording_address(track), track_uri(track)) if uri],
        "title": track.title,
        "creator": ", ".join(track.artists) or None,
        "album": track.album,
        "duration": track.duration_ms,
    }
    rest = {name: value for name, value in track_members(track).items() if name not in _OWN}
    members["extension"] = {EXTENSION: [item_members(row) | rest]}
    return {name: value for name, value in members.items() if value is not None}
