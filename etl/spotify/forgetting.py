"""Disconnecting: the tokens go at once, and with them everything that came through the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from etl.engine import Engine
from etl.runs import cancel_run, new_task_run
from etl.spotify.accounts import Accounts
from etl.spotify.importing import KIND, SOURCE
from etl.spotify.staging import Staging
from etl.tasks import Task
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist


def disconnect(database: Database, engine: Engine, owner: str) -> dict[str, Any]:
    """Delete the tokens, runs and playlists of this session's account, and what Spotify has answered.

    Returns the document of the run that remains to be queued: :func:`forget` deletes the tracks that came by the
    login and that no other playlist holds.
    """
    accounts = Accounts(database, engine.vault)
    runs = list(accounts.document(owner).get("runs", {}))
    accounts.forget(owner)  # first: a run under way finds no token from now on
    for run_id in runs:
        cancel_run(database, run_id)
        Staging(database, run_id).clear()
    database.delete_documents("runs", runs)
    tracks = _delete_playlists(database, owner)
    engine.forget(SOURCE)
    return new_task_run("spotify-forget", "What came from Spotify", owner) | {"tracks": sorted(tracks)}


def forget(task: Task) -> None:
    """Delete the tracks in ``document["tracks"]`` that came by a login and that no playlist holds any more."""
    database, owner = task.database, task.document["owner"]
    ids = set(task.document["tracks"])
    if Accounts(database, task.engine.vault).get(owner) is None:
        ids |= _delete_playlists(database, owner)  # of a run that was at its last page
    came = {track_id for track_id, track in database.get_tracks(ids).items() if track.source == KIND}
    held = {track_id for playlist in _all_playlists(database) for track_id in _tracks_in(database, playlist)}
    database.delete_documents("tracks", came - held)
    task.report.record({"changed": True})


def _delete_playlists(database: Database, owner: str) -> set[str]:
    """Delete the playlists that came by this session's login; return the ids of the tracks in them."""
    tracks: set[str] = set()
    for playlist in database.playlists(owner):
        if playlist.owner == owner and playlist.source.startswith(f"{KIND}: "):
            tracks |= set(_tracks_in(database, playlist))
            database.delete_playlist(playlist.id)
    return tracks


def _all_playlists(database: Database) -> Iterator[Playlist]:
    names = database.names_where("playlists", {})
    return (playlist for name in names if (playlist := database.playlist(name)))


def _tracks_in(database: Database, playlist: Playlist) -> Iterator[str]:
    # One page more may be there than is counted, while rows arrive.
    for start in range(0, playlist.item_count + PAGE_ITEMS, PAGE_ITEMS):
        yield from (item.track_id for item in database.playlist_items(playlist.id, start, PAGE_ITEMS))
