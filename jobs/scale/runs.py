"""Runs done by several workers at a time (see :mod:`jobs.scale.workers`)."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from jobs.scale.installation import Installation
from jobs.scale.workers import Workers
from jobs.worker import execute
from store.database import Database


def execute_runs(workers: Workers, database: Database, var: Path, run_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Do the runs, several at a time, and yield the id and the state of each as it ends.

    The states are those of :func:`jobs.worker.execute`. The caller must call :func:`jobs.finishing.finish` afterwards.
    """
    return workers.map(partial(_execute, Installation.of(database, var, workers)), run_ids)


def _execute(installation: Installation, run_id: str) -> tuple[str, str]:
    return run_id, execute(installation.database(), installation.var, run_id, build=False)
