"""Looks a track up: from typed words or known details to its ids, and from the ids to its facts at the sources.

Every query is sent as soon as what it needs is known, and all run at the same time. The search finds the track and
its ISRC, the ISRC leads to more ids, and each id allows queries to the sources that use it. An answer that is too
late is reported as missing, and cached for the next time when it comes.
"""

import os
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import cast

from etl.engine import Answer, Engine, Fault, Status
from etl.engine.clock import Clock
from etl.identity import SAME, merge, same_recording
from etl.lookup.choice import Choice, choices, search_words
from etl.lookup.results import LookedUp, store_looked_up
from etl.lookup.slots import Slots
from etl.providers.base import Candidate, FaultKind, Identity, LookupQuery, Need

__all__ = ["WITHIN_S", "LookedUp", "look_up", "settle", "store_looked_up"]

# A page is due after three seconds; the rest of them is for models and the database.
WITHIN_S = 2.6
# Least confidence of the candidate that is chosen for typed words.
_ACCEPTED = 0.6
# After a search result this sure, other sources have this many seconds to answer.
_SURE, _SECOND_OPINION_S = 0.9, 0.25
# Share of the time for the search, once it has found something.
_SEARCH_SHARE = 0.45
# Seconds to wait for other sources when every need has its best answer.
_PATIENCE_S = 0.5
# With these ids every source can be queried.
_ENOUGH_IDS = frozenset({"isrc", "mbid", "spotify"})

_QueryKey = tuple[Need, str]
# Threads for queries, which mostly wait for sources. A page makes two look-ups, of at most a dozen queries each.
_THREADS = 32
# The look-ups that a process makes at a time: each holds a thread of the web process, and other requests need threads.
_slots = Slots(8)
# Seconds for an answer that is too late for its look-up; it is cached for the next one.
GRACE_S = 4.0


class LookupClock(Clock):
    """The clock of look-ups; tests replace it, so that they do not depend on the machine's speed."""

    def first_done(self, futures: Collection[Future[Answer]], within_s: float) -> set[Future[Answer]]:
        """Wait until one of ``futures`` is done, ``within_s`` seconds at the most, and return those that are done."""
        return wait(futures, within_s, FIRST_COMPLETED).done


class _Pool:
    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Forget the threads of the process this one was forked from."""
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._under_way: set[Future[Answer]] = set()

    def submit(self, engine: Engine, source: str, need: Need, query: LookupQuery, within_s: float) -> Future[Answer]:
        """Send a query in another thread, with a time limit of ``within_s`` plus :data:`GRACE_S` seconds."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="look-up")
            future = self._executor.submit(engine.ask, source, need, query, within_s=max(0.0, within_s) + GRACE_S)
            self._under_way.add(future)
        future.add_done_callback(self._left)
        return future

    def _left(self, future: Future[Answer]) -> None:
        with self._lock:
            self._under_way.discard(future)

    def settle(self) -> None:
        """Wait a little until no query is under way; to be called before the store is closed."""
        with self._lock:
            under_way = set(self._under_way)
        wait(under_way, 2 * GRACE_S)


_pool = _Pool()
settle = _pool.settle


def look_up(
    engine: Engine,
    query: LookupQuery,
    needs: Collection[Need],
    *,
    within_s: float = WITHIN_S,
    clock: LookupClock | None = None,
) -> LookedUp:
    """Find the track that ``query`` means, and its facts for ``needs``, within ``within_s`` seconds.

    ``query.text`` holds typed words, title and artist in any order (``query.identity`` may hold the same words
    apart): then the track is named as the best source writes it. Without text, ``query.identity`` is a track that is
    known by its names or ids, and keeps its names. ``clock`` measures the time, by default the machine's clock. If this
    process already makes the allowed number of look-ups, in all or for this network, no source is asked.

    Raises StoreError if the database does not answer. A source that fails raises nothing: see :attr:`LookedUp.trail`.
    """
    found = _LookUp(engine, query, needs, within_s, clock or LookupClock())
    with _slots.slot() as granted:
        return found.run() if granted else found.without_asking()


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
        self.answers: dict[_QueryKey, Answer] = {}
        self.pending: dict[Future[Answer], _QueryKey] = {}
        self.words = query.text.strip() or search_words(query.identity)
        self.searching = "isrc" not in query.identity.ids and bool(self.words)
        self.candidates: tuple[Choice, ...] = ()
        self.chosen: Choice | None = None
        self.sure_since: float | None = None
        self.enough_since: float | None = None

    def run(self) -> LookedUp:
        if self.searching:
            for source in self.order[Need.SEARCH]:
                self._ask(Need.SEARCH, source, replace(self.query, text=self.words))
        while True:
            self._choose()
            self._start_queries()
            left_s = self._until() - self.clock.monotonic()
            if self.pending and left_s > 0:
                for future in self.clock.first_done(self.pending, left_s):
                    self._take(future)
            elif not self.searching or not self.pending or self.clock.monotonic() >= self.deadline:
                break
        self._give_up()
        return self._result()

    def without_asking(self) -> LookedUp:
        """Return the result of a look-up that is refused: no source was asked."""
        what, hint = "{} was not asked, because too many tracks are being looked up.", "Try again in a moment."
        for need in {Need.SEARCH, *self.needs} if self.searching else self.needs:
            for source in self.order[need]:
                self.answers[need, source] = self._unanswered(need, source, what, hint)
        return replace(self._result(), refused=True)

    # -- queries ------------------------------------------------------------------------------------------------

    def _ask(self, need: Need, source: str, query: LookupQuery) -> None:
        if self.engine.providers()[source].can(need, query):
            left_s = self.deadline - self.clock.monotonic()
            self.pending[_pool.submit(self.engine, source, need, query, left_s)] = (need, source)

    def _start_queries(self) -> None:
        """Start all further queries that are possible with the present knowledge."""
        if self.chosen is None and not self.query.identity.ids:
            return
        query = replace(self.query, text="", identity=self.identity)
        begun = {*self.answers, *self.pending.values()}
        for need, source in self._wanted():
            if (need, source) not in begun:
                self._ask(need, source, query)

    def _wanted(self) -> Iterator[_QueryKey]:
        ids = self.identity.ids.keys()
        if not ids >= _ENOUGH_IDS:
            # The search result of a source has its ids already.
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
        """Choose one of the found tracks, once no search that is worth waiting for is outstanding."""
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
        """Return the time until which to wait for the search, for missing facts, or for additional ones."""
        if self.searching:
            return min(self.deadline, self._search_until())
        if any(need is Need.TRACK for need, _ in self.pending.values()) or not all(map(self._settled, self.needs)):
            self.enough_since = None
            return self.deadline
        if self.enough_since is None:
            self.enough_since = self.clock.monotonic()
        return min(self.deadline, self.enough_since + _PATIENCE_S)

    def _settled(self, need: Need) -> bool:
        """Return whether no answer to ``need`` is outstanding that would be better than the best one so far."""
        outstanding = {source for pending, source in self.pending.values() if pending is need}
        for source in self.order[need]:
            if source in outstanding:
                return False
            if (need, source) in self.answers and self.answers[need, source].status is Status.FOUND:
                return True
        return True

    # -- the end ------------------------------------------------------------------------------------------------

    def _give_up(self) -> None:
        what = "{} has not answered in time: it is slow, or its rate limit makes us wait."
        hint = "Try again in a moment: its answer is stored when it arrives."
        for future, (need, source) in self.pending.items():
            future.cancel()
            self.answers[need, source] = self._unanswered(need, source, what, hint)
        self.pending.clear()

    def _unanswered(self, need: Need, source: str, what: str, hint: str) -> Answer:
        fault = Fault(
            kind=FaultKind.UNREACHABLE,
            message=what.format(self.engine.providers()[source].about.title),
            hint=hint,
            retry_at=datetime.now(UTC) + timedelta(seconds=GRACE_S),
        )
        return Answer(source=source, need=need, status=Status.FAILED, fault=fault)

    def _of(self, need: Need) -> list[Answer]:
        return [self.answers[need, source] for source in self.order.get(need, ()) if (need, source) in self.answers]

    def _found(self, need: Need) -> dict[str, Answer]:
        """Return the answers by source, without sources that have another recording under these ids."""
        missed = {answer.source for answer in self._of(Need.TRACK) if answer.status is Status.NOT_FOUND}
        found = (answer for answer in self._of(need) if answer.status is Status.FOUND)
        return {answer.source: answer for answer in found if answer.source not in missed}

    def _result(self) -> LookedUp:
        # If several sources have an id of one namespace, that of the better source is kept.
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
            covers=self._found(Need.COVER),
            trail=tuple(self.answers.values()),
        )


def _another_recording(answer: Answer, found: Identity) -> Answer:
    """Return ``answer`` as NOT_FOUND: an ISRC may lead to a duplicate or to another edition."""
    what = f"{found.title!r} by {', '.join(found.artists) or 'nobody'}"
    fault = Fault(kind=FaultKind.GARBLED, message=f"Under this ISRC it has another recording: {what}.")
    return replace(answer, status=Status.NOT_FOUND, value=None, fault=fault)
