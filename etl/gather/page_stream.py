"""Runs that read lists of sources page by page: a stream for each source and text, until it ends or is blocked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from etl.engine import Answer, Status
from etl.gather.run import GatherRun
from etl.gather.source_client import Blocked
from etl.providers.base import Candidate, LookupQuery, Need
from etl.task import Task
from store.runs import ImportProblem


class PageStreamRun(GatherRun):
    """A run that reads streams. ``cursor["streams"]`` has a list of JSON values for each; the last one is "ended".

    A page is stored first; then the stream's position and the counts are written together. A page that is stored
    again after a kill counts as it did before, because the store keeps by which page a track came.
    """

    need: Need

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        if self.cursor.get("streams") is None:
            self.cursor["streams"] = self.begin(self._sources())

    @abstractmethod
    def begin(self, sources: list[str]) -> list[list[Any]]:
        """Return the streams of a new run."""

    @abstractmethod
    def source(self, stream: list[Any]) -> str:
        """Return the source of a stream."""

    @abstractmethod
    def go(self, stream: list[Any]) -> None:
        """Fetch the stream's next page, store it, move the stream and record; set its last member if it has ended."""

    def run(self) -> None:
        """Read all streams to their ends; raises Postponed if all that are left are blocked for long."""
        self.record()
        while True:
            blocking = [blocked for stream in self.cursor["streams"] if (blocked := self._read(stream))]
            if not blocking:
                return
            self.waiting.until_again(blocking)

    def _read(self, stream: list[Any]) -> Blocked | None:
        while not stream[-1]:
            blocked = self.waiting.attempt(self.source(stream), self.need, lambda: self.go(stream))
            if blocked:
                return blocked
            if self.waiting.is_out(self.source(stream), self.need):
                stream[-1] = True
                self.record()
        return None

    def ask(self, source: str, text: str, page: int) -> Answer:
        """Return the answer for one page, and count it."""
        answer = self.client.ask(source, self.need, [LookupQuery(text=text, page=page)])[0]
        self.tally.count([answer])
        return answer

    def _sources(self) -> list[str]:
        on = self.task.engine.on(self.need)
        wanted = self.request.get("source")
        if wanted is not None and wanted not in on:
            raise ImportProblem(
                "no_sources", f"{wanted} is not switched on, or does not offer this.", "See the sources under Settings."
            )
        if not on:
            raise ImportProblem("no_sources", "No source that offers this is switched on.", "See under Settings.")
        return [wanted] if wanted else on


class Filters(TypedDict, total=False):
    """The fields of a run's request that say what it leaves out: all but one ``source``; the rest as in Filter."""

    source: str | None
    min_popularity: float | None
    years: Sequence[int] | None
    strict: bool


NO_FILTERS = Filters(source=None, min_popularity=None, years=None, strict=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which tracks are kept: of a popularity of at least ``min_popularity`` (0 to 100), from ``years`` (first, last).

    None keeps all. A track whose value is unknown is kept too, unless ``strict``, because many sources give neither.
    """

    min_popularity: float | None = None
    years: tuple[int, int] | None = None
    strict: bool = False

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Filter:
        years = request.get("years")
        return cls(
            min_popularity=request.get("min_popularity"),
            years=(years[0], years[1]) if years else None,
            strict=bool(request.get("strict")),
        )

    def reason(self, popularity: float | None, year: int | None) -> str | None:
        """Return why a track is left out, None if it is kept."""
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
    """Return the tracks in an answer, none if nothing was found."""
    return cast(tuple[Candidate, ...], answer.value) if answer.status is Status.FOUND else ()
