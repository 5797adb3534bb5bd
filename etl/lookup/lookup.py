"""Looking a track up: from what was typed, or is known, to its ids, and from these to what sources tell of it.

Every question starts as soon as what it needs is known, all of them side by side: the search names the track and its
ISRC, the ISRC leads to further ids, and each id opens the sources that know the track by it. What has not come within
the time is left out, said so, and kept for the next time when it comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import cast

from etl.engine import Answer, Engine, Fault, Status
from etl.identity import SAME, merge, same_recording
from etl.lookup.choice import Choice, choices, words_of
from etl.lookup.pool import GRACE_S, LookupClock, settle, submit
from etl.lookup.results import LookedUp, store_looked_up
from etl.providers.base import Candidate, FaultKind, Identity, LookupQuery, Need

__all__ = ["WITHIN_S", "LookedUp", "look_up", "settle", "store_looked_up"]

# An answer to a page is due after three seconds; models and the database have the rest of them.
WITHIN_S = 2.6
# A candidate that is less sure does not stand for the words that were typed.
_ACCEPTED = 0.6
# A search result that is this sure need not wait long for what other sources say.
_SURE, _SECOND_OPINION_S = 0.9, 0.25
# So much of the time may pass with a search that has found something already.
_SEARCH_SHARE = 0.45
# When every need has its answer from the best source there is, the others are waited for so long.
_PATIENCE_S = 0.5
# With these ids every source can be asked.
_ENOUGH_IDS = frozenset({"isrc", "mbid", "spotify"})

_Question = tuple[Need, str]


def look_up(
    engine: Engine,
    query: LookupQuery,
    needs: Collection[Need],
    *,
    within_s: float = WITHIN_S,
    clock: LookupClock | None = None,
) -> LookedUp:
    """Find the track that ``query`` means, and what ``needs`` ask for, within ``within_s`` seconds.

    With ``query.text`` somebody has typed a track, in any order of title and artist (``query.identity`` may hold the
    same apart); it is named as the best source writes it. Without, ``query.identity`` is a track that is known by its
    names or ids, and keeps its names. ``clock`` measures the time, the machine's own if it is not given.

    Raises StoreError where the database does not answer, and nothing because a source fails.
    """
    return _LookUp(engine, query, needs, within_s, clock or LookupClock()).run()


class _LookUp:
    def __init__(
        self, engine: Engine, query: LookupQuery, needs: Collection[Need], within_s: float, clock: LookupClock
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.query = query
        self.needs = frozenset(needs)
        self.begun = self.clock.monotonic()
        self.deadline = self.begun + within_s
        self.identity = query.identity
        self.order = {need: engine.on(need) for need in (Need.SEARCH, Need.TRACK, *self.needs)}
        self.answers: dict[_Question, Answer] = {}
        self.pending: dict[Future[Answer], _Question] = {}
        self.searching = "isrc" not in query.identity.ids and bool(words_of(query))
        self.candidates: tuple[Choice, ...] = ()
        self.chosen: Choice | None = None
        self.sure_since: float | None = None
        self.enough_since: float | None = None

    def run(self) -> LookedUp:
        if self.searching:
            for source in self.order[Need.SEARCH]:
                self._ask(Need.SEARCH, source, replace(self.query, text=words_of(self.query)))
        while True:
            self._choose()
            self._ask_what_can_be_asked()
            left_s = self._until() - self.clock.monotonic()
            if self.pending and left_s > 0:
                for future in self.clock.first_done(self.pending, left_s):
                    self._take(future)
            elif not self.searching or not self.pending or self.clock.monotonic() >= self.deadline:
                break
        self._give_up()
        return self._result()

    # -- asking -------------------------------------------------------------------------------------------------

    def _ask(self, need: Need, source: str, query: LookupQuery) -> None:
        if self.engine.providers()[source].can(need, query):
            left_s = self.deadline - self.clock.monotonic()
            self.pending[submit(self.engine, source, need, query, left_s)] = (need, source)

    def _ask_what_can_be_asked(self) -> None:
        """Ask every question that what is known by now allows and that has not been asked yet."""
        if self.chosen is None and not self.query.identity.ids:
            return
        query = replace(self.query, text="", identity=self.identity)
        begun = {*self.answers, *self.pending.values()}
        for question in self._wanted():
            if question not in begun:
                self._ask(*question, query)

    def _wanted(self) -> Iterator[_Question]:
        ids = self.identity.ids.keys()
        if not ids >= _ENOUGH_IDS:
            # A source that has named the track in its search has told its ids with it.
            named = self.chosen.sources if self.chosen and "isrc" in ids else ()
            yield from ((Need.TRACK, source) for source in self.order[Need.TRACK] if source not in named)
        yield from ((need, source) for need in self.needs for source in self.order[need])

    def _take(self, future: Future[Answer]) -> None:
        need, source = self.pending.pop(future)
        answer = future.result()
        if need is Need.TRACK and answer.status is Status.FOUND:
            found = cast(Candidate, answer.value).identity
            if self._fits(found):
                self.identity = merge(self.identity, found)
            else:
                answer = _another_recording(answer, found)
        if need is Need.SEARCH and self.chosen and answer.status is Status.FOUND:
            late = (candidate.identity for candidate in cast(tuple[Candidate, ...], answer.value))
            self.identity = merge(self.identity, next(filter(self._fits, late), self.identity))
        self.answers[need, source] = answer

    def _fits(self, found: Identity) -> bool:
        return not (self.identity.title and found.title) or same_recording(self.identity, found) >= SAME

    # -- when to go on ------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        """Settle which of the found tracks is meant, once no search that is worth waiting for is outstanding."""
        if not self.searching:
            return
        self.candidates = choices(self.query, self._of(Need.SEARCH))
        outstanding = any(need is Need.SEARCH for need, _ in self.pending.values())
        if outstanding and "isrc" not in self.identity.ids and self.clock.monotonic() < self._search_until():
            return
        self.searching = False
        best = self.candidates[0] if self.candidates else None
        if best and best.confidence >= (_ACCEPTED if self.query.text else SAME):
            self.chosen = best
            pair = (best.identity, self.identity) if self.query.text else (self.identity, best.identity)
            self.identity = merge(*pair)

    def _search_until(self) -> float:
        if not self.candidates:
            return self.deadline
        best = self.candidates[0]
        if best.confidence >= _SURE and "isrc" in best.identity.ids:
            if self.sure_since is None:
                self.sure_since = self.clock.monotonic()
            return self.sure_since + _SECOND_OPINION_S
        return self.begun + _SEARCH_SHARE * (self.deadline - self.begun)

    def _until(self) -> float:
        """Return until when to wait: for the search, for what is missing, or for what would only add to it."""
        if self.searching:
            return min(self.deadline, self._search_until())
        if any(need is Need.TRACK for need, _ in self.pending.values()) or not all(map(self._settled, self.needs)):
            self.enough_since = None
            return self.deadline
        if self.enough_since is None:
            self.enough_since = self.clock.monotonic()
        return min(self.deadline, self.enough_since + _PATIENCE_S)

    def _settled(self, need: Need) -> bool:
        """Tell whether no answer to ``need`` is outstanding that would stand before the best one there is."""
        outstanding = {source for one, source in self.pending.values() if one is need}
        for source in self.order[need]:
            if source in outstanding:
                return False
            if (need, source) in self.answers and self.answers[need, source].status is Status.FOUND:
                return True
        return True

    # -- the end ------------------------------------------------------------------------------------------------

    def _give_up(self) -> None:
        for future, (need, source) in self.pending.items():
            future.cancel()
            self.answers[need, source] = _late(need, source, self.engine.providers()[source].about.title)
        self.pending.clear()

    def _of(self, need: Need) -> list[Answer]:
        return [self.answers[need, source] for source in self.order.get(need, ()) if (need, source) in self.answers]

    def _found(self, need: Need) -> dict[str, Answer]:
        """Return what was found by source; nothing of a source that says it has another recording under these ids."""
        missed = {answer.source for answer in self._of(Need.TRACK) if answer.status is Status.NOT_FOUND}
        found = (answer for answer in self._of(need) if answer.status is Status.FOUND)
        return {answer.source: answer for answer in found if answer.source not in missed}

    def _result(self) -> LookedUp:
        # What came first has served; where several tell an id, the better source's is kept.
        names = [self.query.identity]
        if self.chosen:
            names.insert(0 if self.query.text else 1, self.chosen.identity)
        identity = reduce(merge, names)
        for answer in self._found(Need.TRACK).values():
            identity = merge(identity, cast(Candidate, answer.value).identity)
        return LookedUp(
            identity=merge(identity, self.identity),
            confidence=self.chosen.confidence if self.chosen else float(bool(self.query.identity.ids)),
            chosen=self.chosen,
            candidates=self.candidates,
            features=self._found(Need.FEATURES),
            genres=self._found(Need.GENRES),
            similar=self._found(Need.SIMILAR),
            previews=self._found(Need.PREVIEW),
            trail=tuple(self.answers.values()),
        )


def _late(need: Need, source: str, title: str) -> Answer:
    fault = Fault(
        kind=FaultKind.UNREACHABLE,
        message=f"{title} has not answered in time: it is slow, or its limit makes us wait.",
        hint="Ask again in a moment: its answer is kept when it comes.",
        retry_at=datetime.now(UTC) + timedelta(seconds=GRACE_S),
    )
    return Answer(source=source, need=need, status=Status.FAILED, fault=fault)


def _another_recording(answer: Answer, found: Identity) -> Answer:
    """Return ``answer`` as one that has nothing: an ISRC may lead to a duplicate or to another edition."""
    what = f"{found.title!r} by {', '.join(found.artists) or 'nobody'}"
    fault = Fault(kind=FaultKind.GARBLED, message=f"Under this ISRC it has another recording: {what}.")
    return replace(answer, status=Status.NOT_FOUND, value=None, fault=fault)
