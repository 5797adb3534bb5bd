"""Lists that sources give page by page: each source and text is a stream, gone along until it ends or is blocked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, cast

from etl.engine import Answer, Status
from etl.gather.source_client import Blocked, SourceClient
from etl.gather.tally import Tally
from etl.gather.waiting import Waiting, fresh_waiting
from etl.providers.base import Candidate, LookupQuery, Need
from etl.task import Task
from store.runs import ImportProblem, Progress


class PageStreamRun(ABC):
    """A run along streams. ``cursor["streams"]`` holds a list of JSON values for each, the last of which says it ended.

    A page is stored first; then the stream's place and the counts are written together. What is stored again after a
    kill counts as it did, because the store knows by which page a track came.
    """

    need: Need

    def __init__(self, task: Task) -> None:
        self.task = task
        self.request: dict[str, Any] = task.document["request"]
        self.cursor: dict[str, Any] = {"streams": None, **fresh_waiting(), **task.document["cursor"]}
        self.tally = Tally(task.document)
        self.client = SourceClient(task, self.progress)
        self.waiting = Waiting(self.client, self.tally, self.cursor, self.record, self.client.others_wait)
        if self.cursor["streams"] is None:
            self.cursor["streams"] = self.begin(self._sources())

    @abstractmethod
    def begin(self, sources: list[str]) -> list[list[Any]]:
        """Return the streams of a new run."""

    @abstractmethod
    def source(self, stream: list[Any]) -> str:
        """Return the source that a stream asks."""

    @abstractmethod
    def go(self, stream: list[Any]) -> None:
        """Ask for the stream's next page, store it, move the stream and record; set its last member where it ends."""

    @abstractmethod
    def progress(self, phase: str = "") -> Progress:
        """Return where the run stands."""

    def run(self) -> None:
        """Go along all streams; raises Postponed where all that are left are blocked for long."""
        self.record()
        while True:
            blocking = [blocked for stream in self.cursor["streams"] if (blocked := self._along(stream))]
            if not blocking:
                return
            self.waiting.until_again(blocking)

    def _along(self, stream: list[Any]) -> Blocked | None:
        while not stream[-1]:
            blocked = self.waiting.attempt(self.source(stream), self.need, lambda: self.go(stream))
            if blocked:
                return blocked
            if self.waiting.is_out(self.source(stream), self.need):
                stream[-1] = True
                self.record()
        return None

    def ask(self, source: str, text: str, page: int) -> Answer:
        """Return the answer to one page, and count it."""
        answer = self.client.ask(source, self.need, [LookupQuery(text=text, page=page)])[0]
        self.tally.count([answer])
        return answer

    def record(self) -> None:
        """Write place and counts, in one write."""
        progress = self.progress()
        place = {"bytes_done": progress.done, "bytes_total": progress.total}
        self.task.report.record({"cursor": self.cursor, **self.tally.state(), **place})
        self.task.report(progress, recorded=True)

    def _sources(self) -> list[str]:
        on = self.task.engine.on(self.need)
        wanted = self.request.get("source")
        if wanted is not None and wanted not in on:
            raise ImportProblem(
                "no_sources", f"{wanted} is not switched on, or does not do this.", "See the sources under Data."
            )
        if not on:
            raise ImportProblem("no_sources", "No source that could be asked is switched on.", "See under Data.")
        return [wanted] if wanted else on


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """What is worth keeping: a popularity of at least (0 to 100), years from and to; None where all are.

    What is not known passes, because many sources tell neither; not where ``strict``.
    """

    min_popularity: float | None = None
    years: tuple[int, int] | None = None
    strict: bool = False

    @classmethod
    def of(cls, request: dict[str, Any]) -> Filter:
        years = request.get("years")
        return cls(
            min_popularity=request.get("min_popularity"),
            years=(years[0], years[1]) if years else None,
            strict=bool(request.get("strict")),
        )

    def reason(self, popularity: float | None, year: int | None) -> str | None:
        """Return why something is left out, ``None`` where it is kept."""
        if self.min_popularity is not None:
            if popularity is None:
                if self.strict:
                    return "its popularity is not known"
            elif popularity < self.min_popularity:
                return f"less popular than {self.min_popularity:g}"
        if self.years is not None:
            if year is None:
                if self.strict:
                    return "its year is not known"
            elif not self.years[0] <= year <= self.years[1]:
                return f"not from {self.years[0]} to {self.years[1]}"
        return None


def candidates_of(answer: Answer) -> tuple[Candidate, ...]:
    """Return the tracks in an answer, none where nothing was found."""
    return cast(tuple[Candidate, ...], answer.value) if answer.status is Status.FOUND else ()
