"""``work``: what the web process starts to do the queued runs."""

from __future__ import annotations

import argparse
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl.spotify.expiry import expire
from etl.task import engine_of_environment
from jobs.catalogue import catalogue_is_behind, rebuild
from jobs.finishing import sweep_uploads
from jobs.worker import execute, give_up, tries
from store.catalogue.catalogue import CatalogueError
from store.database import Database, StoreError
from store.locks import take
from store.runs import LONG_KINDS

# A run that has ended the worker so often ends, so that others get their turn.
_PATIENCE = 8
# What has ended is told for so long, and of each owner at least so many.
_KEPT, _KEPT_RUNS = timedelta(weeks=8), 200
# Runs of one lane are done in turn; a harvest of hours does not keep a file waiting.
_FILES, _HARVESTS = "worker", "harvest"


def add_work(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``python -m etl``."""
    one = commands.add_parser("work", help="do the queued runs in turn (the web process starts this)")
    one.set_defaults(command=_work)


def _work(database: Database, var: Path, _options: argparse.Namespace) -> int:
    """Do what is queued until nothing is. Whoever queues a run after our last look finds the lock free again."""
    tried: set[str] = set()
    _sweep(database, var)
    while True:
        busy = {lane for lane in (_FILES, _HARVESTS) if not _do_lane(database, var, lane, tried)}
        left = [run for run in database.unfinished_runs() if run["_id"] not in tried]
        if all(_lane(run["kind"]) in busy for run in left):
            sweep_uploads(database, var)
            return 0


def _lane(kind: str | None) -> str:
    return _HARVESTS if kind in LONG_KINDS else _FILES


def _do_lane(database: Database, var: Path, lane: str, tried: set[str]) -> bool:
    """Do the queued runs of a lane; ``False`` if another process is at it."""
    lock = take(var / "runs" / f"{lane}.lock", wait=False)
    if lock is None:
        return False
    try:
        if lane == _FILES:
            _expire(database, var)
            _mend_catalogue(database, var)
        ours = [run for run in database.unfinished_runs() if _lane(run["kind"]) == lane]
        waiting = [run["_id"] for run in ours if run["_id"] not in tried]
        for run_id in sorted(waiting, key=lambda run_id: tries(var, run_id)):
            tried.add(run_id)
            if tries(var, run_id) >= _PATIENCE:
                give_up(database, var, run_id)
            else:
                execute(database, var, run_id)
    finally:
        os.close(lock)
    return True


def _sweep(database: Database, var: Path) -> None:
    """Delete what sources have said and what has expired since, and the list of runs that ended long ago."""
    engine = engine_of_environment(database, var)
    try:
        engine.sweep()
        database.delete_old_runs(datetime.now(UTC) - _KEPT, _KEPT_RUNS)
    except StoreError:
        logging.exception("expired answers could not be deleted")
    finally:
        engine.close()


def _expire(database: Database, var: Path) -> None:
    """Delete what Spotify told and may be kept no longer."""
    engine = engine_of_environment(database, var)
    try:
        expire(database, engine, lambda: rebuild(database, var))
    except (StoreError, CatalogueError, OSError):
        logging.exception("what Spotify told could not be deleted")
    finally:
        engine.close()


def _mend_catalogue(database: Database, var: Path) -> None:
    try:
        if catalogue_is_behind(database, var):
            rebuild(database, var)
    except (CatalogueError, OSError):
        # What people bring in must not wait for a table that cannot be read.
        logging.exception("the catalogue could not be built")
