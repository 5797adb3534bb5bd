"""What the function that does a run without a file is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from config import Config
from etl.engine import Engine, engine_config
from etl.reporting import Reporter
from store.database import Database

OpenEngine = Callable[[Database, Path], Engine]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What a runner is given: ``document`` is the run's as it was at the start, ``document["cursor"]`` included.

    A runner stores a page and moves the cursor by ``report.record`` after it, which raises Cancelled where the
    listener has had enough; it raises :class:`store.runs.Postponed` where nothing can be done for long, and
    :class:`store.runs.ImportProblem` where nothing can be done at all. When it returns, all is stored.
    """

    database: Database
    var: Path
    document: dict[str, Any]
    report: Reporter
    engine: Engine


def engine_of_environment(database: Database, var: Path) -> Engine:
    """Return the engine of this installation."""
    return Engine(database, engine_config(replace(Config.from_env(), var=var)))
