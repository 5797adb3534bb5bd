"""A run: the import of one file, or a task such as gathering or a training. Its states and what it reports.

:mod:`jobs` queues runs and does them.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.database import Database
from store.documents import playlist_ids_of
from store.errors import TastemapError

ENDED = frozenset({"done", "failed", "cancelled"})
# A run that is "waiting" sleeps in no process: it is due again at its `wake_at`.
OPEN = ("queued", "running", "waiting")
# The phase of a run that only waits for the catalogue to be built.
STORED = "stored"
FRESH_CURSOR: Mapping[str, Any] = {"rows": 0, "playlist": 0, "items": 0, "contributors": []}
# Kinds that may take hours: files that are dropped meanwhile do not wait for them.
LONG_KINDS = frozenset({"enrich", "balanced", "tracks", "artists", "segments", "train"})


class ImportProblem(TastemapError):  # noqa: N818 - a fault of the file, shown to the person who brought it
    """A file that cannot be imported: ``code`` for programs, ``message`` and ``hint`` for people."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint, code=code)


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
    requested: int = 0
    stored: int = 0
    known: int = 0
    skipped: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """One row that was left out: its line in the file (1 = the headings) and the reason in words."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """The end of a run: every requested row is stored, already known or skipped for a reason.

    ``requested == stored + known + sum(skipped.values())``; ``examples`` holds at most twenty skipped rows;
    ``emptied`` counts by feature the values out of bounds that were taken as missing.
    """

    requested: int = 0
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
        "name": name,
        "owner": owner,
        "source": source,
        "state": "queued",
        "phase": "waiting",
        "started_at": now(),
        "bytes_total": size,
        **dict.fromkeys(("bytes_done", "requested", "stored", "known"), 0),
        **dict.fromkeys(("kind", "sha256", "playlist_id", "finished_at", "error")),
        **{name: [] for name in ("skipped", "skipped_examples", "playlist_ids")},
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
    """Return the document of a run that reads no file: of a ``kind`` in :data:`jobs.kinds.RUNNERS`.

    ``request`` holds the options of the run in JSON's types, and is shown; ``unit`` is what its progress counts.
    """
    task = {"kind": kind, "request": dict(request or {}), "unit": unit, "cursor": dict(cursor), "sources": []}
    return new_run(name, owner) | task


def cancel_run(database: Database, run_id: str) -> bool:
    """End a run that has not ended and delete what has arrived of its playlists; ``False`` if there is nothing to end.

    A process that does the run stops after the page that is under way.
    """
    ended = {"state": "cancelled", "phase": "cancelled", "finished_at": now()}
    if not database.change_document("runs", run_id, ended, where={"state": {"$in": list(OPEN)}}):
        return False
    delete_incomplete(database, database.load_run(run_id) or {})
    return True


def delete_incomplete(database: Database, document: Mapping[str, Any]) -> None:
    """Delete the playlists of a run that are not complete."""
    for playlist_id in playlist_ids_of(document):
        playlist = database.playlist(playlist_id)
        if playlist and not playlist.complete:
            database.delete_playlist(playlist_id)


def upload_folder(var: Path, run_id: str) -> Path:
    """Return the folder that holds the one file of an uploaded run."""
    return var / "uploads" / run_id


def lock_file(var: Path, run_id: str) -> Path:
    """Return the file whose lock a process holds while it does the run; it has a byte for each try."""
    return var / "runs" / f"{run_id}.lock"
