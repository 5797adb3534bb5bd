"""Does a run; a kill at any moment loses nothing.

A page of rows is stored before the run's cursor moves on, and every write is idempotent. So a run that continues after
a kill repeats at most one page.
"""

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from config import WorkLimits
from etl.task import OpenEngine, Reporter, Show, engine_of_environment, silent
from jobs.finishing import fail, finish
from jobs.kinds import RUNNERS, import_file, run_task
from jobs.limits import with_room
from store.database import Database, StoreError
from store.disk import DiskFull, log_fault, require_room
from store.errors import TastemapError
from store.locks import take
from store.runs import (
    OPEN,
    STORED,
    Cancelled,
    ImportProblem,
    Postponed,
    Run,
    Yielded,
    lock_file,
    now,
    upload_folder,
)

# A run that finds the disk full is tried again after this time.
_FULL_PAUSE = timedelta(minutes=5)
log = logging.getLogger(__name__)


def execute(
    database: Database,
    var: Path,
    run_id: str,
    show: Show = silent,
    *,
    build: bool = True,
    open_engine: OpenEngine = engine_of_environment,
    is_over: Callable[[], bool] = lambda: False,
) -> str:
    """Do the run, or the rest of it, and return its state.

    The state is "done", "failed" or "cancelled", or one of three open states. "running": another process does the run,
    or ``build`` is false, everything is stored and only :func:`finish` remains. "waiting": the run continues at its
    ``wake_at``, because its sources demand a pause or the disk is full. "queued": ``is_over``, which is called now and
    then, returned true, and the run is queued again among the large ones. ``open_engine`` makes the engine for a run
    that needs sources.

    Raises StoreError if the database is lost; the run can be resumed.
    """
    held = lock_file(var, run_id)
    lock = take(held, wait=False)
    if lock is None:
        return "running"
    os.lseek(lock, 0, os.SEEK_END)
    os.write(lock, b".")  # one byte for each try: see tries()
    try:
        run = database.get_run(run_id)
        if run is None:
            raise ImportProblem("no_such_run", f"There is no import {run_id}.", "On the server: python -m etl resume")
        if not run.ended:
            report = Reporter(
                database, run.id, show, is_over if run.kind in RUNNERS else _while_there_is_room(var, is_over)
            )
            try:
                _attempt(database, var, run, report, open_engine)
            except Yielded:
                held.unlink(missing_ok=True)  # before anybody may take the run
                database.update_run(run.id, states={"running"}, state="queued", phase="waiting", large=True)
                return "queued"
            if build:
                finish(database, var, [run_id], show)
            run = database.get_run(run_id) or run
        if run.ended or run.state == "waiting":  # a run that waits has not failed: its tries start again at 0
            held.unlink(missing_ok=True)
        return run.state
    finally:
        os.close(lock)


def tries(var: Path, run_id: str) -> int:
    """Return how often a run that has not ended was started on this machine."""
    held = lock_file(var, run_id)
    return held.stat().st_size if held.exists() else 0


def give_up(database: Database, var: Path, run_id: str) -> None:
    """End a run that repeatedly ended its process, so that the runs behind it are done."""
    hint = "Perhaps there is too little memory: import the file in parts. On the server: python -m etl import FILE"
    fail(database, var, run_id, ImportProblem("gave_up", "The import was interrupted again and again.", hint))
    lock_file(var, run_id).unlink(missing_ok=True)


def _attempt(database: Database, var: Path, run: Run, report: Reporter, open_engine: OpenEngine) -> None:
    # A run that is "running" was interrupted, perhaps between a change and its record: it counts as changed (-1).
    changed = database.tracks_changed - (run.state == "running")
    try:
        _store(database, var, run, report, open_engine)
    except Cancelled:
        database.delete_incomplete(run.id)
        shutil.rmtree(upload_folder(var, run.id), ignore_errors=True)
    except Postponed as pause:
        database.update_run(run.id, states={"running"}, state="waiting", phase=pause.message, wake_at=pause.until)
    except (StoreError, Yielded):
        if database.tracks_changed != changed:
            database.update_run(run.id, changed=True)
        raise
    except DiskFull:
        _wait_for_room(database, run)
    except TastemapError as problem:
        fail(database, var, run.id, problem)
    except Exception as fault:  # noqa: BLE001 - a bug must end only this run, not the process
        _break_off(database, var, run, fault)
    if database.tracks_changed != changed:
        database.update_run(run.id, changed=True)


def _break_off(database: Database, var: Path, run: Run, fault: Exception) -> None:
    """End a run after an unexpected exception; if the disk is full, let it wait instead."""
    known = log_fault(log, f"import {run.id} of {run.name}", fault)
    if isinstance(known, DiskFull):
        _wait_for_room(database, run)
        return
    hint = "The log (var/log/import.log) has the details."
    fail(database, var, run.id, ImportProblem("internal_error", "The import broke on our side.", hint))


def _wait_for_room(database: Database, run: Run) -> None:
    phase, until = "waiting for room on the disk", now() + _FULL_PAUSE
    database.update_run(run.id, states={"running"}, state="waiting", phase=phase, wake_at=until)


def _while_there_is_room(var: Path, is_over: Callable[[], bool]) -> Callable[[], bool]:
    """Return a function that raises DiskFull if the disk has too little room, and else calls ``is_over``."""

    def look() -> bool:
        require_room(var)
        return is_over()

    return look


def _store(database: Database, var: Path, run: Run, report: Reporter, open_engine: OpenEngine) -> None:
    if run.most_rows is not None:  # runs that were queued behind others may find their room taken
        allowed = with_room(WorkLimits.from_env(os.environ), database, run).most_rows
        run = replace(run, most_rows=min(run.most_rows, allowed or 0))
    is_task = run.kind in RUNNERS
    phase = "starting" if is_task else "reading the file"
    if not database.update_run(run.id, states=OPEN, state="running", phase=phase, wake_at=None):
        raise Cancelled
    if is_task:
        run_task(database, var, run, report, open_engine)
    else:
        import_file(database, var, run, report)
    database.update_run(run.id, phase=STORED)
