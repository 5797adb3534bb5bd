"""Reads the rows of a playlist for an export, a page at a time, and writes values that several formats share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

from etl.identity import MBID, SPOTIFY_ID
from store.catalogue.catalogue import Snapshot
from store.database import PAGE_ITEMS, Database, StoreError
from store.domain import Playlist, PlaylistItem, Track
from store.library import tracks_of_playlist

# The address of a track, by the namespace and the form of its id.
_ADDRESSES = {
    "deezer": (re.compile(r"\d{1,15}"), "https://www.deezer.com/track/"),
    "itunes": (re.compile(r"\d{1,15}"), "https://music.apple.com/song/"),
    "youtube": (re.compile(r"[\w-]{11}", re.ASCII), "https://www.youtube.com/watch?v="),
}
RECORDING = "https://musicbrainz.org/recording/"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRow:
    """One row of a playlist with its track."""

    item: PlaylistItem
    track: Track


Pages = Iterator[Sequence[ExportRow]]


def read_pages(database: Database, snapshot: Snapshot, playlist: Playlist, *, files: bool) -> Pages:
    """Yield the rows of ``playlist`` in their order, at most ``PAGE_ITEMS`` at a time.

    Gaps of a track are filled from the catalogue, as in the page. A playlist that is still being imported yields the
    rows that had arrived when ``playlist`` was read. ``files`` says whether paths of the owner's files are included.

    Raises StoreError if the database is lost, or the playlist was deleted meanwhile. So an incomplete file is never
    taken for a whole.
    """
    for start in range(0, playlist.item_count, PAGE_ITEMS):
        wanted = min(PAGE_ITEMS, playlist.item_count - start)
        items = database.playlist_items(playlist.id, start, wanted)
        items = items if files else [replace(item, file=None) for item in items]
        if len(items) < wanted:
            if database.playlist(playlist.id) is None:
                raise StoreError(f"The playlist {playlist.name!r} was deleted meanwhile.", code="not_found")
            raise StoreError(f"Rows of {playlist.name!r} are missing in the database.", "Restore a snapshot.")
        tracks = tracks_of_playlist(snapshot, database, playlist.owner, {item.track_id for item in items})
        yield [ExportRow(item=item, track=tracks[item.track_id]) for item in items if item.track_id in tracks]


def without_names(playlist: Playlist, pages: Pages) -> tuple[Playlist, Pages]:
    """Return a playlist and its rows with people called "Person 1", "Person 2", ..., the most active first.

    Their ids and names, and the times of day, are removed. Who added what on which day is kept.
    """
    counts = playlist.contributors
    busiest = sorted(counts, key=lambda person: (-counts[person], person))
    called = {person: f"Person {number}" for number, person in enumerate(busiest, start=1)}
    people = {
        called[person]: replace(given, name=None) for person, given in playlist.people.items() if person in called
    }
    shown = replace(playlist, contributors={called[person]: counts[person] for person in busiest}, people=people)
    return shown, ([_without_names(row, called) for row in page] for page in pages)


def _without_names(row: ExportRow, called: Mapping[str, str]) -> ExportRow:
    day = row.item.added_at and row.item.added_at.replace(hour=0, minute=0, second=0, microsecond=0)
    # A person who is not among the playlist's contributors is left out.
    by = called.get(row.item.added_by or "")
    return replace(row, item=replace(row.item, added_by=by, added_at=day, file=None))


def spotify_id(track: Track) -> str | None:
    """Return Spotify's id of ``track``, if it has one."""
    return track.id if SPOTIFY_ID.fullmatch(track.id) else None


def track_uri(track: Track) -> str:
    """Return ``spotify:track:ID``, or ``spotify:local:artist:album:title:seconds`` as Spotify names local files."""
    known = spotify_id(track)
    if known:
        return f"spotify:track:{known}"
    seconds = "" if track.duration_ms is None else str(track.duration_ms // 1000)
    parts = (", ".join(track.artists), track.album or "", track.title, seconds)
    return "spotify:local:" + ":".join(quote_plus(part) for part in parts)


def spotify_address(track: Track) -> str | None:
    """Return the https address of ``track`` at Spotify, if it has an id there."""
    known = spotify_id(track)
    return f"https://open.spotify.com/track/{known}" if known else None


def address(track: Track) -> str:
    """Return an https address that opens ``track``: at Spotify, else at another service, else a search for it."""
    known = spotify_address(track)
    if known:
        return known
    for namespace, (id_form, beginning) in _ADDRESSES.items():
        id_ = track.ids.get(namespace, "")
        if id_form.fullmatch(id_):
            return beginning + id_
    return "https://open.spotify.com/search/" + quote(" ".join((*track.artists[:1], track.title)), safe="")


def recording_address(track: Track) -> str | None:
    """Return the address of the recording at MusicBrainz, if its MBID is known."""
    mbid = track.ids.get("mbid", "").lower()
    return f"{RECORDING}{mbid}" if MBID.fullmatch(mbid) else None


def instant(moment: datetime | None) -> str | None:
    """Return ``moment`` as ISO 8601 in UTC, with milliseconds only where it has some: 2024-10-23T15:37:43Z."""
    if moment is None:
        return None
    timespec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
