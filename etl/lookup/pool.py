"""Queries to several sources at once, in threads that all look-ups of this process share."""

import os
import threading
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from etl.engine import Answer, Engine
from etl.engine.clock import Clock
from etl.providers.base import LookupQuery, Need

# They wait for sources nearly all the time. A page makes two look-ups, of at most a dozen queries each.
_THREADS = 32
# Seconds for an answer that is too late for its look-up; it is cached for the next one.
GRACE_S = 4.0


class LookupClock(Clock):
    """The clock of look-ups; tests replace it, so that they do not depend on the machine's speed."""

    def first_done(self, futures: Collection[Future[Answer]], within_s: float) -> set[Future[Answer]]:
        """Wait until one of ``futures`` is done, ``within_s`` seconds at the most, and return those that are done."""
        return wait(futures, within_s, FIRST_COMPLETED).done


class _Pool:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._under_way: set[Future[Answer]] = set()
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Forget the threads of the process this one was forked from."""
        self._lock = threading.Lock()
        self._executor = None
        self._under_way = set()

    def submit(self, engine: Engine, source: str, need: Need, query: LookupQuery, within_s: float) -> Future[Answer]:
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="look-up")
            future = self._executor.submit(engine.ask, source, need, query, within_s=within_s)
            self._under_way.add(future)
        future.add_done_callback(self._left)
        return future

    def _left(self, future: Future[Answer]) -> None:
        with self._lock:
            self._under_way.discard(future)

    def settle(self, within_s: float) -> None:
        with self._lock:
            under_way = set(self._under_way)
        wait(under_way, within_s)


_pool = _Pool()


def submit(engine: Engine, source: str, need: Need, query: LookupQuery, within_s: float) -> Future[Answer]:
    """Send a query in another thread, with a time limit of ``within_s`` plus :data:`GRACE_S` seconds."""
    return _pool.submit(engine, source, need, query, max(0.0, within_s) + GRACE_S)


def settle(within_s: float = 2 * GRACE_S) -> None:
    """Wait until no query is under way, at most ``within_s`` seconds; to be called before the store is closed."""
    _pool.settle(within_s)
