"""Stores domain types in MongoDB.

Queries are limited to what the embedded server does well: point look-ups, ``$in``, small indexed ranges and batched
inserts. No request sorts, counts, groups or pages through a collection.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from store.documents import (
    OWN_TRACKS,
    item_document,
    item_from,
    layer_of,
    people_rows,
    playlist_document,
    playlist_from,
    track_changes,
    track_document,
    track_from,
    track_key,
)
from store.domain import Person, Playlist, PlaylistItem, Track
from store.errors import StoreDown, StoreError
from store.mongo.connection import Connection, translated
from store.mongo.embedded import EmbeddedServer
from store.mongo.indexes import INDEXES, missing_indexes
from store.mongo.installation import installation_id_of
from store.runs import LONGEST_SLEEP, OPEN, Run, now, run_document, run_fields, run_from

__all__ = ["PAGE_ITEMS", "Database", "StoreDown", "StoreError", "open_database"]

# How many rows one document holds: far below MongoDB's limit of 16 MB, and 1,000 rows need at most three documents.
PAGE_ITEMS = 500
_DUPLICATE_KEY = 11000
# The fields of a run that lists are chosen by; its cursor may be large.
_OUTLINE = dict.fromkeys(("name", "state", "started_at", "owner", "installation_id", "changed"), 1)
_OPERATORS_RUNS = 15


class Database(Connection):
    """The database of tracks, playlists and runs. It connects on first use in each process.

    ``installation_id`` names the installation that uses it. Several installations may share a MongoDB and its data, but
    each sees only its own runs, because a run needs the file on its disk. Without an id, all runs are visible.
    """

    def __init__(
        self,
        uri: str,
        server: EmbeddedServer | None = None,
        *,
        installation_id: str = "",
        patience_s: float = 30.0,
        deadline_s: float | None = None,
    ) -> None:
        super().__init__(uri, server, patience_s=patience_s, deadline_s=deadline_s)
        self.installation_id = installation_id
        # How many tracks this object has changed: if any, the catalogue must be built again.
        self.tracks_changed = 0

    # -- tracks ---------------------------------------------------------------------------------------------

    @translated
    def put_tracks(
        self, tracks: Sequence[Track], brought_by: str = "", *, owner: str | None = None, repair: bool = False
    ) -> tuple[int, int]:
        """Store ``tracks`` (distinct ids) in the layer of ``owner``; return how many are new and how many were known.

        Without an owner, they are stored in the shared layer. A known track gets the values it lacked, and with
        ``repair`` also the values that differ (:mod:`store.gaps`). A track first stored under the same ``brought_by``
        counts as new, so that a page repeated after a kill reports the same numbers.
        """
        layer = layer_of(owner)
        offered = {track_key(track.id, owner): track for track in tracks}
        try:
            if offered:
                documents = [track_document(track, brought_by, owner) for track in offered.values()]
                self._mongo[layer].insert_many(documents, ordered=False)
            self.tracks_changed += len(offered)
            return len(offered), 0
        except BulkWriteError as fault:
            errors = fault.details["writeErrors"]
            concerns = fault.details.get("writeConcernErrors")
            if concerns or any(error["code"] != _DUPLICATE_KEY for error in errors):
                raise
            known = self.get_documents(layer, [error["op"]["_id"] for error in errors])
        changing = [(name, track_changes(document, offered[name], repair=repair)) for name, document in known.items()]
        updates = [UpdateOne({"_id": name}, {"$set": changes}) for name, changes in changing if changes]
        if updates:
            self._mongo[layer].bulk_write(updates, ordered=False)
        before = sum(not brought_by or document["brought_by"] != brought_by for document in known.values())
        self.tracks_changed += len(offered) - before + len(updates)
        return len(offered) - before, before

    def track_documents(self, track_ids: Collection[str], owner: str | None = None) -> dict[str, dict[str, Any]]:
        """Return the documents of ``track_ids`` that are known, by id: the one of ``owner``, else the shared one."""
        own = self._own_documents(track_ids, owner) if owner is not None else {}
        return own | self.get_documents("tracks", [track_id for track_id in track_ids if track_id not in own])

    def _own_documents(self, track_ids: Collection[str], owner: str) -> dict[str, dict[str, Any]]:
        found = self.get_documents(OWN_TRACKS, [track_key(track_id, owner) for track_id in track_ids])
        return {document["track"]: document for document in found.values()}

    def get_track(self, track_id: str, owner: str | None = None) -> Track | None:
        return self.get_tracks([track_id], owner).get(track_id)

    def get_tracks(self, track_ids: Collection[str], owner: str | None = None) -> dict[str, Track]:
        """Return the tracks of ``track_ids`` that are known, by id: the one of ``owner``, else the shared one."""
        found = self.track_documents(track_ids, owner)
        return {track_id: track_from(document) for track_id, document in found.items()}

    def own_tracks(self, track_ids: Collection[str], owner: str) -> dict[str, Track]:
        """Return the tracks of ``track_ids`` in the layer of ``owner``, by id."""
        found = self._own_documents(track_ids, owner)
        return {track_id: track_from(document) for track_id, document in found.items()}

    def all_tracks(self, owner: str | None = None) -> Iterator[Track]:
        """Yield every track of the shared layer, or of ``owner``, in one scan: for builds, not requests.

        (For each range of ids the embedded server would read the whole collection.)
        """
        wanted = {} if owner is None else {"owner": owner}
        with self._errors():
            for document in self._mongo[layer_of(owner)].find(wanted, batch_size=1000):
                yield track_from(document)

    def delete_tracks(self, track_ids: Collection[str]) -> None:
        """Delete tracks of the shared layer."""
        self.delete_documents("tracks", track_ids)
        self.tracks_changed += len(track_ids)

    # -- playlists ------------------------------------------------------------------------------------------

    def playlist(self, playlist_id: str) -> Playlist | None:
        document = self.get_document("playlists", playlist_id)
        return playlist_from(document) if document else None

    def playlists(self, owner: str | None, *, unshared: bool = True) -> list[Playlist]:
        """Return the playlists of ``owner`` and of the installation, newest first.

        Without ``unshared``, only the shared playlists of the installation are included.
        """
        found = map(playlist_from, self.documents_where("playlists", {"owner": {"$in": [owner, None]}}))
        visible = [playlist for playlist in found if playlist.owner is not None or playlist.shared or unshared]
        return sorted(visible, key=lambda each: (each.created_at is not None, each.created_at, each.id), reverse=True)

    def put_playlist(self, playlist: Playlist) -> None:
        """Store ``playlist``, replacing the one with its id; if it names no ``people``, the stored ones stay."""
        document = playlist_document(playlist)
        self.change_document("playlists", document.pop("_id"), document, upsert=True)

    def rename_playlist(self, playlist_id: str, name: str) -> None:
        """Store the name that a user gives a playlist; a repeated import does not take it back."""
        self.change_document("playlists", playlist_id, {"renamed": name})

    def put_people(self, playlist_id: str, people: Mapping[str, Person]) -> bool:
        """Replace the names, colours and shapes of a playlist's people; return False if the playlist was deleted."""
        return self.change_document("playlists", playlist_id, {"people": people_rows(people)})

    @translated
    def grow_playlist(self, playlist_id: str, item_count: int) -> bool:
        """Store that ``item_count`` rows of a playlist have arrived; return False if the playlist was deleted."""
        changed = self._mongo["playlists"].update_one({"_id": playlist_id}, {"$max": {"item_count": item_count}})
        return changed.matched_count > 0

    def put_page(self, playlist_id: str, page: int, items: Sequence[PlaylistItem]) -> None:
        """Store rows ``page * PAGE_ITEMS`` onwards of a playlist, at most ``PAGE_ITEMS`` of them."""
        if len(items) > PAGE_ITEMS:
            raise ValueError(f"a page holds {PAGE_ITEMS} rows, not {len(items)}")
        document = {"_id": _page_id(playlist_id, page), "items": [item_document(item) for item in items]}
        self.put_document("playlist_pages", document)

    def playlist_items(self, playlist_id: str, start: int = 0, limit: int = PAGE_ITEMS) -> list[PlaylistItem]:
        """Return at most ``limit`` rows from position ``start`` (0 = the first)."""
        pages = range(start // PAGE_ITEMS, -(-(start + limit) // PAGE_ITEMS))
        names = {_page_id(playlist_id, page): page * PAGE_ITEMS for page in pages}
        found = self.get_documents("playlist_pages", names)
        rows = (
            item_from(row, first + offset)
            for name, first in names.items()
            for offset, row in enumerate(found.get(name, {"items": ()})["items"])
        )
        return [row for row in rows if start <= row.position < start + limit]

    def cut_playlist(self, playlist_id: str, item_count: int, before: int) -> None:
        """Shorten a playlist from ``before`` rows to ``item_count``: delete the pages that hold only later rows."""
        pages = range(-(-item_count // PAGE_ITEMS), -(-before // PAGE_ITEMS))
        self.delete_documents("playlist_pages", [_page_id(playlist_id, page) for page in pages])

    def delete_playlist(self, playlist_id: str, item_count: int = 0, owner: str | None = None) -> None:
        """Delete a playlist, its rows, and its owner's tracks that no other playlist of the owner holds.

        The shared layer is not changed. The playlist disappears in the first step. After a kill, another call with its
        ``item_count`` and ``owner`` deletes the rest.
        """
        if playlist := self.get_document("playlists", playlist_id):
            owner, item_count = playlist["owner"], max(item_count, playlist["item_count"])
        self.delete_documents("playlists", [playlist_id])
        if owner is not None:
            self._delete_own(playlist_id, owner, item_count)
        # Pages are deleted by id, because the embedded server reads the whole collection for a range of ids. One more
        # page than counted may exist: while rows arrive, a page is stored before it is counted.
        pages = 1 + -(-item_count // PAGE_ITEMS)
        self.delete_documents("playlist_pages", [_page_id(playlist_id, page) for page in range(pages)])

    def give_playlist(self, playlist_id: str, brought_by: str) -> int:
        """Give a playlist and its owner's tracks in it to the installation; return the number of these tracks.

        Then everybody sees it. A second call changes nothing.
        """
        playlist = self.get_document("playlists", playlist_id)
        if playlist is None or playlist["owner"] is None:
            return 0
        own = self.own_tracks(self._track_ids(playlist_id, playlist["item_count"]), playlist["owner"])
        tracks = list(own.values())
        for start in range(0, len(tracks), PAGE_ITEMS):
            self.put_tracks(tracks[start : start + PAGE_ITEMS], brought_by, repair=True)
        self._delete_own(playlist_id, playlist["owner"], playlist["item_count"])
        self.change_document("playlists", playlist_id, {"owner": None, "shared": True})
        return len(tracks)

    def share_playlist(self, playlist_id: str, shared: bool) -> None:
        """Set whether everybody sees a playlist of the installation."""
        self.change_document("playlists", playlist_id, {"shared": shared})

    def _delete_own(self, playlist_id: str, owner: str, item_count: int) -> None:
        """Delete the own tracks of ``owner`` that only this playlist holds."""
        alone = self._track_ids(playlist_id, item_count)
        for other in self.documents_where("playlists", {"owner": owner}):
            if alone and other["_id"] != playlist_id:
                alone -= self._track_ids(other["_id"], other["item_count"])
        self.delete_documents(OWN_TRACKS, [track_key(track_id, owner) for track_id in alone])
        self.tracks_changed += len(alone)

    def _track_ids(self, playlist_id: str, item_count: int) -> set[str]:
        starts = range(0, item_count + PAGE_ITEMS, PAGE_ITEMS)
        return {item.track_id for start in starts for item in self.playlist_items(playlist_id, start)}

    # -- runs -----------------------------------------------------------------------------------------------

    def put_run(self, run: Run) -> None:
        """Store a run; one without an installation becomes a run of this one."""
        self.put_document("runs", run_document(run) | {"installation_id": run.installation_id or self.installation_id})

    def update_run(self, run_id: str, *, states: Collection[str] | None = None, **changes: Any) -> bool:
        """Change fields of a run atomically if it is in one of ``states`` (None: any); return False if it is not."""
        where = None if states is None else {"state": {"$in": list(states)}}
        return self.change_document("runs", run_id, run_fields(changes), where=where)

    def get_run(self, run_id: str) -> Run | None:
        document = self.get_document("runs", run_id)
        return run_from(document) if document else None

    def cancel_run(self, run_id: str) -> bool:
        """End a run and delete its incomplete playlists; return False if it has ended already or is unknown.

        A process that does the run stops after its current page.
        """
        cancelled = self.update_run(run_id, states=OPEN, state="cancelled", phase="cancelled", finished_at=now())
        if cancelled:
            self.delete_incomplete(run_id)
        return cancelled

    def delete_incomplete(self, run_id: str) -> None:
        """Delete the playlists of a run that are not complete."""
        run = self.get_run(run_id)
        for playlist_id in run.playlist_ids if run else ():
            playlist = self.playlist(playlist_id)
            if playlist and not playlist.complete:
                self.delete_playlist(playlist_id)

    def unfinished_runs(self) -> list[Run]:
        """Return this installation's runs that can be done now, oldest first: queued, interrupted, or past ``wake_at``.

        Runs without an installation belong to every installation.
        """
        return [run for run in self._unfinished(ours=True) if not _asleep(run)]

    def waiting_runs(self) -> list[Run]:
        """Return this installation's runs that wait until their ``wake_at``, oldest first."""
        return [run for run in self._unfinished(ours=True) if _asleep(run)]

    @translated
    def runs_of(self, owner: str | None, limit: int = 50) -> list[Run]:
        """Return the runs of ``owner`` and of the operator without their cursors, newest first.

        If there are more than ``limit``, runs that have not ended are preferred, then the newest. At most
        ``_OPERATORS_RUNS`` of them are the operator's, unless the owner has too few to fill the list.
        """
        while True:
            outlines = self._outlines(owner, limit)
            found = self._mongo["runs"].find({"_id": {"$in": [run.id for run in outlines]}}, {"cursor": 0})
            runs = sorted(map(run_from, found), key=_age, reverse=True)
            # A run that has ended between the two reads may have queued another one, which the first read lacks.
            were_open = {run.id for run in outlines if not run.ended}
            if not any(run.ended and run.id in were_open for run in runs):
                return runs

    def _outlines(self, owner: str | None, limit: int) -> list[Run]:
        own = self._newest_runs(owner, limit)
        most = max(limit - len(own), min(limit, _OPERATORS_RUNS))
        operators = self._newest_runs(None, most) if owner is not None else []
        return [*own[: limit - len(operators)], *operators]

    def _newest_runs(self, owner: str | None, limit: int) -> list[Run]:
        """Return the outlines of at most ``limit`` runs: those that have not ended, then the newest."""
        found = map(run_from, self._mongo["runs"].find({"owner": owner}, _OUTLINE))
        visible = [run for run in found if owner or self._is_ours(run)]
        return sorted(visible, key=lambda run: (not run.ended, *_age(run)), reverse=True)[:limit]

    def delete_old_runs(self, before: datetime, keep: int) -> int:
        """Delete this installation's ended runs that started ``before`` (aware), and return their number.

        The ``keep`` newest runs of each owner stay. It reads all runs: for the worker, not requests.
        """
        with self._errors():
            found = [run for run in map(run_from, self._mongo["runs"].find({}, _OUTLINE)) if self._is_ours(run)]
        by_owner: dict[str | None, list[Run]] = {}
        for run in sorted(found, key=_age, reverse=True):
            by_owner.setdefault(run.owner, []).append(run)
        old = [
            run.id
            for runs in by_owner.values()
            for run in runs[keep:]
            if run.started_at < before and run.ended and not run.changed
        ]
        self.delete_documents("runs", old)
        return len(old)

    def runs_elsewhere(self) -> list[Run]:
        """Return the runs of other installations that have not ended."""
        return self._unfinished(ours=False)

    def _unfinished(self, *, ours: bool) -> list[Run]:
        found = map(run_from, self.documents_where("runs", {"state": {"$in": list(OPEN)}}))
        return sorted((run for run in found if self._is_ours(run) == ours), key=_age)

    def _is_ours(self, run: Run) -> bool:
        return self.installation_id in ("", run.installation_id or self.installation_id)

    # -- counts ---------------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Return the numbers of tracks and playlists as of the last :meth:`refresh_counts`."""
        document = self.get_document("stats", "counts") or {}
        return {name: document.get(name, 0) for name in ("tracks", "playlists")}

    @translated
    def refresh_counts(self) -> None:
        """Count tracks and playlists again; takes a second per 100,000 tracks on the embedded server."""
        numbers = {name: self._mongo[name].estimated_document_count() for name in ("tracks", "playlists")}
        self._mongo["stats"].replace_one({"_id": "counts"}, numbers, upsert=True)

    @translated
    def create_indexes(self) -> None:
        """Create the indexes on a MongoDB server; :mod:`store.mongo.indexes` does it on the embedded one."""
        for name, models in INDEXES.items():
            self._mongo[name].create_indexes(list(models))

    @translated
    def missing_indexes(self) -> list[str]:
        """Return :func:`store.mongo.indexes.missing_indexes` of this database."""
        return missing_indexes(self._mongo)


def open_database(var: Path, mongodb_uri: str = "", *, installation_id: str = "", patience_s: float = 30.0) -> Database:
    """Return the database of this installation: ``mongodb_uri`` if given, else the embedded one, started or joined.

    ``installation_id`` names the installation; if it is empty, ``var`` holds the name.

    Raises EmbeddedError if the embedded server cannot be started; StoreError if the MongoDB server does not answer,
    ``var`` cannot be written, or the database holds documents of another version (:mod:`store.mongo.schema`).
    """
    server = None if mongodb_uri else EmbeddedServer(var)
    uri = server.start() if server else mongodb_uri
    database = Database(uri, server, installation_id=installation_id or installation_id_of(var), patience_s=patience_s)
    try:
        if server:
            database.ping()
        else:
            database.create_indexes()
    except StoreError:
        database.close()
        raise
    return database


def _asleep(run: Run) -> bool:
    if run.state != "waiting" or run.wake_at is None:
        return False
    return timedelta() < run.wake_at - datetime.now(UTC) <= LONGEST_SLEEP


def _age(run: Run) -> tuple[datetime, str]:
    return run.started_at, run.id


def _page_id(playlist_id: str, page: int) -> str:
    return f"{playlist_id}:{page:06d}"
