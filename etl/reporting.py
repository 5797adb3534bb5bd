"""Reports of a run's progress: in its document, and to a function that shows it."""

import time
from collections.abc import Callable
from typing import Any

from store.database import Database
from store.runs import Cancelled, Progress

Show = Callable[[Progress], None]
# How often a run's document is written for those who watch it.
_REPORT_SECONDS = 0.3


def silent(_progress: Progress) -> None:
    """Show nothing."""


class Reporter:
    """Reports a run's progress to ``show``, and a few times a second in its document."""

    def __init__(self, database: Database, run_id: str, show: Show) -> None:
        self._database = database
        self._run_id = run_id
        self._show = show
        self._next = 0.0

    def __call__(self, progress: Progress, *, recorded: bool = False) -> None:
        """Report ``progress``; ``recorded`` says that the document has it already.

        Raises
        ------
        Cancelled
            Somebody has ended the run.
        """
        self._show(progress)
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REPORT_SECONDS
        changes: dict[str, Any] = {"phase": progress.phase}
        if not recorded:
            changes |= {"bytes_done": progress.done, "bytes_total": progress.total}
            if progress.requested:  # while a file is read again after a kill, its counts stay
                changes |= {"requested": progress.requested, "stored": progress.stored, "known": progress.known}
        self.record(changes)

    def record(self, changes: dict[str, Any]) -> None:
        """Write to the run's document; raises Cancelled where somebody has ended the run."""
        if not self._database.change_document("runs", self._run_id, changes, where={"state": "running"}):
            raise Cancelled
