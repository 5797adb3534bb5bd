"""Ends runs: adds their tracks to the catalogue, deletes their files, and sets their final state."""

import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from etl.task import Show, silent
from jobs.catalogue import build_changed
from jobs.kinds import RUNNERS
from store.catalogue.segment import CatalogueError
from store.database import Database, StoreError
from store.disk import log_fault
from store.errors import TastemapError
from store.runs import OPEN, ImportProblem, lock_file, now, upload_folder

log = logging.getLogger(__name__)

# An uploaded file without a run may still be arriving for this long.
_ARRIVING_SECONDS = 24 * 3600


def fail(database: Database, var: Path, run_id: str, problem: TastemapError) -> None:
    """End a run with ``problem``, and delete its files and its incomplete playlists."""
    database.delete_incomplete(run_id)
    error = {"code": problem.code, "message": problem.message, "hint": problem.hint}
    database.update_run(run_id, states=OPEN, state="failed", phase="failed", error=error, finished_at=now())
    shutil.rmtree(upload_folder(var, run_id), ignore_errors=True)


def finish(database: Database, var: Path, run_ids: Sequence[str], show: Show = silent) -> None:
    """Add what the given runs stored to the catalogue, once for all of them, and end the runs.

    The catalogue is built only if a run changed something: importing the same file again costs nothing.
    """
    found = [run for run_id in run_ids if (run := database.get_run(run_id))]
    ready = [run for run in found if run.state == "running"]
    changed = [run for run in found if run.changed]
    for run in ready:
        if run.changed or run.kind not in RUNNERS:
            database.update_run(run.id, phase="building the catalogue")
    try:
        if changed or ready:
            build_changed(database, var, {(run.kind, run.owner) for run in changed}, show)
    except StoreError:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever broke, the runs must end with an error that their owners see
        known = log_fault(log, "building the catalogue", fault)
        hint = "" if isinstance(fault, CatalogueError) else "The log (var/log/import.log) has the details."
        reason = f"All is stored, but the catalogue could not be built: {known or fault}"
        problem = ImportProblem("catalogue", reason, hint)
        for run in ready:
            fail(database, var, run.id, problem)
        return
    for run in changed:
        database.update_run(run.id, changed=False)
    for run in ready:
        size = {} if run.kind in RUNNERS else {"bytes_done": run.bytes_total}
        database.update_run(run.id, states={"running"}, state="done", phase="done", finished_at=now(), **size)
        shutil.rmtree(upload_folder(var, run.id), ignore_errors=True)
        lock_file(var, run.id).unlink(missing_ok=True)


def sweep_uploads(database: Database, var: Path) -> None:
    """Remove uploaded files that no run will read: their run has ended, or was never queued because of a kill."""
    for folder in (var / "uploads").glob("*"):
        run = database.get_run(folder.name)
        arriving = run is None and time.time() - folder.stat().st_mtime < _ARRIVING_SECONDS
        if not arriving and (run is None or run.ended):
            shutil.rmtree(folder, ignore_errors=True)
