"""Queries one source for a page of answers, with retries and short waits."""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from etl.engine import Answer, Status
from etl.providers.base import FaultKind, LookupQuery, Need
from etl.task import Task
from store.runs import LONG_KINDS, Progress

# Longest time that a run waits for a source; if it takes longer, it goes on with others or ends its process.
SHORT_WAIT_S = 60.0
# Retries of a source that is not reached or sends garbage, and the seconds before the first one.
_AGAIN, _PAUSE_S = 2, 0.5
# More short waits than this for one page are treated as one long wait.
_SHORT_WAITS = 8
_TICK_S, _MOMENT_S = 0.5, 5.0
_CLOSED = frozenset({Status.OFF, Status.CANNOT})


class Blocked(Exception):  # noqa: N818 - a state of the source
    """The source cannot be used before ``until``; ``why`` says the reason."""

    def __init__(self, source: str, until: datetime, why: str) -> None:
        super().__init__(why)
        self.source = source
        self.until = until
        self.why = why


class SourceClosed(Exception):  # noqa: N818 - a state of the source
    """The source answers no query of this kind: it is switched off, refuses us, or no longer offers this."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(why)
        self.source = source
        self.why = why


class SourceClient:
    """Sends the queries of one run; ``progress`` gives the run's progress, which is reported during waits."""

    def __init__(self, task: Task, progress: Callable[[str], Progress]) -> None:
        self._task = task
        self._engine = task.engine
        self._progress = progress

    def ask(self, source: str, need: Need, queries: Sequence[LookupQuery]) -> list[Answer]:
        """Return the answers to ``queries``, in their order: FOUND, NOT_FOUND, or FAILED if retries did not help.

        The provider must be able to answer all of them (:meth:`etl.providers.base.Provider.can`).

        Raises
        ------
        Blocked
            The source cannot be reached, or asks for a pause longer than :data:`SHORT_WAIT_S`.
        SourceClosed
            The source answers no query of this kind.
        Cancelled
            Somebody has ended the run.
        """
        size = self._chunk_size(source, need)
        answers: list[Answer] = []
        for at in range(0, len(queries), size):
            answers += self._ask_chunk(source, need, queries[at : at + size])
            if len(answers) < len(queries):
                self._task.report(self._progress(""))
        return answers

    def _chunk_size(self, source: str, need: Need) -> int:
        """Return how many queries take a few seconds, so that a run can be cancelled soon."""
        about = self._engine.providers()[source].about
        return max(about.batches.get(need, 1), math.ceil(about.rate.per_second * _MOMENT_S))

    def _ask_chunk(self, source: str, need: Need, queries: Sequence[LookupQuery]) -> list[Answer]:
        answers = self._engine.ask_many(source, need, queries, within_s=SHORT_WAIT_S)
        attempts = waits = 0
        while True:
            self._refuse(source, answers)
            limited = [index for index, answer in enumerate(answers) if answer.status is Status.LIMITED]
            failed = [index for index, answer in enumerate(answers) if answer.status is Status.FAILED]
            unreached = [index for index in failed if _kind(answers[index]) is FaultKind.UNREACHABLE]
            if limited:
                waits += 1
                self._wait_for(source, [answers[index] for index in limited], waits)
            elif failed and attempts < _AGAIN:
                attempts += 1
                self.wait(_PAUSE_S * attempts, f"trying {self.title(source)} again")
            elif unreached:
                raise Blocked(source, self._later(source), _words(answers[unreached[0]]))
            else:
                return answers
            again = sorted(limited + failed)
            some = [queries[index] for index in again]
            renewed = self._engine.ask_many(source, need, some, within_s=SHORT_WAIT_S, fresh=bool(failed))
            for index, answer in zip(again, renewed, strict=True):
                answers[index] = answer

    def others_wait(self) -> bool:
        """Return whether other long runs are due; always False for a run of the operator."""
        ours = self._task.document
        if ours["owner"] is None:
            return False
        due = self._task.database.unfinished_runs()
        return any(run["_id"] != ours["_id"] and run["kind"] in LONG_KINDS and run["state"] != "running" for run in due)

    def title(self, source: str) -> str:
        """Return the title of the source."""
        provider = self._engine.providers().get(source)
        return provider.about.title if provider else source

    def wait(self, seconds: float, phase: str) -> None:
        """Wait and report ``phase``; raises Cancelled if somebody has ended the run."""
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
