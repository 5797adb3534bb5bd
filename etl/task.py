"""The task that a runner gets (a function that does a run without a file), and the reporter of its progress."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from config import Config
from etl.engine import Engine
from store.database import Database
from store.runs import Cancelled, Progress, Run, Yielded

OpenEngine = Callable[[Database, Path], Engine]
Show = Callable[[Progress], None]
# How often the progress is written to the run's document.
_REPORT_SECONDS = 0.3


def silent(_progress: Progress) -> None:
    """Show nothing."""


class Reporter:
    """Reports a run's progress to ``show``, and a few times a second in its document."""

    def __init__(
        self, database: Database, run_id: str, show: Show, is_over: Callable[[], bool] = lambda: False
    ) -> None:
        self._database = database
        self._run_id = run_id
        self._show = show
        self._is_over = is_over
        self._next = 0.0

    def __call__(self, progress: Progress, *, recorded: bool = False) -> None:
        """Report ``progress``; ``recorded`` says that the document has it already.

        Raises Cancelled if somebody has ended the run; Yielded if the run has taken long, and others wait.
        """
        self._show(progress)
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REPORT_SECONDS
        changes: dict[str, Any] = {"phase": progress.phase}
        if not recorded:
            changes |= {"bytes_done": progress.done, "bytes_total": progress.total}
            if progress.requested:  # counts are kept while a file is read again after a kill
                changes |= {"requested": progress.requested, "stored": progress.stored, "known": progress.known}
        self.record(**changes)
        if self._is_over():
            raise Yielded

    def record(self, **changes: Any) -> None:
        """Change fields of the run; raises Cancelled if somebody has ended it."""
        if not self._database.update_run(self._run_id, states={"running"}, **changes):
            raise Cancelled


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """The arguments of a runner; ``run`` and its cursor are as they were at the start.

    A runner stores a page and then moves the cursor with ``report.record``, which raises Cancelled if somebody has
    ended the run. It raises :class:`store.runs.Postponed` if it has to wait for long, and
    :class:`store.runs.ImportProblem` if it cannot go on at all. When it returns, everything is stored.
    """

    database: Database
    var: Path
    run: Run
    report: Reporter
    engine: Engine


def engine_of_environment(database: Database, var: Path) -> Engine:
    """Return the engine of this installation."""
    return Engine(database, replace(Config.from_env(), var=var))
