"""What a function that does a run without a file works with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from config import Config
from etl.engine import Engine
from etl.reporting import Reporter
from store.database import Database

OpenEngine = Callable[[Database, Path], Engine]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What a runner works with; ``document`` is the run's document, with its cursor, as it was at the start.

    A runner stores a page and then moves the cursor with ``report.record``, which raises Cancelled if somebody has
    ended the run. It raises :class:`store.runs.Postponed` if it has to wait for long, and
    :class:`store.runs.ImportProblem` if it cannot go on at all. When it returns, everything is stored.
    """

    database: Database
    var: Path
    document: dict[str, Any]
    report: Reporter
    engine: Engine


def engine_of_environment(database: Database, var: Path) -> Engine:
    """Return the engine of this installation."""
    return Engine(database, replace(Config.from_env(), var=var))
