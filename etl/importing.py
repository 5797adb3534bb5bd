"""Doing a run: what the file is, into the store or the catalogue, so that a kill at any moment loses nothing.

A page of rows is stored first and the run's cursor moved after it, and every write leaves the same state when it
is done twice. So a run that goes on after a kill repeats at most one page.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from etl.analysis_import import import_analysis
from etl.dataset_import import import_slice
from etl.finishing import fail, finish, rebuild, sweep_uploads
from etl.imports.download import is_url
from etl.imports.entries import check_to_the_end
from etl.imports.recognise import AnalysisFile, DatasetFile, TableFile, recognise
from etl.lookup.name_matching import NameMatching
from etl.playlist_import import PlaylistImport
from etl.reporting import Reporter, Show, silent
from etl.runs import (
    ENDED,
    FRESH_CURSOR,
    OPEN,
    STORED,
    Cancelled,
    ImportProblem,
    Postponed,
    Progress,
    Reckoning,
    delete_incomplete,
    lock_file,
    upload_folder,
)
from etl.tasks import RUNNERS, OpenEngine, engine_of_environment, run_task
from store.catalogue.catalogue import Catalogue, Snapshot
from store.catalogue.segment import CatalogueError
from store.catalogue.tables import tables_there
from store.database import Database, StoreError
from store.locks import take

__all__ = ["STORED", "execute", "finish", "give_up", "rebuild", "sweep_uploads", "tries"]

log = logging.getLogger(__name__)


def execute(
    database: Database,
    var: Path,
    run_id: str,
    show: Show = silent,
    *,
    build: bool = True,
    open_engine: OpenEngine = engine_of_environment,
) -> str:
    """Do the run, or what is left of it, and return its state: "done", "failed", "cancelled", "waiting", "running".

    "running" means that another process is at it, or, with ``build`` false, that all is stored and only
    :func:`finish` remains; "waiting" that the sources it needs may not be asked before its ``wake_at``.
    ``open_engine`` makes the engine for a run that asks sources.

    Raises
    ------
    StoreError
        The database is lost; the run can be resumed.
    """
    held = lock_file(var, run_id)
    lock = take(held, wait=False)
    if lock is None:
        return "running"
    os.lseek(lock, 0, os.SEEK_END)
    os.write(lock, b".")  # one for each try: see tries()
    try:
        document = database.load_run(run_id)
        if document is None:
            raise ImportProblem("no_such_run", f"There is no import {run_id}.", "See python -m etl resume.")
        if document["state"] not in ENDED:
            _attempt(database, var, document, show, open_engine)
            if build:
                finish(database, var, [run_id], show)
        state = (database.load_run(run_id) or document)["state"]
        if state in ENDED or state == "waiting":  # to wait is no failure to begin
            held.unlink(missing_ok=True)
        return str(state)
    finally:
        os.close(lock)


def tries(var: Path, run_id: str) -> int:
    """Return how often a run that has not ended was begun on this machine."""
    held = lock_file(var, run_id)
    return held.stat().st_size if held.exists() else 0


def give_up(database: Database, var: Path, run_id: str) -> None:
    """End a run that ends the process which does it, so that the ones behind it get their turn."""
    hint = "Perhaps there is not enough memory for it: bring the file in parts, or python -m etl import FILE"
    fail(database, var, run_id, ImportProblem("gave_up", "The import was cut off again and again.", hint))
    lock_file(var, run_id).unlink(missing_ok=True)


def _attempt(database: Database, var: Path, document: dict[str, Any], show: Show, open_engine: OpenEngine) -> None:
    run_id = document["_id"]
    # Whether the last attempt was cut off between a change and its note nobody knows.
    changed = database.tracks_changed - (document["state"] == "running")
    try:
        _store(database, var, document, Reporter(database, run_id, show), open_engine)
    except Cancelled:
        delete_incomplete(database, database.load_run(run_id) or {})
        shutil.rmtree(upload_folder(var, run_id), ignore_errors=True)
    except Postponed as pause:
        waiting = {"state": "waiting", "phase": pause.message, "wake_at": pause.until}
        database.change_document("runs", run_id, waiting, where={"state": "running"})
    except ImportProblem as problem:
        fail(database, var, run_id, problem)
    except CatalogueError as fault:
        fail(database, var, run_id, ImportProblem("catalogue", str(fault), fault.hint))
    except StoreError:
        raise
    except Exception:  # the one place where a fault of ours ends one run instead of a process
        log.exception("import %s of %s", run_id, document["name"])
        hint = "The log (var/log/import.log) has the details."
        fail(database, var, run_id, ImportProblem("internal_error", "The import broke on our side.", hint))
    if database.tracks_changed != changed:
        database.update_run(run_id, {"changed": True})


def _store(database: Database, var: Path, document: dict[str, Any], report: Reporter, open_engine: OpenEngine) -> None:
    resumed = document["state"] == "running"
    begun = {"state": "running", "phase": "starting" if document["kind"] in RUNNERS else "reading the file"}
    if not database.change_document(
        "runs", document["_id"], begun, where={"state": {"$in": list(OPEN)}}, unset=["wake_at"]
    ):
        raise Cancelled
    if document["kind"] in RUNNERS:
        run_task(database, var, document, report, open_engine)
        database.update_run(document["_id"], {"phase": STORED})
        return
    if document["source"] and is_url(document["source"]):
        _import_table(database, var, document, document["source"], report, resumed)
        database.update_run(document["_id"], {"phase": STORED})
        return
    path = _source(var, document)
    size = path.stat().st_size
    found = recognise(path, lambda done: report(Progress(phase="reading the file", done=done, total=size)))
    if document["sha256"] not in {None, found.sha256}:
        _start_over(database, document)  # the operator has changed the file since the run was cut off
    document |= {"sha256": found.sha256}
    database.update_run(document["_id"], {"sha256": found.sha256, "bytes_total": size})
    if isinstance(found, TableFile) and document["owner"] is not None:
        raise ImportProblem(
            "unsupported",
            "This is a table of tracks. Tables change the catalogue for everybody, so a browser cannot bring them in.",
            "On the server: .venv/bin/python -m etl import FILE",
        )
    if isinstance(found, TableFile):
        _import_table(database, var, document, str(path), report, resumed)
    elif isinstance(found, DatasetFile):
        _import_dataset(database, var, document, found, report)
    elif isinstance(found, AnalysisFile):
        database.update_run(document["_id"], {"kind": "analysis"})
        _record(database, document["_id"], import_analysis(database, found, document["name"], document))
    else:
        check_to_the_end(found, document["name"], document["started_at"])
        PlaylistImport(database, document, found, report, NameMatching(_served(var))).run()
    database.update_run(document["_id"], {"phase": STORED})


def _served(var: Path) -> Snapshot:
    """Return the catalogue as it is, an empty one if it cannot be read: the playlist is worth storing all the same."""
    try:
        return Catalogue(var / "catalogue").current()
    except (CatalogueError, OSError):
        log.warning("no audio features are looked up by name", exc_info=True)
        return Snapshot()


def _source(var: Path, document: dict[str, Any]) -> Path:
    path = Path(document["source"]) if document["source"] else upload_folder(var, document["_id"]) / document["name"]
    if not path.is_file():
        raise ImportProblem("file_gone", f"{path.name} is no longer there.", "Bring the file again.")
    return path


def _start_over(database: Database, document: dict[str, Any]) -> None:
    changes: dict[str, Any] = {
        "cursor": dict(FRESH_CURSOR),
        **dict.fromkeys(("asked", "stored", "known"), 0),
        **{"skipped": [], "skipped_examples": [], "playlist_id": None, "playlist_ids": []},
    }
    delete_incomplete(database, document)
    database.update_run(document["_id"], changes)
    document |= changes


def _import_table(
    database: Database, var: Path, document: dict[str, Any], source: str, report: Reporter, resumed: bool
) -> None:
    from etl.imports.tables import import_table

    database.update_run(document["_id"], {"kind": "table"})
    before = tables_there(var / "catalogue")
    _record(database, document["_id"], import_table(source, var / "catalogue", report, resumed=resumed))
    if resumed or tables_there(var / "catalogue") != before:
        database.update_run(document["_id"], {"changed": True})


def _import_dataset(
    database: Database, var: Path, document: dict[str, Any], found: DatasetFile, report: Reporter
) -> None:
    database.update_run(document["_id"], {"kind": "dataset"})
    reckoning = import_slice(found.source, found.sha256, found.size, var / "playlists", report, document["_id"])
    _record(database, document["_id"], reckoning)


def _record(database: Database, run_id: str, reckoning: Reckoning) -> None:
    database.update_run(
        run_id,
        {
            "asked": reckoning.asked,
            "stored": reckoning.stored,
            "known": reckoning.known,
            "skipped": [list(pair) for pair in reckoning.skipped.items()],
            "skipped_examples": [{"line": one.line, "reason": one.reason} for one in reckoning.examples],
        },
    )
