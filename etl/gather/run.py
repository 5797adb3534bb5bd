"""The base class of runs that gather: a cursor, counts, and a client for the sources."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from etl.engine import Answer
from etl.gather.source_client import SourceClient, Tally, Waiting, fresh_waiting
from etl.task import Task
from store.facts import Provenance
from store.runs import Progress


class GatherRun(ABC):
    """One run; ``cursor`` says how far it is, and is written together with the counts of ``tally``."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.request: Mapping[str, Any] = task.run.request or {}
        self.cursor: dict[str, Any] = {**fresh_waiting(), **task.run.cursor}
        self.tally = Tally(task.run)
        self.client = SourceClient(task, self.progress)
        self.waiting = Waiting(self.client, self.tally, self.cursor, self.record)

    @abstractmethod
    def progress(self, phase: str = "") -> Progress:
        """Return how far the run is; ``phase`` says what it does now, if that is not its usual work."""

    def record(self) -> None:
        """Write the cursor and the counts in one write; raises Cancelled if somebody has ended the run."""
        progress = self.progress()
        done = {"bytes_done": progress.done, "bytes_total": progress.total}
        self.task.report.record(cursor=self.cursor, **self.tally.state(), **done)
        self.task.report(progress, recorded=True)


def provenance_of(answer: Answer, brought_by: str) -> Provenance:
    """Return the provenance of an answer; ``brought_by`` is the run that stores it."""
    return Provenance(source=answer.source, fetched_at=answer.fetched_at, licence=answer.licence, brought_by=brought_by)
