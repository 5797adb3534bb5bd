"""JSPF, the JSON form of XSPF (https://xspf.org/jspf), for players; ListenBrainz needs :mod:`etl.exports.listenbrainz`.

Values without a member in JSPF are in an extension of the playlist and of each track, under :data:`EXTENSION`. It has
the other members of our JSON (:mod:`etl.exports.tastemap_json`), so that
:func:`etl.imports.tastemap_json.read_item` can read a track once title, album and duration are added. Readers that
ignore the extension get title, joined artists, album, duration and identifier.
"""

from collections.abc import Iterator
from typing import Any

from etl.exports.json_rows import item_members, playlist_members, stream, track_members
from etl.exports.rows import ExportRow, Pages, instant, recording_address, spotify_address, track_uri
from store.domain import Playlist

# XSPF requires a URI that names the application; it need not lead anywhere.
EXTENSION = "urn:x-tastemap:playlist:1"
# ListenBrainz's extension (https://musicbrainz.org/doc/jspf); ListenBrainz refuses playlists without its ``public``.
LISTENBRAINZ = "https://musicbrainz.org/doc/jspf#playlist"
# Members of a track that JSPF itself stores without loss.
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
