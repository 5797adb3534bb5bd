"""Writing a playlist to Spotify, in batches; what was cut off goes on where it was and makes no second playlist."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.imports.json_file import listed, under
from etl.providers.base import FaultKind, NotThere, SourceFault
from etl.spotify.accounts import Account, NotConnected, Session
from etl.spotify.faults import Refused
from etl.spotify.login import WRITE_PRIVATE, WRITE_PUBLIC
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist

COLLECTION = "spotify_writes"
_BATCH = 100
_MOST_ROWS = 10_000  # Spotify takes no more in one playlist
_ID = re.compile(r"[0-9A-Za-z]{22}")
_LEASE = timedelta(minutes=5)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# The same asked for again within this time is the same, not another one.
_REPEATED = timedelta(minutes=10)
_CUT_OFF = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The playlist at Spotify; ``skipped`` rows are of tracks that Spotify does not number."""

    id: str
    url: str
    written: int
    skipped: int


def scope_for(public: bool) -> str:
    """Return the scope that writing a playlist of this kind needs."""
    return WRITE_PUBLIC if public else WRITE_PRIVATE


def write_playlist(
    database: Database, session: Session, account: Account, playlist: Playlist, *, name: str, public: bool
) -> Written:
    """Write ``playlist`` to the account as a new playlist called ``name``.

    Where an earlier attempt of the same was cut off, its playlist is completed instead; and one that ended minutes
    ago is not repeated: perhaps only its answer was lost.

    Raises
    ------
    SourceFault
        Spotify failed; asking again goes on. REFUSED also where there is nothing to write, or it is being written.
    """
    uris, skipped = _uris(database, playlist)
    if not uris:
        raise Refused("No track of this playlist has a Spotify id.", "Only tracks that Spotify numbers can be written.")
    _sweep(database)
    asked = "\n".join([account.user_id, name, str(public), *uris])
    key = f"{session.owner}:{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
    lease, again = _take(database, key)
    try:
        spotify_id, url, whole = _target(database, session, key, name, public, again)
        if not whole:
            for start in range(_rows_of(session, spotify_id) if again else 0, len(uris), _BATCH):
                _renew(database, key, lease)
                session.call("playlist_add_items", spotify_id, uris[start : start + _BATCH])
            database.change_document(COLLECTION, key, {"whole": True, "at": datetime.now(UTC)})
    finally:
        database.change_document(COLLECTION, key, {"lease_until": _LONG_AGO}, where={"lease": lease})
    return Written(id=spotify_id, url=url, written=len(uris), skipped=skipped)


def forget_writes(database: Database, owner: str) -> None:
    """Delete what is kept of what this session has written."""
    names = database.names_where(COLLECTION, {})
    database.delete_documents(COLLECTION, [name for name in names if name.startswith(f"{owner}:")])


def _sweep(database: Database) -> None:
    moment = datetime.now(UTC)
    old = [
        one["_id"]
        for one in database.documents_where(COLLECTION, {})
        if moment - one["at"] > (_REPEATED if one["whole"] else _CUT_OFF)
    ]
    database.delete_documents(COLLECTION, old)


def _uris(database: Database, playlist: Playlist) -> tuple[list[str], int]:
    """Return the addresses of the rows in their order, and how many rows have none."""
    uris, rows = [], 0
    for start in range(0, playlist.item_count, PAGE_ITEMS):
        items = database.playlist_items(playlist.id, start, min(PAGE_ITEMS, playlist.item_count - start))
        tracks = database.get_tracks({item.track_id for item in items if not _ID.fullmatch(item.track_id)})
        ids = (
            item.track_id if item.track_id not in tracks else tracks[item.track_id].ids.get("spotify", "")
            for item in items
        )
        uris += [f"spotify:track:{one}" for one in ids if _ID.fullmatch(one)]
        rows += len(items)
    kept = uris[:_MOST_ROWS]
    return kept, rows - len(kept)


def _take(database: Database, key: str) -> tuple[str, bool]:
    """Let one request write this at a time; return its lease and whether an earlier one was cut off."""
    moment, lease = datetime.now(UTC), secrets.token_hex(8)
    held = {"lease": lease, "lease_until": moment + _LEASE}
    fresh = {"_id": key, "nonce": secrets.token_hex(6), "spotify_id": None, "whole": False, "at": moment}
    if database.insert_document(COLLECTION, fresh | held):
        return lease, False
    if not database.change_document(COLLECTION, key, held, where={"lease_until": {"$lt": moment}}):
        raise _busy()
    return lease, True


def _renew(database: Database, key: str, lease: str) -> None:
    """Hold the lease for longer; raises Refused where another request has taken it over."""
    if database.change_document(COLLECTION, key, {"lease_until": datetime.now(UTC) + _LEASE}, where={"lease": lease}):
        return
    if database.get_document(COLLECTION, key) is None:  # the account was disconnected at this moment
        raise NotConnected
    raise _busy()


def _busy() -> Refused:
    return Refused("This playlist is being written at this moment.", "Wait until that has ended.")


def _target(
    database: Database, session: Session, key: str, name: str, public: bool, again: bool
) -> tuple[str, str, bool]:
    """Return id and address of the playlist to write to, a new one or the one begun, and whether it is whole."""
    document = database.get_document(COLLECTION, key)
    if document is None:  # the account was disconnected at this moment
        raise NotConnected
    if document["spotify_id"]:
        return document["spotify_id"], document["url"], document["whole"]
    # Made, but cut off before we noted it? What it says of itself tells.
    described = f"Written by Tastemap ({document['nonce']})"
    found = (_begun(session, described) if again else None) or session.call(
        "current_user_playlist_create", name, public=public, description=described
    )
    spotify_id = str(found.get("id") or "")
    if not _ID.fullmatch(spotify_id):
        raise SourceFault(FaultKind.GARBLED, "Spotify does not say which playlist it has made.", "Try again.")
    url = str(under(found, "external_urls", "spotify") or f"https://open.spotify.com/playlist/{spotify_id}")
    database.change_document(COLLECTION, key, {"spotify_id": spotify_id, "url": url})
    return spotify_id, url, False


def _begun(session: Session, described: str) -> dict[str, Any] | None:
    newest = listed(session.call("current_user_playlists", limit=50), "items")
    return next((one for one in newest if under(one, "description") == described), None)


def _rows_of(session: Session, spotify_id: str) -> int:
    """Return how many rows the playlist has: the last batch may have come to Spotify without our hearing so."""
    try:
        total = session.call("playlist_items", spotify_id, limit=1).get("total")
    except NotThere:
        total = None
    if not isinstance(total, int):
        raise SourceFault(FaultKind.GARBLED, "Spotify does not say how much of the playlist is written.", "Try again.")
    return total
