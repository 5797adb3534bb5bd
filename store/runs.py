"""A run: the import of one file, or a task such as gathering or training. Its states, progress and summary.

:mod:`jobs` queues runs and does them; :class:`store.database.Database` stores them.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from store.errors import TastemapError

ENDED = frozenset({"done", "failed", "cancelled"})
# A "waiting" run is due at its `wake_at`. A time farther ahead than this was stored before the clock was set back, and
# counts as due.
LONGEST_SLEEP = timedelta(days=8)
OPEN = frozenset({"queued", "running", "waiting"})
# The phase of a run that only waits for the catalogue to be built.
STORED = "stored"
FRESH_CURSOR: Mapping[str, Any] = {"rows": 0, "playlist": 0, "items": 0, "contributors": []}
# Kinds of runs that may take hours; they have their own queue, so that files do not wait for them.
LONG_KINDS = frozenset({"enrich", "balanced", "tracks", "artists", "segments", "train", "scan", "sounds"})


class ImportProblem(TastemapError):  # noqa: N818 - a fault of the file, shown to the person who imported it
    """A file cannot be imported, or a task cannot be done."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint, code=code)


class Postponed(Exception):  # noqa: N818 - not an error; the run continues at `until`
    """The run keeps its cursor and waits until ``until`` (aware); ``message`` says for what."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.message = message
        self.until = until


class Yielded(Exception):  # noqa: N818 - not an error; the run continues in the queue of large files
    """The run has taken long while others wait: it keeps its cursor and continues in another queue."""


class Cancelled(Exception):  # noqa: N818 - a person's decision
    """Somebody has cancelled the run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """The progress of a run: ``done`` of ``total`` (bytes or the unit of the run; None if unknown), and its counts."""

    phase: str
    done: int = 0
    total: int | None = None
    requested: int = 0
    stored: int = 0
    known: int = 0
    skipped: int = 0


MOST_EXAMPLES = 20  # skipped rows that are kept with a run


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """One row that was left out: its line in the file (1 = the headings) and the reason in words."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """The result of a run: every requested row was stored, known before, or skipped for a reason.

    ``requested == stored + known + sum(skipped.values())``. ``examples`` holds at most MOST_EXAMPLES skipped rows.
    ``emptied`` counts, by feature, values out of bounds, which were taken as missing.
    """

    requested: int = 0
    stored: int = 0
    known: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Skipped, ...] = ()
    emptied: Mapping[str, int] = field(default_factory=dict)


def now() -> datetime:
    """Return the time in UTC, rounded down to milliseconds as the database stores it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run as it is stored; :meth:`store.database.Database.update_run` changes it.

    Parameters
    ----------
    kind
        One of :data:`jobs.kinds.RUNNERS`; for a file, its kind once it has been read: "playlist", "table" ...
    owner
        The browser session that started it, which is a secret; None for the operator.
    installation_id
        The installation that does it; "" in a run that is not stored yet.
    source
        The path or address that the operator gave; None for an upload, which is in :func:`upload_folder`.
    by_operator
        Whether the browser that started it may change what concerns everybody.
    read_options
        A person's choices of how to read the file, a document of
        :class:`etl.imports.reading.read_options.ReadOptions`.
    state
        One of :data:`OPEN` or :data:`ENDED`; ``phase`` describes the current work in words.
    wake_at
        When a waiting run continues (aware, like all times here).
    unit
        What ``bytes_done`` and ``bytes_total`` count.
    skipped, unread
        Counts by reason of rows that were left out, and by heading of cells that could not be read.
    columns
        The heading of each field that was read from a table or list.
    notes
        Sentences about ambiguities of the file.
    playlist_ids
        The playlists imported so far, in the order of the file.
    request
        The options of a task, as JSON types.
    sources
        The counts of queries and answers by source.
    result
        The result of training or of writing to Spotify.
    cursor
        How much is stored already. For a file: the rows, the number of the playlist, its items and contributors.
    changed
        Whether it has changed tracks that the catalogue does not hold yet.
    most_rows
        How many rows it may import; None for no limit.
    large
        Whether it belongs to the queue of large files, because it takes long.
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
        """The first playlist that it has imported."""
        return next(iter(self.playlist_ids), None)


_FIELDS = frozenset(column.name for column in fields(Run)) - {"id"}
# These mappings are stored as pairs, because field names in the database should not contain dots.
_PAIRS = ("skipped", "unread", "columns")
_TUPLES = ("notes", "playlist_ids", "sources")


def run_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a :class:`Run`, by name, as its document holds them; raises TypeError for an unknown name."""
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
    """Return the run of a document, which may lack fields."""
    known = {name: document[name] for name in _FIELDS if name in document}
    for names, collect in ((_PAIRS, dict), (_TUPLES, tuple)):
        known |= {name: collect(known[name]) for name in names if name in known}
    examples = tuple(Skipped(**example) for example in document.get("skipped_examples", ()))
    return Run(**known | {"id": document["_id"], "skipped_examples": examples})


def upload_folder(var: Path, run_id: str) -> Path:
    """Return the folder of the uploaded file of a run."""
    return var / "uploads" / run_id


def lock_file(var: Path, run_id: str) -> Path:
    """Return the lock file of a run, which the process that does it holds; it contains a byte for each try."""
    return var / "runs" / f"{run_id}.lock"
