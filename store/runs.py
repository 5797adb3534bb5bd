"""A run: the import of one file, or a task such as gathering or a training. Its states and what it reports.

:mod:`jobs` queues runs and does them; :class:`store.database.Database` keeps them.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from store.errors import TastemapError

ENDED = frozenset({"done", "failed", "cancelled"})
# A run that is "waiting" sleeps in no process: it is due again at its `wake_at`, but after this time at the latest: one
# farther ahead was stored before the clock was set back.
LONGEST_SLEEP = timedelta(days=8)
OPEN = frozenset({"queued", "running", "waiting"})
# The phase of a run that only waits for the catalogue to be built.
STORED = "stored"
FRESH_CURSOR: Mapping[str, Any] = {"rows": 0, "playlist": 0, "items": 0, "contributors": []}
# Kinds that may take hours: files that are dropped meanwhile do not wait for them.
LONG_KINDS = frozenset({"enrich", "balanced", "tracks", "artists", "segments", "train", "scan", "sounds"})


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


class Yielded(Exception):  # noqa: N818 - nothing is wrong; the run goes on in the queue of large files
    """Others wait, and the run has taken its time: it keeps its cursor and goes on elsewhere."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run as it is stored; :meth:`store.database.Database.update_run` changes it.

    Parameters
    ----------
    kind
        One of :data:`jobs.kinds.RUNNERS`, or of a file what it is, once it has been read: "playlist", "table" ...
    owner
        The browser session that started it, which is a secret; None for the operator.
    installation_id
        The installation that does it; "" in a run that is not stored yet.
    source
        The path or address that the operator named; an upload has none and lies in its own folder.
    by_operator
        Whether the browser that started it may change what concerns everybody.
    read_options
        How somebody says that a file is to be read, as :class:`etl.imports.reading.read_options.ReadOptions` keeps it.
    state
        One of :data:`OPEN` or :data:`ENDED`; ``phase`` says in words what is being done.
    wake_at
        When a waiting run goes on (aware, as all times here).
    unit
        What ``bytes_done`` and ``bytes_total`` count.
    skipped, unread
        Counts by reason of rows that were left out, and by heading of cells that could not be read.
    columns
        The heading of each field that was read from a table or list.
    notes
        Sentences about what the file leaves open.
    playlist_ids
        The playlists that it has brought in so far, in the order of the file.
    request
        The options of a task in JSON's types.
    sources
        The counts of queries and answers by source.
    result
        What came of a training or of writing to Spotify.
    cursor
        How far what is stored reaches. Of a file: the rows, the number of the playlist, its items and contributors.
    changed
        Whether it has changed tracks that the catalogue does not hold yet.
    most_rows
        How many rows it may bring; None where there is no limit.
    large
        Whether it took so long that it has left the queue of files for that of large ones.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(12))
    name: str
    kind: str | None = None
    owner: str | None = None
    installation_id: str = ""
    source: str | None = None
    read_options: Mapping[str, Any] | None = None
    by_operator: bool = False
    state: str = "queued"
    phase: str = "waiting"
    started_at: datetime = field(default_factory=now)
    finished_at: datetime | None = None
    wake_at: datetime | None = None
    unit: str = "bytes"
    bytes_done: int = 0
    bytes_total: int | None = None
    requested: int = 0
    stored: int = 0
    known: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    skipped_examples: tuple[Skipped, ...] = ()
    unread: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sha256: str | None = None
    playlist_ids: tuple[str, ...] = ()
    request: Mapping[str, Any] | None = None
    sources: tuple[Mapping[str, Any], ...] = ()
    result: Mapping[str, Any] | None = None
    error: Mapping[str, str] | None = None
    cursor: Mapping[str, Any] = field(default_factory=lambda: dict(FRESH_CURSOR))
    changed: bool = False
    most_rows: int | None = None
    large: bool = False

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def playlist_id(self) -> str | None:
        """The first playlist that it has brought in."""
        return next(iter(self.playlist_ids), None)


_FIELDS = frozenset(column.name for column in fields(Run)) - {"id"}
# Reasons and headings are pairs in the store, because field names there should hold no dots.
_PAIRS = ("skipped", "unread", "columns")
_TUPLES = ("notes", "playlist_ids", "sources")


def run_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a :class:`Run` by name as they lie in its document; raises TypeError for an unknown name."""
    if unknown := changes.keys() - _FIELDS:
        raise TypeError(f"a run has no field {', '.join(sorted(unknown))}")
    stored = dict(changes)
    for name in _PAIRS:
        if name in stored:
            stored[name] = [list(pair) for pair in stored[name].items()]
    if "skipped_examples" in stored:
        stored["skipped_examples"] = [asdict(example) for example in stored["skipped_examples"]]
    return stored


def run_document(run: Run) -> dict[str, Any]:
    """Return the whole document of a run."""
    return {"_id": run.id} | run_fields({name: getattr(run, name) for name in _FIELDS})


def run_from(document: Mapping[str, Any]) -> Run:
    """Return the run of a document, or of the part of one that was read."""
    known = {name: document[name] for name in _FIELDS if name in document}
    for names, collect in ((_PAIRS, dict), (_TUPLES, tuple)):
        known |= {name: collect(known[name]) for name in names if name in known}
    examples = tuple(Skipped(**example) for example in document.get("skipped_examples", ()))
    return Run(**known | {"id": document["_id"], "skipped_examples": examples})


def upload_folder(var: Path, run_id: str) -> Path:
    """Return the folder that holds the one file of an uploaded run."""
    return var / "uploads" / run_id


def lock_file(var: Path, run_id: str) -> Path:
    """Return the file whose lock a process holds while it does the run; it has a byte for each try."""
    return var / "runs" / f"{run_id}.lock"
