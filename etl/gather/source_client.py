"""Asking one source for a page of answers: again where that helps, and not at all where it takes too long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from etl.engine import Answer, Status
from etl.providers.base import FaultKind, LookupQuery, Need
from etl.task import Task
from store.runs import LONG_KINDS, Progress

# How long a run waits for a source with nothing else to do; beyond that it goes on with others, or ends its process.
SHORT_WAIT_S = 60.0
# How often a source that is not reached, or garbles, is asked again at once, and how long before the first time.
_AGAIN, _PAUSE_S = 2, 0.5
# Further short waits for one page without a single answer are one long wait.
_SHORT_WAITS = 8
_TICK_S, _MOMENT_S = 0.5, 5.0
_CLOSED = frozenset({Status.OFF, Status.CANNOT})


class Blocked(Exception):  # noqa: N818 - a state of the source
    """The source may not, or cannot, be asked before ``until``; ``why`` in words."""

    def __init__(self, source: str, until: datetime, why: str) -> None:
        super().__init__(why)
        self.source = source
        self.until = until
        self.why = why


class SourceClosed(Exception):  # noqa: N818 - a state of the source
    """The source will not answer this at all: switched off, refused, or it no longer does it."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(why)
        self.source = source
        self.why = why


class SourceClient:
    """Asks on behalf of one run; ``progress`` says where it stands, for those who watch it wait."""

    def __init__(self, task: Task, progress: Callable[[str], Progress]) -> None:
        self._task = task
        self._engine = task.engine
        self._progress = progress

    def ask(self, source: str, need: Need, queries: Sequence[LookupQuery]) -> list[Answer]:
        """Return an answer to each of ``queries``, which the provider can answer all, in their order.

        They are FOUND or NOT_FOUND, and FAILED where asking again did not help.

        Raises
        ------
        Blocked
            The source asks to wait for longer than :data:`SHORT_WAIT_S`, or cannot be reached.
        SourceClosed
            The source answers no question of this kind.
        Cancelled
            Somebody has ended the run.
        """
        size = self._at_once(source, need)
        answers: list[Answer] = []
        for at in range(0, len(queries), size):
            answers += self._ask_some(source, need, queries[at : at + size])
            if len(answers) < len(queries):
                self._task.report(self._progress(""))
        return answers

    def _at_once(self, source: str, need: Need) -> int:
        """Return how many questions take a few seconds, so that a listener who cancels does not wait for long."""
        about = self._engine.providers()[source].about
        return max(about.batches.get(need, 1), math.ceil(about.rate.per_second * _MOMENT_S))

    def _ask_some(self, source: str, need: Need, queries: Sequence[LookupQuery]) -> list[Answer]:
        answers = self._engine.ask_many(source, need, queries, within_s=SHORT_WAIT_S)
        attempts = waits = 0
        while True:
            self._refuse(source, answers)
            limited = [place for place, answer in enumerate(answers) if answer.status is Status.LIMITED]
            failed = [place for place, answer in enumerate(answers) if answer.status is Status.FAILED]
            unreached = [place for place in failed if _kind(answers[place]) is FaultKind.UNREACHABLE]
            if limited:
                waits += 1
                self._wait_for(source, [answers[place] for place in limited], waits)
            elif failed and attempts < _AGAIN:
                attempts += 1
                self.wait(_PAUSE_S * attempts, f"asking {self.title(source)} again")
            elif unreached:
                raise Blocked(source, self._later(source), _words(answers[unreached[0]]))
            else:
                return answers
            again = sorted(limited + failed)
            some = [queries[place] for place in again]
            renewed = self._engine.ask_many(source, need, some, within_s=SHORT_WAIT_S, fresh=bool(failed))
            for place, answer in zip(again, renewed, strict=True):
                answers[place] = answer

    def others_wait(self) -> bool:
        """Say whether other long runs are due; the operator's own commands give way to nobody."""
        ours = self._task.document
        if ours["owner"] is None:
            return False
        due = self._task.database.unfinished_runs()
        return any(run["_id"] != ours["_id"] and run["kind"] in LONG_KINDS and run["state"] != "running" for run in due)

    def title(self, source: str) -> str:
        """Return what people call the source."""
        provider = self._engine.providers().get(source)
        return provider.about.title if provider else source

    def wait(self, seconds: float, phase: str) -> None:
        """Wait, and say so; raises Cancelled when the listener does not want to."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._task.report(self._progress(phase))
            time.sleep(min(_TICK_S, left))

    def _wait_for(self, source: str, limited: Sequence[Answer], waits: int) -> None:
        until = max(map(_retry_at, limited))
        seconds = (until - datetime.now(UTC)).total_seconds()
        if waits > _SHORT_WAITS:
            until = max(until, self._later(source))
        if seconds > SHORT_WAIT_S or waits > _SHORT_WAITS:
            raise Blocked(source, until, _words(limited[0]))
        if seconds > 0:
            self.wait(seconds, f"waiting {math.ceil(seconds)} s for {self.title(source)}")

    def _later(self, source: str) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self._engine.providers()[source].about.failed_minutes)

    def _refuse(self, source: str, answers: Sequence[Answer]) -> None:
        closed = [answer for answer in answers if answer.status in _CLOSED or _kind(answer) is FaultKind.REFUSED]
        if closed and len(closed) == len(answers):
            raise SourceClosed(source, _words(closed[0]) or f"{self.title(source)} is switched off.")


def _kind(answer: Answer) -> FaultKind | None:
    return answer.fault.kind if answer.fault else None


def _retry_at(answer: Answer) -> datetime:
    retry_at = answer.fault.retry_at if answer.fault else None
    return retry_at or datetime.now(UTC) + timedelta(seconds=1.0)


def _words(answer: Answer) -> str:
    return answer.fault.message if answer.fault else ""
