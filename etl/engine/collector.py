"""Collects the answers of one source to several queries: cached ones, those of other processes, and new ones."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import requests

from etl.engine.answers import Answer, Fault, Status
from etl.engine.bucket import GateFault
from etl.engine.cache import NEVER_CACHED, AnswerCache, Since
from etl.engine.channel import SourceChannel, first_free
from etl.engine.clock import Clock
from etl.engine.sources import Document, SourceRecords
from etl.providers.base import FaultKind, LookupQuery, Need, NotThere, Provider, SourceFault, Value

log = logging.getLogger(__name__)

_TRIES = 3
_BAD_REQUEST = 400
# Seconds between two looks for the answer to a query that another thread or process has sent, at first and later.
_LOOK_S, _LOOK_RARELY_S = 0.02, 0.25
# A lease lasts this much longer than the time limit of its query.
_LEASE_MARGIN_S = 5.0
# A source that had less time than this to answer does not count as unreachable.
_FAIR_S = 2.0


@dataclass(frozen=True, kw_only=True)
class AnswerCollector:
    """Answers one call of :meth:`etl.engine.Engine.ask_many`.

    ``document`` is the source's document at the beginning of the call. ``until`` is a time of ``clock.monotonic``.
    """

    cache: AnswerCache
    sources: SourceRecords
    clock: Clock
    provider: Provider
    need: Need
    document: Document
    credentials: Sequence[SourceChannel]
    until: float
    fresh: bool

    def answers(self, queries: Mapping[str, LookupQuery]) -> dict[str, Answer]:
        """Return an answer for every key of ``queries``, cached or new."""
        if self.need in NEVER_CACHED:
            return {key: answer for part in self._batches(queries) for key, answer in self._send(part).items()}
        now = self.clock.now()
        # New settings may mend what failed with the old ones.
        since: Since = dict.fromkeys(Status, now) if self.fresh else {Status.FAILED: self.document.get("settings_at")}
        answers: dict[str, Answer] = {}
        look_s = _LOOK_S
        while True:
            answers |= self.cache.get(queries.keys() - answers.keys(), self.need, since)
            answers |= self._send_claimed({key: query for key, query in queries.items() if key not in answers}, since)
            missing = queries.keys() - answers.keys()
            if not missing:
                return answers
            if self.clock.monotonic() + look_s >= self.until:
                busy = SourceFault(FaultKind.UNREACHABLE, "The same query is already on its way, and takes long.")
                return answers | {key: self._unanswered(busy) for key in missing}
            self.clock.sleep(look_s)
            look_s = min(_LOOK_RARELY_S, look_s * 1.5)

    def _send_claimed(self, queries: Mapping[str, LookupQuery], since: Since) -> dict[str, Answer]:
        """Send those of ``queries`` that no other process has sent, batch by batch, and cache the answers."""
        answers: dict[str, Answer] = {}
        for batch in self._batches(queries):
            left_s = max(0.0, self.until - self.clock.monotonic())
            claims = {key: self.cache.claim(key, self.need, since, left_s + _LEASE_MARGIN_S) for key in batch}
            leases = {key: lease for key, lease in claims.items() if lease is not None}
            try:
                found = self._send({key: batch[key] for key in leases})
                for key, answer in found.items():
                    if self._is_worth_keeping(answer, left_s):
                        answers[key] = self.cache.keep(key, answer, self.provider.about)
                        del leases[key]
            finally:
                for key, lease in leases.items():
                    self.cache.release(key, lease)
            answers = found | answers
            limited = next((answer for answer in found.values() if answer.status is Status.LIMITED), None)
            if limited is not None:  # and so are all that follow
                return dict.fromkeys(queries, limited) | answers
        return answers

    def _send(self, batch: Mapping[str, LookupQuery]) -> dict[str, Answer]:
        if not batch:
            return {}
        left_s = self.until - self.clock.monotonic()
        outcomes = self._call(list(batch.values()))
        self._note(outcomes, left_s)
        return {key: self._answer(outcome) for key, outcome in zip(batch, outcomes, strict=True)}

    def _call(self, queries: Sequence[LookupQuery]) -> list[Value | SourceFault | None]:
        """Return an answer or a fault for each of ``queries`` (one batch).

        When a credential is limited, the next one is used. A batch that the source answers with 400 is sent again in
        halves, so that one bad query does not cost the others their answers.
        """
        attempts = _TRIES + len(self.credentials)
        for attempt in range(attempts):
            channel = first_free(self.credentials)
            try:
                return list(self._ask(queries, channel))
            except SourceFault as fault:
                if fault.status == _BAD_REQUEST and len(queries) > 1:
                    half = len(queries) // 2
                    return self._call(queries[:half]) + self._call(queries[half:])
                if not self._may_help(fault, channel) or attempt + 1 == attempts:
                    return [fault] * len(queries)
        raise AssertionError("the last attempt returns")

    def _may_help(self, fault: SourceFault, channel: SourceChannel) -> bool:
        """Return whether another attempt may help, and note a limit that the provider found in an answer."""
        if fault.kind is not FaultKind.LIMITED:
            return False
        if isinstance(fault, GateFault):  # the session has noted it and made its retries
            return any(other.session.bucket.wait_s() == 0.0 for other in self.credentials if other is not channel)
        fault.retry_after_s = channel.session.bucket.note_limit(fault.message.rstrip("."), fault.retry_after_s)
        return self.clock.monotonic() + min(usable.session.bucket.wait_s() for usable in self.credentials) < self.until

    def _ask(self, queries: Sequence[LookupQuery], channel: SourceChannel) -> Sequence[Value | None]:
        about = self.provider.about
        try:
            values = self.provider.answer(self.need, queries, channel)
        except NotThere:
            return [None] * len(queries)
        except requests.RequestException as fault:
            raise SourceFault(FaultKind.UNREACHABLE, f"No request could be sent to {about.title}.") from fault
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as fault:
            log.warning("%s: %s was answered in a form that is not known", about.name, self.need, exc_info=fault)
            message = f"{about.title} answers in a form that Tastemap does not know."
            raise SourceFault(FaultKind.GARBLED, message) from fault
        if len(values) != len(queries):
            raise SourceFault(FaultKind.GARBLED, f"{about.title} answered {len(values)} of {len(queries)} queries.")
        return values

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
                self.credentials[0].session.bucket.note_silence()

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
        """Return whether to cache ``answer``: not a failure for lack of time, or one that would replace an answer."""
        if answer.status is not Status.FAILED:
            return answer.status in {Status.FOUND, Status.NOT_FOUND}
        hasty = left_s < _FAIR_S and answer.fault is not None and answer.fault.kind is FaultKind.UNREACHABLE
        return not (hasty or self.fresh)

    def _batches(self, queries: Mapping[str, LookupQuery]) -> Iterator[dict[str, LookupQuery]]:
        size = self.provider.about.batches.get(self.need, 1)
        keys = list(queries)
        for at in range(0, len(keys), size):
            yield {key: queries[key] for key in keys[at : at + size]}


def unanswered(source: str, need: Need, status: Status, fault: SourceFault, clock: Clock) -> Answer:
    """Return an answer without a value, which says why."""
    retry_at = None if fault.retry_after_s is None else clock.now(fault.retry_after_s)
    reported = Fault(kind=fault.kind, message=fault.message, hint=fault.hint, retry_at=retry_at)
    fetched_at = clock.now() if status in {Status.FAILED, Status.LIMITED} else None
    return Answer(source=source, need=need, status=status, fetched_at=fetched_at, fault=reported)
