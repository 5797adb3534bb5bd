"""Queues runs within limits, and starts the processes that do them.

Those processes load :mod:`jobs.worker`; the web processes never do.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from config import ROOT, WorkLimits
from jobs.limits import TooManyRuns, check_open, with_room
from store.database import Database, StoreError
from store.disk import log_fault, replacing
from store.locks import locked, take
from store.networks import networks_of
from store.runs import LONG_KINDS, STORED, ImportProblem, Run, lock_file, upload_folder

__all__ = ["TooManyRuns", "Turns", "WorkQueue", "create_upload_run", "enqueue", "next_run", "queues_of", "spawn_worker"]

log = logging.getLogger(__name__)

# How often a worker is started before its run is left to `python -m etl resume`.
_ATTEMPTS = 3
_NO_RESTART_CODES = frozenset({0, 2})  # 0: the worker has finished; 2: it cannot start at all
_BLOCK = 1 << 20
_MAX_NAME_BYTES = 200
_DEFAULT = WorkLimits()
_FIRST_LOOK_SECONDS = 2.0


class WorkQueue(StrEnum):
    """The queues of runs. There are three, so that small files wait neither for large files nor for runs of hours.

    Each queue has one process at a time, which does its runs one after another, in the order of :func:`next_run`.
    """

    FILES = "files"
    LARGE = "large"
    LONG = "long"


def enqueue(database: Database, var: Path, *runs: Run, limits: WorkLimits = _DEFAULT) -> list[Run]:
    """Queue ``runs``, all or none, and return them in the same order.

    All kinds of runs are queued here. If the owner already has an open run that is equal to a new one, the open run
    is returned instead. Two tasks are equal if they have the same kind and request; two imports by the operator are
    equal if they have the same source. Uploads are never equal.

    Raises TooManyRuns if more would be open than ``limits`` allow. The operator's runs (no owner) have no limit.
    """
    with locked(var / "runs" / "queue.lock"):  # else two requests at once could pass the limit, or queue equal runs
        unended = [*database.unfinished_runs(), *database.waiting_runs()]
        open_by_identity = {_identity(run): run for run in reversed(unended)}
        queued, new = [], []
        for run in runs:
            identity = _identity(run)
            same = open_by_identity.get(identity) if identity else None
            if same is None:
                new.append(run)
                open_by_identity[identity] = run
            queued.append(same or run)
        check_open(limits, unended, new, _networks(database, unended, new))
        for run in new:
            database.put_run(run)
    return queued


def _networks(database: Database, *runs: Sequence[Run]) -> Mapping[str | None, str]:
    return networks_of(database, {run.owner for some in runs for run in some})


def _identity(run: Run) -> str | None:
    """Return a string that equal runs share, None for an upload."""
    if run.request is not None:
        return json.dumps([run.kind, run.owner, run.request], sort_keys=True)
    return json.dumps([run.owner, run.source]) if run.source else None


def create_upload_run(
    database: Database,
    var: Path,
    owner: str | None,
    filename: str,
    stream: IO[bytes],
    max_bytes: int,
    read_options: Mapping[str, Any] | None = None,
    *,
    by_operator: bool = False,
    limits: WorkLimits = _DEFAULT,
) -> Run:
    """Store an uploaded file, queue its import and return the run.

    ``read_options`` is a document of :class:`etl.imports.reading.read_options.ReadOptions`. ``by_operator`` says
    whether the browser may change what concerns everybody.

    Raises
    ------
    ImportProblem
        The file has more than ``max_bytes`` (``too_large``); it is deleted.
    TooManyRuns
        More would be open or stored than ``limits`` allow; the file is deleted.
    """
    name = safe_name(filename)
    run = Run(name=name, owner=owner, read_options=read_options, by_operator=by_operator)
    unended = [*database.unfinished_runs(), *database.waiting_runs()]
    check_open(limits, unended, [run], _networks(database, unended, [run]))  # before the file is copied
    folder = upload_folder(var, run.id)
    folder.mkdir(parents=True)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        with replacing(folder / name) as file:
            size, sha256 = _copy(stream, file, max_bytes)
        # The same file again takes the place of what it brought before, which only its digest tells.
        run = with_room(limits, database, replace(run, bytes_total=size, sha256=sha256))
        [queued] = enqueue(database, var, run, limits=limits)
        undo.pop_all()
    return queued


def _copy(stream: IO[bytes], file: IO[bytes], max_bytes: int) -> tuple[int, str]:
    """Return the size and the SHA-256 of what was copied."""
    size, digest = 0, hashlib.sha256()
    while block := stream.read(_BLOCK):
        size += len(block)
        if size > max_bytes:
            raise ImportProblem(
                "too_large",
                f"The file has more than {max_bytes // (1024 * 1024)} MB.",
                "Split it, and import the parts. On the server: python -m etl import FILE",
            )
        file.write(block)
        digest.update(block)
    return size, digest.hexdigest()


def safe_name(filename: str) -> str:
    """Return the last part of ``filename`` as a file name that is safe here; browsers may send paths."""
    last = re.split(r"[/\\]", filename)[-1]
    plain = re.sub(r"[\x00-\x1f\x7f]", "", last).strip(" .")
    # File systems limit the bytes of a name; the end is kept because it holds the extension.
    return plain.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore") or "upload.csv"


def queues_of(runs: Iterable[Run]) -> set[WorkQueue]:
    """Return the queues in which ``runs`` are done."""
    return {_queue_of(run) for run in runs}


def _queue_of(run: Run) -> WorkQueue:
    if run.kind in LONG_KINDS:
        return WorkQueue.LONG
    return WorkQueue.LARGE if run.large else WorkQueue.FILES


@dataclass
class Turns:
    """How often the runs of each network, and in it of each owner, were done.

    ``networks`` has the network of each owner; an owner whose network is not known is one by itself.
    """

    networks: Mapping[str | None, str] = field(default_factory=dict)
    _of_networks: Counter[str | None] = field(default_factory=Counter)
    _of_owners: Counter[str | None] = field(default_factory=Counter)

    def taken(self, run: Run) -> tuple[int, int]:
        """Return how many turns the network and the owner of ``run`` have had."""
        return self._of_networks[self._network(run)], self._of_owners[run.owner]

    def take(self, run: Run) -> int:
        """Count a turn of ``run`` and return how many its network has had."""
        self._of_networks[self._network(run)] += 1
        self._of_owners[run.owner] += 1
        return self._of_networks[self._network(run)]

    def _network(self, run: Run) -> str | None:
        return self.networks.get(run.owner, run.owner)


def next_run(waiting: Sequence[Run], turns: Turns, tries: Callable[[str], int]) -> Run:
    """Return the run of ``waiting`` (oldest first, not empty) that is done next.

    Runs with the fewest ``tries`` come first, so that a run that ends its process does not block the others. Among
    them, the network with the fewest ``turns`` comes first, in it the owner with the fewest, then the oldest run.
    """
    return min(waiting, key=lambda run: (tries(run.id), *turns.taken(run)))


def worker_lock(var: Path, queue: WorkQueue) -> Path:
    """Return the lock file that the process of a queue holds."""
    return var / "runs" / f"{queue}.lock"


def spawn_worker(var: Path, mongodb_uri: str, queues: Iterable[WorkQueue] = tuple(WorkQueue)) -> None:
    """Start a process for each of ``queues`` that does its queued runs and outlives this process.

    A queue has one process at a time, ``python -m etl work --queue QUEUE``. We take its lock before we start the
    process and hand it over, so that twenty requests at once start one process. If the lock is taken, nothing is
    started: the process that holds it looks for queued runs once more after releasing it. So a run must be stored
    before this is called.

    The process logs to ``<var>/log/import.log``. If it is killed, it is started again and continues.
    """
    for queue in queues:
        process = _start(var, mongodb_uri, queue)
        if process is not None:
            # The thread waits for the process, so that it does not stay as a zombie.
            arguments = (process, var, mongodb_uri, queue)
            threading.Thread(target=_attend, args=arguments, daemon=True, name=f"worker of {queue}").start()


def _start(var: Path, mongodb_uri: str, queue: WorkQueue) -> subprocess.Popen[bytes] | None:
    """Start the process of a queue and return it; return None if the queue already has one."""
    lock = take(worker_lock(var, queue), wait=False)
    if lock is None:
        return None
    try:
        folder = var / "log"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "import.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "etl", "work", "--queue", queue, "--lock", str(lock)],
                cwd=ROOT,
                env=os.environ | {"TASTEMAP_VAR": str(var), "MONGODB_URI": mongodb_uri},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(lock,),
            )
    finally:
        os.close(lock)  # the process holds the lock by its own copy of the descriptor


def _attend(process: subprocess.Popen[bytes], var: Path, mongodb_uri: str, queue: WorkQueue) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        if process.wait() in _NO_RESTART_CODES or attempt == _ATTEMPTS:
            return
        log.warning("the worker of %s ended with %d; starting it again", queue, process.returncode)
        time.sleep(attempt)
        try:
            again = _start(var, mongodb_uri, queue)
        except OSError as fault:
            log.warning("the worker of %s cannot be started: %s", queue, fault)  # watch_waiting tries again
            return
        if again is None:  # somebody else has started one meanwhile
            return
        process = again


def _abandoned(var: Path, unfinished: Iterable[Run]) -> set[tuple[str, str]]:
    """Return the id and the progress of each run that was started and that no process of this machine continues."""
    running = [run for run in unfinished if run.state == "running"]
    free = []
    for run in running:
        lock = take(lock_file(var, run.id), shared=True, wait=False)
        if lock is not None:
            os.close(lock)
            free.append(run)
    if len(free) < len(running):  # runs that have stored everything wait for the other runs of their command
        free = [run for run in free if run.phase != STORED]
    return {(run.id, repr((run.phase, run.bytes_done, run.cursor))) for run in free}


def watch_waiting(
    database: Database, var: Path, mongodb_uri: str, *, every_s: float = 60.0, also: Callable[[], bool] = lambda: False
) -> threading.Event:
    """Start a thread that starts workers for runs that are due or abandoned; setting the returned event stops it.

    Every ``every_s`` seconds the thread also calls ``also``, which returns whether the worker of files has other work.
    """
    stop = threading.Event()

    def watch() -> None:
        abandoned: set[tuple[str, str]] = set()
        pause = min(every_s, _FIRST_LOOK_SECONDS)  # damage is looked for soon after the start
        while not stop.wait(pause):
            pause = every_s
            try:
                unfinished = database.unfinished_runs()
                upkeep = also()
            except StoreError:
                continue  # no request waits for this; the next turn will do
            except OSError as fault:
                log_fault(log, "looking after the disk", fault)
                continue
            before, abandoned = abandoned, _abandoned(var, unfinished)
            # A run counts as abandoned if two looks find it without progress: a process may hold no lock between steps.
            due = any(run.state == "waiting" for run in unfinished) or bool(abandoned & before)
            if upkeep or due:
                spawn_worker(var, mongodb_uri, queues_of(unfinished) | ({WorkQueue.FILES} if upkeep else set()))
                abandoned = set()

    threading.Thread(target=watch, daemon=True, name="waiting runs").start()
    return stop
