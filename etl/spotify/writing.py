"""The run that writes a playlist to a connected account, in batches.

The rows are staged first. A run that goes on after a kill or a lost answer finds the playlist that it began, asks
Spotify how many rows it has, and goes on after the last batch that arrived.
"""

import secrets
from typing import Any

from etl.identity import SPOTIFY_ID
from etl.imports.reading.json_file import listed, under
from etl.providers.base import FaultKind, NotThere, SourceFault
from etl.spotify.accounts import Account, Session
from etl.spotify.attempt import WRITE, Staging, attempt
from etl.spotify.login import WRITE_PRIVATE, WRITE_PUBLIC
from etl.task import Task
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist
from store.runs import ImportProblem, Progress, Run

UNKNOWN = "the track has no Spotify id"
TOO_MANY = "Spotify takes 10,000 rows in one playlist"
_BATCH = 100
_MOST_ROWS = 10_000
_FRESH = {"total": None, "begun": False, "id": None, "done": 0}


def scope_for(public: bool) -> str:
    """Return the scope that writing a playlist of this kind needs."""
    return WRITE_PUBLIC if public else WRITE_PRIVATE


def new_write(owner: str, account: Account, playlist: Playlist, *, name: str, public: bool) -> Run:
    """Return a run that writes ``playlist`` as a new one called ``name``."""
    request = {"playlist_id": playlist.id, "name": name, "public": public}
    # The nonce in the new playlist's description identifies it, if the answer to its creation was lost.
    cursor = {**_FRESH, "user": account.user_id, "nonce": secrets.token_hex(6), "faults": 0}
    return Run(kind=WRITE, name=name, owner=owner, request=request, unit="tracks", cursor=cursor)


def run(task: Task) -> None:
    """Write the playlist of ``task``; raises what :func:`etl.spotify.attempt.attempt` does."""
    staging, cursor = Staging(task.database, task.run.id), dict(task.run.cursor)
    gone = ImportProblem("not_there", "Spotify does not find the playlist that was begun.", "Write it again.")
    refused = ImportProblem(
        "not_given", "Spotify does not let this app write to the playlist.", "Connect Spotify again, then write it."
    )
    with attempt(task, cursor, staging, gone=gone, refused=refused) as (session, account):
        if account.user_id != cursor["user"]:
            raise ImportProblem("another_account", "Another Spotify account is connected by now.", "Write it again.")
        _Writing(task, cursor, staging, session).run()


class _Writing:
    """Writes the playlist to Spotify, starting from ``cursor``."""

    def __init__(self, task: Task, cursor: dict[str, Any], staging: Staging, session: Session) -> None:
        self._task, self._staging, self._session = task, staging, session
        self._cursor, self._request = cursor, task.run.request or {}

    def run(self) -> None:
        if self._cursor["total"] is None:
            self._stage()
        again = self._cursor["begun"]
        spotify_id = self._cursor["id"] or self._made(again)
        uris = [f"spotify:track:{track_id}" for track_id in self._staging.rows(self._cursor["total"])]
        self._record(done=_rows_of(self._session, spotify_id) if again else 0)
        while self._cursor["done"] < len(uris):
            batch = uris[self._cursor["done"] :][:_BATCH]
            self._session.call("playlist_add_items", spotify_id, batch)
            self._record(done=self._cursor["done"] + len(batch), faults=0)

    def _stage(self) -> None:
        playlist = self._task.database.playlist(self._request["playlist_id"])
        if playlist is None:
            raise ImportProblem("deleted", "The playlist was deleted meanwhile.")
        ids, unknown = _ids_of(self._task.database, playlist)
        if not ids:
            hint = "Only tracks with a Spotify id can be written."
            raise ImportProblem("no_tracks", "No track of this playlist has a Spotify id.", hint)
        kept, skipped = ids[:_MOST_ROWS], {UNKNOWN: unknown, TOO_MANY: max(len(ids) - _MOST_ROWS, 0)}
        for start in range(0, len(kept), _BATCH):
            self._staging.put(start, kept[start : start + _BATCH])
        report = {"skipped": {reason: count for reason, count in skipped.items() if count}}
        self._record(total=len(kept), report=report | {"requested": len(ids) + unknown})

    def _made(self, again: bool) -> str:
        """Return the id of the playlist to write to: the one created before, or a new one."""
        if not again:
            self._record(begun=True)
        request, description = self._request, f"Written by Tastemap ({self._cursor['nonce']})"
        found = (_begun(self._session, description) if again else None) or self._session.call(
            "current_user_playlist_create", request["name"], public=request["public"], description=description
        )
        spotify_id = str(found.get("id") or "")
        if not SPOTIFY_ID.fullmatch(spotify_id):
            fault = "Spotify does not say which playlist it has made."
            raise SourceFault(FaultKind.GARBLED, fault, "Try again.")
        url = str(under(found, "external_urls", "spotify") or f"https://open.spotify.com/playlist/{spotify_id}")
        self._record(id=spotify_id, report={"result": {"id": spotify_id, "url": url}})
        return spotify_id

    def _record(self, report: dict[str, Any] | None = None, **changes: Any) -> None:
        """Move the cursor; raises Cancelled if somebody has ended the run."""
        self._cursor |= changes
        done, total = self._cursor["done"], self._cursor["total"]
        counts = {"stored": done, "bytes_done": done, "bytes_total": total}
        self._task.report.record(cursor=self._cursor, **counts, **(report or {}))
        self._task.report(Progress(phase="writing to Spotify", done=done, total=total), recorded=True)


def _ids_of(database: Database, playlist: Playlist) -> tuple[list[str], int]:
    """Return the Spotify ids of the rows in their order, and how many rows have none."""
    ids, rows = [], 0
    for start in range(0, playlist.item_count, PAGE_ITEMS):
        items = database.playlist_items(playlist.id, start, min(PAGE_ITEMS, playlist.item_count - start))
        unnumbered = {item.track_id for item in items if not SPOTIFY_ID.fullmatch(item.track_id)}
        tracks = database.get_tracks(unnumbered, playlist.owner)
        found = (
            item.track_id if item.track_id not in tracks else tracks[item.track_id].ids.get("spotify", "")
            for item in items
        )
        ids += [track_id for track_id in found if SPOTIFY_ID.fullmatch(track_id)]
        rows += len(items)
    return ids, rows - len(ids)


def _begun(session: Session, description: str) -> dict[str, Any] | None:
    newest = listed(session.call("current_user_playlists", limit=50), "items")
    return next((playlist for playlist in newest if under(playlist, "description") == description), None)


def _rows_of(session: Session, spotify_id: str) -> int:
    """Return how many rows the playlist has; the answer to the last batch may have been lost."""
    try:
        total = session.call("playlist_items", spotify_id, limit=1).get("total")
    except NotThere:  # Spotify's servers may not all know a new playlist yet
        total = None
    if not isinstance(total, int):
        raise SourceFault(FaultKind.GARBLED, "Spotify does not say how much of the playlist is written.", "Try again.")
    return total
