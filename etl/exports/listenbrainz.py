"""JSPF for ListenBrainz: the recordings with a MusicBrainz id (MBID), and a list of the tracks that were left out.

ListenBrainz refuses a playlist if one track has no MBID, or if its extension does not say whether it is public
(https://listenbrainz.readthedocs.io/en/latest/users/api/playlist.html). Ours are private until their owner decides
otherwise. ``annotation``, which ListenBrainz shows as the description, says what is missing; our extension lists it.
Both come after the tracks, because they are known only when all tracks have been read.
"""

from collections.abc import Iterator
from typing import Any

from etl.exports.json_rows import dumps
from etl.exports.jspf import EXTENSION, LISTENBRAINZ
from etl.exports.rows import ExportRow, Pages, instant, recording_address, spotify_address
from store.domain import Playlist

TRACK_EXTENSION = "https://musicbrainz.org/doc/jspf#track"
_ARTIST, _RELEASE = "https://musicbrainz.org/artist/", "https://musicbrainz.org/release/"
# How many tracks that were left out are named in the description, and how many in the extension.
_NAMED, _LISTED = 20, 10_000


def write_listenbrainz(playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file in UTF-8."""
    head: dict[str, Any] = {"title": playlist.name.strip() or "Playlist"}
    if playlist.created_at:
        head["date"] = instant(playlist.created_at)
    yield f'{{"playlist":{dumps(head)[:-1]},"track":['.encode()
    separator, missing = "\n", 0
    left_out: list[dict[str, Any]] = []
    for page in pages:
        tracks = [_track(row, address) for row in page if (address := recording_address(row.track))]
        missing += len(page) - len(tracks)
        left_out += [_named(row) for row in page if not recording_address(row.track)][: _LISTED - len(left_out)]
        text = ",\n".join(map(dumps, tracks))
        yield f"{separator}{text}".encode() if text else b""
        separator = ",\n" if text else separator
    yield f"\n],{dumps(_tail(left_out, missing, playlist.item_count))[1:-1]}}}}}\n".encode()


def _track(row: ExportRow, address: str) -> dict[str, Any]:
    track, spotify = row.track, spotify_address(row.track)
    members: dict[str, Any] = {
        "identifier": [address],
        "location": [spotify] if spotify else None,
        "title": track.title,
        "creator": ", ".join(track.artists) or None,
        "album": track.album,
        "duration": track.duration_ms,
    }
    details = track.album_details
    more = {
        "added_at": instant(row.item.added_at),
        "artist_identifiers": [uri for uri in track.artist_uris if uri.startswith(_ARTIST)],
        "release_identifier": details.uri if details and (details.uri or "").startswith(_RELEASE) else None,
        "additional_metadata": {"artists": [{"artist_credit_name": name} for name in track.artists]},
    }
    members["extension"] = {TRACK_EXTENSION: {name: value for name, value in more.items() if value}}
    return {name: value for name, value in members.items() if value is not None}


def _named(row: ExportRow) -> dict[str, Any]:
    return {"position": row.item.position, "title": row.track.title, "artists": row.track.artists}


def _tail(left_out: list[dict[str, Any]], missing: int, rows: int) -> dict[str, Any]:
    extension: dict[str, Any] = {LISTENBRAINZ: {"public": False}}
    if not left_out:
        return {"extension": extension}
    names = [" - ".join(filter(None, (", ".join(row["artists"]), row["title"]))) for row in left_out[:_NAMED]]
    more = f" and {missing - _NAMED:,} more" if missing > _NAMED else ""
    annotation = f"Left out, because no MusicBrainz id is known ({missing:,} of {rows:,}): {'; '.join(names)}{more}."
    return {"annotation": annotation, "extension": extension | {EXTENSION: [{"left_out": left_out}]}}
