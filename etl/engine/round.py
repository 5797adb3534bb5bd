"""One round of questions to one source: what is remembered, what others are asking, and what is asked now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.engine.answers import Answer, Fault, Status
from etl.engine.caller import call
from etl.engine.clock import Clock
from etl.engine.keys import NEVER_KEPT
from etl.engine.lines import Line
from etl.engine.memory import Memory, Since
from etl.engine.sources import Document, SourceRecords
from etl.providers.base import FaultKind, LookupQuery, Need, Provider, SourceFault, Value

# How often a question that another thread or process is asking is looked for, at first and later.
_LOOK_S, _LOOK_RARELY_S = 0.02, 0.25
# A lease outlives the time its question has by this much.
_LEASE_MARGIN_S = 5.0
# A source that got less time than this and did not answer may yet answer the next question.
_FAIR_S = 2.0
_KEPT = frozenset({Status.FOUND, Status.NOT_FOUND, Status.FAILED})


@dataclass(frozen=True, kw_only=True)
class Round:
    """The questions of one call of :meth:`etl.engine.Engine.ask_many`; ``document`` is the source's at its beginning.

    ``until`` is a time of ``clock.monotonic``.
    """

    memory: Memory
    sources: SourceRecords
    clock: Clock
    provider: Provider
    need: Need
    document: Document
    lines: Sequence[Line]
    until: float
    fresh: bool

    def answers(self, questions: Mapping[str, LookupQuery]) -> dict[str, Answer]:
        """Return an answer for every key of ``questions``, remembered or new."""
        if self.need in NEVER_KEPT:
            return {key: answer for part in self._batches(questions) for key, answer in self._ask(part).items()}
        now = self.clock.now()
        # New settings may mend what failed with the old ones.
        since: Since = dict.fromkeys(Status, now) if self.fresh else {Status.FAILED: self.document.get("settings_at")}
        answers: dict[str, Answer] = {}
        look_s = _LOOK_S
        while True:
            answers |= self.memory.recall(questions.keys() - answers.keys(), self.need, since)
            answers |= self._lead({key: one for key, one in questions.items() if key not in answers}, since)
            missing = questions.keys() - answers.keys()
            if not missing:
                return answers
            if self.clock.monotonic() + look_s >= self.until:
                busy = SourceFault(FaultKind.UNREACHABLE, "The same is being asked already, and takes long.")
                return answers | {key: self._unanswered(busy) for key in missing}
            self.clock.sleep(look_s)
            look_s = min(_LOOK_RARELY_S, look_s * 1.5)

    def _lead(self, questions: Mapping[str, LookupQuery], since: Since) -> dict[str, Answer]:
        """Ask, batch by batch, those of ``questions`` that nobody else is asking, and remember the answers."""
        answers: dict[str, Answer] = {}
        for batch in self._batches(questions):
            left_s = max(0.0, self.until - self.clock.monotonic())
            claims = {key: self.memory.claim(key, self.need, since, left_s + _LEASE_MARGIN_S) for key in batch}
            leases = {key: lease for key, lease in claims.items() if lease is not None}
            try:
                found = self._ask({key: batch[key] for key in leases})
                for key, answer in found.items():
                    if self._is_worth_keeping(answer, left_s):
                        answers[key] = self.memory.keep(key, answer, self.provider.about)
                        del leases[key]
            finally:
                for key, lease in leases.items():
                    self.memory.release(key, lease)
            answers = found | answers
            limited = next((answer for answer in found.values() if answer.status is Status.LIMITED), None)
            if limited is not None:  # and so are all that follow
                return dict.fromkeys(questions, limited) | answers
        return answers

    def _ask(self, batch: Mapping[str, LookupQuery]) -> dict[str, Answer]:
        if not batch:
            return {}
        left_s = self.until - self.clock.monotonic()
        outcomes = call(self.provider, self.need, list(batch.values()), self.lines, self.clock, self.until)
        self._note(outcomes, left_s)
        return {key: self._answer(outcome) for key, outcome in zip(batch, outcomes, strict=True)}

    def _note(self, outcomes: Sequence[Value | SourceFault | None], left_s: float) -> None:
        faults = [outcome for outcome in outcomes if isinstance(outcome, SourceFault)]
        source = self.provider.about.name
        if len(faults) < len(outcomes):
            self.sources.note_ok(source, self.document)
        elif faults[0].kind is FaultKind.ABSENT:
            self.sources.note_absent(source, self.need)
        elif faults[0].kind is not FaultKind.LIMITED:
            self.sources.note_fault(source, faults[0])
            if faults[0].kind is FaultKind.UNREACHABLE and left_s >= _FAIR_S:
                self.lines[0].bucket.note_silence()

    def _answer(self, outcome: Value | SourceFault | None) -> Answer:
        if isinstance(outcome, SourceFault):
            return self._unanswered(outcome)
        about = self.provider.about
        status = Status.NOT_FOUND if outcome is None or outcome == () else Status.FOUND
        return Answer(
            source=about.name,
            need=self.need,
            status=status,
            value=outcome if status is Status.FOUND else None,
            fetched_at=self.clock.now(),
            licence=about.licence,
        )

    def _unanswered(self, fault: SourceFault) -> Answer:
        status = {FaultKind.LIMITED: Status.LIMITED, FaultKind.ABSENT: Status.CANNOT}.get(fault.kind, Status.FAILED)
        return unanswered(self.provider.about.name, self.need, status, fault, self.clock)

    def _is_worth_keeping(self, answer: Answer, left_s: float) -> bool:
        """Tell whether ``answer`` is to be remembered: not a failure that is our haste, or in the place of better."""
        if answer.status is not Status.FAILED:
            return answer.status in _KEPT
        hasty = left_s < _FAIR_S and answer.fault is not None and answer.fault.kind is FaultKind.UNREACHABLE
        return not (hasty or self.fresh)

    def _batches(self, questions: Mapping[str, LookupQuery]) -> Iterator[dict[str, LookupQuery]]:
        size = self.provider.about.batches.get(self.need, 1)
        keys = list(questions)
        for at in range(0, len(keys), size):
            yield {key: questions[key] for key in keys[at : at + size]}


def unanswered(source: str, need: Need, status: Status, fault: SourceFault, clock: Clock) -> Answer:
    """Return the answer that says why there is none."""
    retry_at = None if fault.retry_after_s is None else clock.now(fault.retry_after_s)
    reported = Fault(kind=fault.kind, message=fault.message, hint=fault.hint, retry_at=retry_at)
    asked_at = clock.now() if status in {Status.FAILED, Status.LIMITED} else None
    return Answer(source=source, need=need, status=status, fetched_at=asked_at, fault=reported)
