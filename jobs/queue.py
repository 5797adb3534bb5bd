"""Queueing runs, and starting the process that does them (:mod:`jobs.worker`, which the web process never loads)."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from store.database import Database, StoreError
from store.locks import take
from store.runs import STORED, ImportProblem, lock_file, new_run, upload_folder

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
# A worker that is killed is started again this often before its run is left to `python -m etl resume`.
_ATTEMPTS = 3
_NOT_AGAIN = frozenset({0, 2})  # it has ended, well or badly; it cannot start at all
_BLOCK = 1 << 20
_MAX_NAME_BYTES = 200


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


def safe_name(filename: str) -> str:
    """Return the last part of ``filename`` as a file name that is safe here; browsers may send paths."""
    last = re.split(r"[/\\]", filename)[-1]
    plain = re.sub(r"[\x00-\x1f\x7f]", "", last).strip(" .")
    # File systems count bytes, and the ending must stay.
    return plain.encode()[-_MAX_NAME_BYTES:].decode(errors="ignore") or "upload.csv"


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
