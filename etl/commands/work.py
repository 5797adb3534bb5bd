"""The commands ``work`` (the web process starts it to do the queued runs), ``catalogue``, ``delete`` and ``cancel``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config import Config
from etl.commands.backups import take_snapshot_if_due
from etl.progress_bar import CATALOGUE, ProgressBar
from etl.spotify.forgetting import expire
from etl.task import engine_of_environment
from jobs.behind import catalogue_is_behind
from jobs.catalogue import rebuild
from jobs.finishing import sweep_uploads
from jobs.queue import Turns, WorkQueue, next_run, queues_of, spawn_worker, worker_lock
from jobs.worker import execute, give_up, tries
from store.catalogue.catalogue import CatalogueError
from store.database import Database, StoreError
from store.locks import take
from store.networks import KEPT, forget_old_networks, networks_of
from store.runs import Run

# A run that has been tried this often, each time ending the worker, is given up.
_PATIENCE = 8
# A file that takes longer continues in the queue of large files, if others wait.
_FILE_SECONDS = 15.0
# A visitor's large file makes way for another visitor's after this time, then after twice, three times ... as long:
# what was read must be read again before it goes on.
_LARGE_SECONDS = 60.0
# Ended runs are kept for this time, and at least this many of each owner.
_KEPT, _KEPT_RUNS = timedelta(weeks=8), 200


def add_work(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``python -m etl``."""
    parser = commands.add_parser("work", help="do the queued runs in turn (the web process starts this)")
    parser.add_argument(
        "--queue", choices=list(WorkQueue), type=WorkQueue, help="do only the runs of this queue (default: all)"
    )
    # The descriptor of the queue's lock, if the parent process has taken it.
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)
    parser.set_defaults(command=_work)


def _work(database: Database, var: Path, options: argparse.Namespace) -> int:
    if options.lock is not None:
        os.set_inheritable(options.lock, False)
    _sweep(database, var)
    for queue in [options.queue] if options.queue else WorkQueue:
        do_queue(database, var, queue, options.lock)
    return 0


def do_queue(database: Database, var: Path, queue: WorkQueue, lock: int | None = None) -> None:
    """Do the runs of ``queue`` until it is empty; return at once if another process does them.

    ``lock`` is the descriptor of the queue's lock if it is already taken. It is closed here.
    """
    tried: set[str] = set()
    if lock is None:
        lock = take(worker_lock(var, queue), wait=False)
    while lock is not None:
        try:
            _do_queued(database, var, queue, tried)
        finally:
            os.close(lock)
        # A process that queued a run before this release found the lock taken and did not start a worker, so we look
        # once more. If another worker takes the lock now, it looks itself.
        lock = take(worker_lock(var, queue), wait=False) if _untried(database, queue, tried) else None


def _do_queued(database: Database, var: Path, queue: WorkQueue, tried: set[str]) -> None:
    if queue is WorkQueue.FILES:
        _expire(database, var)
        _mend_catalogue(database, var)
        _take_snapshot(database, var)
    turns = Turns()
    while waiting := _untried(database, queue, tried):
        turns.networks = networks_of(database, {run.owner for run in waiting})
        run = next_run(waiting, turns, lambda run_id: tries(var, run_id))
        tried.add(run.id)
        turn = turns.take(run)
        if tries(var, run.id) >= _PATIENCE:
            give_up(database, var, run.id)
            continue
        is_over = _time_for(database, queue, tried, run, turn)
        state = execute(database, var, run.id, is_over=is_over)
        if state == "queued" and queue is WorkQueue.LARGE:
            tried.remove(run.id)
        elif state == "queued":
            spawn_worker(var, database.uri if database.kind == "mongodb" else "", [WorkQueue.LARGE])
    if queue is WorkQueue.FILES:
        sweep_uploads(database, var)


def _untried(database: Database, queue: WorkQueue, tried: set[str]) -> list[Run]:
    return [run for run in database.unfinished_runs() if run.id not in tried and queues_of([run]) == {queue}]


def _time_for(database: Database, queue: WorkQueue, tried: set[str], run: Run, turn: int) -> Callable[[], bool]:
    """Return a function that says whether ``run``, which starts now, has taken long while others wait.

    ``turn`` counts the turns of its owner's network from 1. Large files make way for those of other owners, if they are
    uploads.
    """
    until = time.monotonic() + (_FILE_SECONDS if queue is WorkQueue.FILES else _LARGE_SECONDS * turn)

    def is_over() -> bool:
        if queue is WorkQueue.LONG or time.monotonic() <= until:
            return False
        waiting = _untried(database, queue, tried)
        if queue is WorkQueue.FILES:
            return bool(waiting)
        return run.most_rows is not None and any(other.owner != run.owner for other in waiting)

    return is_over


def _sweep(database: Database, var: Path) -> None:
    """Delete expired answers of sources, runs that ended long ago, and networks of sessions that left long ago."""
    try:
        with closing(engine_of_environment(database, var)) as engine:
            engine.sweep()
        database.delete_old_runs(datetime.now(UTC) - _KEPT, _KEPT_RUNS)
        forget_old_networks(database, datetime.now(UTC) - KEPT)
    except StoreError:
        logging.exception("expired answers could not be deleted")


def _expire(database: Database, var: Path) -> None:
    """Delete data from Spotify that must not be kept any longer."""
    try:
        with closing(engine_of_environment(database, var)) as engine:
            expire(database, engine, lambda: rebuild(database, var))
    except (StoreError, CatalogueError, OSError):
        logging.exception("what came from Spotify could not be deleted")


def _mend_catalogue(database: Database, var: Path) -> None:
    try:
        if catalogue_is_behind(database, var):
            rebuild(database, var)
    except (CatalogueError, OSError):
        # A table that cannot be read must not stop the imports.
        logging.exception("the catalogue could not be built")


def _take_snapshot(database: Database, var: Path) -> None:
    try:
        take_snapshot_if_due(database, var, Config.from_env().snapshots)
    except (StoreError, OSError):
        logging.exception("the snapshot of the database could not be written")


def add_upkeep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser of ``python -m etl``."""
    parser = commands.add_parser("catalogue", help="build the catalogue again")
    parser.set_defaults(command=_catalogue)
    parser = commands.add_parser("delete", help="delete a playlist, with the tracks that only its owner imported")
    parser.add_argument("playlist_id")
    parser.set_defaults(command=_delete)
    parser = commands.add_parser("cancel", help="end a run; what it has stored is kept")
    parser.add_argument("run_id")
    parser.set_defaults(command=_cancel)


def _catalogue(database: Database, var: Path, _options: argparse.Namespace) -> int:
    with ProgressBar(CATALOGUE) as bar:
        rebuild(database, var, bar)
    return 0


def _delete(database: Database, _var: Path, options: argparse.Namespace) -> int:
    playlist = database.playlist(options.playlist_id)
    if playlist is None:
        print(f"There is no playlist {options.playlist_id}.", file=sys.stderr)
        return 1
    database.delete_playlist(playlist.id)
    database.refresh_counts()
    print(f"Deleted {playlist.name!r} ({playlist.item_count} rows).")
    return 0


def _cancel(database: Database, _var: Path, options: argparse.Namespace) -> int:
    if not database.cancel_run(options.run_id):
        print(f"There is no run {options.run_id} that has not ended.", file=sys.stderr)
        return 1
    print(f"{options.run_id} is cancelled; a process that does it stops after its current page.")
    return 0
