"""A run: the import of one file, or a task such as a harvest. What it reports, and the process that does it.

What it does lies in :mod:`etl.importing` and :mod:`etl.tasks`, which the web process never loads.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from store.catalogue.catalogue import Catalogue, CatalogueError
from store.database import Database, StoreError
from store.documents import playlist_ids_of
from store.locks import take

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
ENDED = frozenset({"done", "failed", "cancelled"})
# A run that is "waiting" sleeps in no process: it is due again at its `wake_at`.
OPEN = ("queued", "running", "waiting")
# An import that is killed is picked up again this often before it is left to `python -m etl resume`.
_ATTEMPTS = 3
_NOT_AGAIN = frozenset({0, 2})  # it has ended, well or badly; it cannot start at all
_BLOCK = 1 << 20
_MAX_NAME_BYTES = 200
# The phase of a run that only waits for the catalogue to be built.
STORED = "stored"
FRESH_CURSOR: Mapping[str, Any] = {"rows": 0, "playlist": 0, "items": 0, "contributors": []}


class ImportProblem(Exception):  # noqa: N818 - a fault of the file, told to the person who brought it
    """A file that cannot be imported: ``code`` for programs, ``message`` and ``hint`` for people."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Postponed(Exception):  # noqa: N818 - nothing is wrong; the run goes on at `until`
    """Nothing can be done before ``until`` (aware): the run keeps its cursor and waits. ``message`` says for what."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.message = message
        self.until = until


class Cancelled(Exception):  # noqa: N818 - the listener's will
    """The run has been cancelled while it was done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where a run stands: ``done`` of ``total`` (bytes, or the run's unit; None when unknown), the counts so far."""

    phase: str
    done: int = 0
    total: int | None = None
    asked: int = 0
    stored: int = 0
    known: int = 0
    skipped: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """One row that was left out: its line in the file (1 = the headings) and the reason in words."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoning:
    """The end of a run: every row asked for is stored, already known or skipped for a reason.

    ``asked == stored + known + sum(skipped.values())``; ``examples`` holds at most twenty skipped rows;
    ``emptied`` counts by feature the values out of bounds that were taken as missing.
    """

    asked: int = 0
    stored: int = 0
    known: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Skipped, ...] = ()
    emptied: Mapping[str, int] = field(default_factory=dict)


def now() -> datetime:
    """Return the time in UTC in the milliseconds that the database keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_run(name: str, owner: str | None = None, source: str | None = None, size: int | None = None) -> dict[str, Any]:
    """Return the document of a run that waits to be done.

    ``source`` is the path or address that the operator named; an upload has none and lies in its own folder.
    ``cursor`` says how far the pages stored so far reach: rows of the file, and the number of the playlist in it,
    its items and its contributors.
    """
    return {
        "_id": secrets.token_hex(12),
        "kind": None,
        "name": name,
        "sha256": None,
        "owner": owner,
        "state": "queued",
        "phase": "waiting",
        "bytes_done": 0,
        "bytes_total": size,
        "asked": 0,
        "stored": 0,
        "known": 0,
        "skipped": [],
        "skipped_examples": [],
        "playlist_id": None,
        "playlist_ids": [],
        "started_at": now(),
        "finished_at": None,
        "error": None,
        "source": source,
        "cursor": dict(FRESH_CURSOR),
    }


def new_task_run(
    kind: str,
    name: str,
    owner: str | None = None,
    *,
    request: Mapping[str, Any] | None = None,
    unit: str = "tracks",
    cursor: Mapping[str, Any] = FRESH_CURSOR,
) -> dict[str, Any]:
    """Return the document of a run that reads no file: of a ``kind`` in :data:`etl.tasks.RUNNERS`.

    ``request`` is what was asked for, in JSON's types, and is shown; ``unit`` is what its progress counts.
    """
    task = {"kind": kind, "request": dict(request or {}), "unit": unit, "cursor": dict(cursor), "sources": []}
    return new_run(name, owner) | task


def cancel_run(database: Database, run_id: str) -> bool:
    """End a run that has not ended and delete what has arrived of its playlists; ``False`` if there is nothing to end.

    Whoever does it at this moment notices behind the page that is under way.
    """
    ended = {"state": "cancelled", "phase": "cancelled", "finished_at": now()}
    if not database.change_document("runs", run_id, ended, where={"state": {"$in": list(OPEN)}}):
        return False
    delete_incomplete(database, database.load_run(run_id) or {})
    return True


def delete_incomplete(database: Database, document: Mapping[str, Any]) -> None:
    """Delete the playlists of a run that have not arrived whole: nothing stays behind half."""
    for playlist_id in playlist_ids_of(document):
        playlist = database.playlist(playlist_id)
        if playlist and not playlist.complete:
            database.delete_playlist(playlist_id)


def upload_folder(var: Path, run_id: str) -> Path:
    """Return the folder that holds the one file of an uploaded run."""
    return var / "uploads" / run_id


def create_upload_run(
    database: Database, var: Path, owner: str | None, filename: str, stream: IO[bytes], max_bytes: int
) -> dict[str, Any]:
    """Keep an uploaded file and queue its import; return the run as the outside may know it.

    Raises
    ------
    ImportProblem
        The file has more than ``max_bytes`` (``too_large``); nothing of it is kept.
    """
    name = safe_name(filename)
    document = new_run(name, owner)
    folder = upload_folder(var, document["_id"])
    folder.mkdir(parents=True)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        document["bytes_total"] = _receive(stream, folder / f"{name}.partial", max_bytes)
        (folder / f"{name}.partial").rename(folder / name)
        database.put_run(document)
        undo.pop_all()
    run = database.get_run(document["_id"])
    assert run is not None
    return run


def _receive(stream: IO[bytes], target: Path, max_bytes: int) -> int:
    size = 0
    with target.open("wb") as file:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > max_bytes:
                raise ImportProblem(
                    "too_large",
                    f"The file has more than {max_bytes // (1024 * 1024)} MB.",
                    "Split it, or import it on the server: python -m etl import FILE",
                )
            file.write(block)
    return size


def lock_file(var: Path, run_id: str) -> Path:
    """Return the file whose lock a process holds while it does the run; it has a byte for each try."""
    return var / "runs" / f"{run_id}.lock"


def safe_name(filename: str) -> str:
    """Return the last part of ``filename`` as a file name that is safe here; browsers may send paths."""
    last = re.split(r"[/\\]", filename)[-1]
    plain = re.sub(r"[\x00-\x1f\x7f]", "", last).strip(" .")
    # File systems count bytes, and the ending must stay.
    return plain.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore") or "upload.csv"


def catalogue_is_behind(database: Database, var: Path) -> bool:
    """Say whether the catalogue on this disk is damaged, of another version, or without what the database holds.

    The last is what a host with a disk that does not stay finds at every start. Compares with the numbers of the
    last :meth:`~store.database.Database.refresh_counts`.
    """
    try:
        counts = segments_of(var)
    except CatalogueError:
        return True
    return counts.get("collection", 0) < database.counts()["tracks"]


def segments_of(var: Path) -> dict[str, int]:
    """Return the segments of the catalogue and how many tracks each holds; raises CatalogueError."""
    return {segment.name: segment.count for segment in Catalogue(var / "catalogue").current().segments}


def spawn_worker(var: Path, mongodb_uri: str) -> None:
    """Start ``python -m etl work`` as a process of its own that outlives this one; it does all queued runs in turn.

    One works at a time and the others leave at once, so that twenty files dropped together do not import side by
    side; harvests, which may take hours, take turns of their own. What the process says goes to
    ``<var>/log/import.log``. One that is killed is started again, and goes on where it was.
    """
    env = os.environ | {"TASTEMAP_VAR": str(var), "MONGODB_URI": mongodb_uri}
    folder = var / "log"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "etl", "work"]

    def start() -> subprocess.Popen[bytes]:
        with (folder / "import.log").open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def attend(process: subprocess.Popen[bytes]) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            if process.wait() in _NOT_AGAIN or attempt == _ATTEMPTS:
                return
            log.warning("the import worker ended with %d; starting it again", process.returncode)
            time.sleep(attempt)
            process = start()

    # Waiting for it is what keeps a zombie from staying.
    threading.Thread(target=attend, args=(start(),), daemon=True, name="import worker").start()


def _left_alone(var: Path, unfinished: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the runs that were begun and that no process of this machine is at, each with how far it is."""
    running = [run for run in unfinished if run["state"] == "running"]
    free = []
    for run in running:
        lock = take(lock_file(var, run["_id"]), shared=True, wait=False)
        if lock is not None:
            os.close(lock)
            free.append(run)
    if len(free) < len(running):  # what is stored waits for the others of its command
        free = [run for run in free if run["phase"] != STORED]
    return {(run["_id"], repr([run[name] for name in ("phase", "bytes_done", "cursor")])) for run in free}


def watch_waiting(
    database: Database,
    var: Path,
    mongodb_uri: str,
    *,
    every_s: float = 60.0,
    also: Callable[[], bool] = lambda: False,
) -> threading.Event:
    """Start a thread that has runs done that have slept enough or that nobody does any more, until the event is set.

    Each time it calls ``also``, too, which tells whether there is something else for the worker.
    """
    stop = threading.Event()

    def watch() -> None:
        left: set[tuple[str, str]] = set()
        while not stop.wait(every_s):
            try:
                unfinished = database.unfinished_runs()
                due = also() or any(run["state"] == "waiting" for run in unfinished)
            except StoreError:
                continue  # those who ask for something are told; here the next look will do
            before, left = left, _left_alone(var, unfinished)
            # Found so twice, and no farther: one look may fall between two steps of a process that does it.
            if due or left & before:
                spawn_worker(var, mongodb_uri)
                left = set()

    threading.Thread(target=watch, daemon=True, name="waiting runs").start()
    return stop
