"""Queries a source for a page of answers, with retries and waits; counts them; leaves out what stays blocked."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.engine import Answer, Status
from etl.providers.base import FaultKind, LookupQuery, Need
from etl.task import Task
from store.runs import LONG_KINDS, Postponed, Progress, Run

# Longest time that a run waits for a source; if it takes longer, it goes on with others or ends its process.
SHORT_WAIT_S = 60.0
# Retries of a source that is not reached or sends garbage, and the seconds before the first one.
_AGAIN, _PAUSE_S = 2, 0.5
# More short waits than this for one page are treated as one long wait.
_SHORT_WAITS = 8
_TICK_S, _MOMENT_S = 0.5, 5.0
_CLOSED = frozenset({Status.OFF, Status.CANNOT})
# A source that has put a run to sleep this often, without an answer in between, is left out of the rest.
_MOST_SLEEPS = 3
# A run that a browser started gives way to other waiting runs after this time.
TURN_S = 15 * 60.0
_COLUMNS = ("queries", "found", "not_found", "failed")


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

        Raises Blocked if the source cannot be reached, or asks for a pause longer than :data:`SHORT_WAIT_S`;
        SourceClosed if the source answers no query of this kind; Cancelled if somebody has ended the run.
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
        ours = self._task.run
        if ours.owner is None:
            return False
        due = self._task.database.unfinished_runs()
        return any(run.id != ours.id and run.kind in LONG_KINDS and run.state != "running" for run in due)

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


class Tally:
    """The counts of one run, starting from its stored ones; they are stored together with the cursor."""

    def __init__(self, run: Run) -> None:
        self.requested, self.stored, self.known = run.requested, run.stored, run.known
        self.skipped: Counter[str] = Counter(run.skipped)
        self._sources: dict[tuple[str, str], dict[str, Any]] = {
            (row["source"], row["need"]): dict(row) for row in run.sources
        }

    def count(self, answers: Iterable[Answer]) -> None:
        """Count answers by source; an answer CANNOT does not count, because its query was not sent."""
        for answer in answers:
            if answer.status is Status.CANNOT:
                continue
            row = self._row(answer.source, answer.need)
            row["queries"] += 1
            row[answer.status.value if answer.status in {Status.FOUND, Status.NOT_FOUND} else "failed"] += 1
            if answer.fault is not None:
                row["why"] = answer.fault.message

    def note(self, source: str, need: str, why: str) -> None:
        """Store why a source is not used, or not yet."""
        self._row(source, need)["why"] = why

    def state(self) -> dict[str, Any]:
        """Return the fields of the run by name."""
        return {
            "requested": self.requested,
            "stored": self.stored,
            "known": self.known,
            "skipped": self.skipped,
            "sources": list(self._sources.values()),
        }

    def progress(self, phase: str, done: int, total: int) -> Progress:
        """Return the run's progress: ``done`` of ``total`` in the run's unit, with the counts so far."""
        return Progress(
            phase=phase,
            done=done,
            total=total,
            requested=self.requested,
            stored=self.stored,
            known=self.known,
            skipped=self.skipped.total(),
        )

    def _row(self, source: str, need: str) -> dict[str, Any]:
        empty = {"source": source, "need": str(need), **dict.fromkeys(_COLUMNS, 0), "why": None}
        return self._sources.setdefault((source, str(need)), empty)


def fresh_waiting() -> dict[str, Any]:
    """Return the members of a run's cursor that :class:`Waiting` keeps there."""
    return {"out": [], "sleeps": []}


class Waiting:
    """Keeps which sources are asleep (in memory) and which are left out (in ``cursor``, which ``record`` stores)."""

    def __init__(self, client: SourceClient, tally: Tally, cursor: dict[str, Any], record: Callable[[], None]) -> None:
        self._client = client
        self._tally = tally
        self._cursor = cursor
        self._record = record
        self._begun, self._did = time.monotonic(), False
        self.asleep: dict[str, Blocked] = {}

    def attempt(self, source: str, need: Need, do: Callable[[], Blocked | None]) -> Blocked | None:
        """Call ``do``, which queries ``source``; return what blocks the source, None if nothing does.

        ``do`` is not called while the source is asleep. It is not called either if the source is left out for good:
        then None is returned, see :meth:`is_out`.

        Raises Postponed if the run has had its turn (:data:`TURN_S`) and other runs wait.
        """
        if self._did and time.monotonic() - self._begun >= TURN_S and self._client.others_wait():
            raise Postponed("waiting for its next turn", datetime.now(UTC))
        asleep = self.asleep.get(source)
        if self.is_out(source, need):
            return None
        if asleep and asleep.until > datetime.now(UTC):
            return asleep
        try:
            blocked = do()
        except Blocked as blocked:
            if self._sleeps().get(source, 0) >= _MOST_SLEEPS:
                self._leave_out(source, need, blocked.why)
                return None
            self._tally.note(source, need, blocked.why)
            self.asleep[source] = blocked
            return blocked
        except SourceClosed as closed:
            self._leave_out(source, need, closed.why)
            return None
        self._did = True
        if blocked is None:
            self._put_sleeps({name: times for name, times in self._sleeps().items() if name != source})
        return blocked

    def is_out(self, source: str, need: Need) -> bool:
        """Return whether this run no longer uses the source for ``need``."""
        return [source, need.value] in self._cursor["out"]

    def until_again(self, blocking: Iterable[Blocked]) -> None:
        """Wait for the first of the blocked sources; raises Postponed if that takes longer than SHORT_WAIT_S."""
        blocking = list(blocking)
        first = min(blocking, key=lambda blocked: blocked.until)
        title = self._client.title(first.source)
        seconds = (first.until - datetime.now(UTC)).total_seconds()
        if seconds <= SHORT_WAIT_S:
            self._client.wait(seconds, f"waiting for {title}")
            return
        # Only sources that are due soon count as failed again: one that sleeps for a day is not asked before.
        soon = first.until + timedelta(seconds=SHORT_WAIT_S)
        sleeping = {blocked.source for blocked in blocking if blocked.until <= soon}
        self._put_sleeps(self._sleeps() | {source: self._sleeps().get(source, 0) + 1 for source in sleeping})
        self._record()
        raise Postponed(f"waiting for {title}: {first.why}", first.until)

    def _sleeps(self) -> dict[str, int]:
        return dict(self._cursor["sleeps"])

    def _put_sleeps(self, sleeps: dict[str, int]) -> None:
        self._cursor["sleeps"] = [list(pair) for pair in sleeps.items()]

    def _leave_out(self, source: str, need: Need, why: str) -> None:
        self._cursor["out"] += [[source, need.value]]
        self._tally.note(source, need, why)
