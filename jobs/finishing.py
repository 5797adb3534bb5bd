"""The end of a run: what it stored goes into the catalogue, its files are deleted, and its state is final."""

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
from store.errors import TastemapError
from store.runs import ENDED, OPEN, ImportProblem, delete_incomplete, lock_file, now, upload_folder

log = logging.getLogger(__name__)

# An upload without a run may still be on its way for so long.
_ARRIVING_SECONDS = 24 * 3600


def fail(database: Database, var: Path, run_id: str, problem: TastemapError) -> None:
    """End a run with ``problem``, and delete its files and what has arrived of its playlists."""
    delete_incomplete(database, database.load_run(run_id) or {})
    error = {"code": problem.code, "message": problem.message, "hint": problem.hint}
    failed = {"state": "failed", "phase": "failed", "error": error, "finished_at": now()}
    database.change_document("runs", run_id, failed, where={"state": {"$in": list(OPEN)}})
    shutil.rmtree(upload_folder(var, run_id), ignore_errors=True)


def finish(database: Database, var: Path, run_ids: Sequence[str], show: Show = silent) -> None:
    """Bring what the given runs stored into the catalogue, once for all of them, and end them.

    The catalogue is built where something in it changes: bringing the same file again costs nothing.
    """
    found = [run for run_id in run_ids if (run := database.load_run(run_id))]
    ready = [run for run in found if run["state"] == "running"]
    changed = [run for run in found if run.get("changed")]
    for run in ready:
        if run.get("changed") or run["kind"] not in RUNNERS:
            database.update_run(run["_id"], {"phase": "building the catalogue"})
    try:
        if changed or ready:
            build_changed(database, var, {(run["kind"], run["owner"]) for run in changed}, show)
    except StoreError:
        raise
    except Exception as fault:  # whatever broke, those who wait for these runs must know
        log.exception("building the catalogue")
        hint = "" if isinstance(fault, CatalogueError) else "The log (var/log/import.log) has the details."
        problem = ImportProblem("catalogue", f"All is stored, but the catalogue could not be built: {fault}", hint)
        for run in ready:
            fail(database, var, run["_id"], problem)
        return
    for run in changed:
        database.change_document("runs", run["_id"], {}, unset=["changed"])
    for run in ready:
        ended = {"state": "done", "phase": "done", "finished_at": now()}
        if run["kind"] not in RUNNERS:
            ended["bytes_done"] = run["bytes_total"]
        database.change_document("runs", run["_id"], ended, where={"state": "running"})
        shutil.rmtree(upload_folder(var, run["_id"]), ignore_errors=True)
        lock_file(var, run["_id"]).unlink(missing_ok=True)


def sweep_uploads(database: Database, var: Path) -> None:
    """Remove uploaded files that nobody will read again: their run has ended, or a kill came before it was queued."""
    for folder in (var / "uploads").glob("*"):
        run = database.load_run(folder.name)
        arriving = run is None and time.time() - folder.stat().st_mtime < _ARRIVING_SECONDS
        if not arriving and (run is None or run["state"] in ENDED):
            shutil.rmtree(folder, ignore_errors=True)
