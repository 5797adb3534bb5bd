"""Runs that read no file: which function does each kind of them, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config import Config
from store.database import Database

if TYPE_CHECKING:
    from etl.engine import Engine
    from etl.reporting import Reporter

OpenEngine = Callable[[Database, Path], "Engine"]

# Kind of run -> the function that does it, loaded when the first such run is done.
RUNNERS: Mapping[str, str] = {
    "enrich": "etl.gather.enrich:run",
    "balanced": "etl.gather.balanced:run",
    "tracks": "etl.gather.terms:run",
    "artists": "etl.gather.terms:run",
    "segments": "etl.gather.segments:run",
    "train": "etl.training:run",
    "spotify": "etl.spotify.importing:run",
    "spotify-write": "etl.spotify.writing:run",
    "spotify-forget": "etl.spotify.forgetting:forget",
}
# Kinds that may take hours: files that are dropped meanwhile do not wait for them.
LONG = frozenset({"enrich", "balanced", "tracks", "artists", "segments", "train"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What a runner is given: ``document`` is the run's as it was at the start, ``document["cursor"]`` included.

    A runner stores a page and moves the cursor by ``report.record`` after it, which raises Cancelled where the
    listener has had enough; it raises :class:`etl.runs.Postponed` where nothing can be done for long, and
    :class:`etl.runs.ImportProblem` where nothing can be done at all. When it returns, all is stored.
    """

    database: Database
    var: Path
    document: dict[str, Any]
    report: Reporter
    engine: Engine


def engine_of_environment(database: Database, var: Path) -> Engine:
    """Return the engine of this installation."""
    from etl.engine import Engine, engine_config

    return Engine(database, engine_config(replace(Config.from_env(), var=var)))


def run_task(
    database: Database, var: Path, document: dict[str, Any], report: Reporter, open_engine: OpenEngine
) -> None:
    """Do the run of ``document``, or what is left of it."""
    module, _, name = RUNNERS[document["kind"]].partition(":")
    runner: Callable[[Task], None] = getattr(import_module(module), name)
    engine = open_engine(database, var)
    try:
        runner(Task(database=database, var=var, document=document, report=report, engine=engine))
    finally:
        engine.close()
