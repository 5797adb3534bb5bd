"""Several processes on this machine (see :mod:`jobs.scale.workers`)."""

import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection

from jobs.scale.workers import MAX_DEATHS, Item, Outcome, Result, Workers, attempt, deadly

# Threads and connections do not survive a fork.
_SPAWN = get_context("spawn")


class Processes(Workers):
    """``count`` processes. When one dies, concurrent.futures ends all of them, and new ones are started."""

    remote = False

    def __init__(self, count: int) -> None:
        self.count = count
        # Nobody writes to this pipe: the workers end when its other end closes, because we close it or die.
        self._worker_end, self._parent_end = _SPAWN.Pipe(duplex=False)
        self._pool = self._new_pool()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        numbered = enumerate(items)
        suspects: deque[tuple[int, Item]] = deque()
        under_way: dict[Future[Outcome[Result]], tuple[int, Item]] = {}
        deaths: Counter[int] = Counter()
        given_up: list[Item] = []
        while True:
            # Items that were under way when a process died are done again one at a time. That shows which of them
            # ends processes, and gives each the memory of all.
            room = 1 if suspects else 2 * self.count
            while len(under_way) < room and (job := suspects.popleft() if suspects else next(numbered, None)):
                under_way[self._submit(function, job[1])] = job
            if not under_way:
                break
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                job = under_way.pop(future)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    deaths[job[0]] += 1
                    if deaths[job[0]] > MAX_DEATHS:
                        given_up.append(job[1])
                    else:
                        suspects.append(job)
                else:
                    yield outcome.get()
        if given_up:
            raise deadly(given_up)

    def _submit(self, function: Callable[[Item], Result], item: Item) -> Future[Outcome[Result]]:
        try:
            return self._pool.submit(attempt, function, item)
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = self._new_pool()
            return self._pool.submit(attempt, function, item)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.count, mp_context=_SPAWN, initializer=_end_with_parent, initargs=(self._worker_end,)
        )

    def __exit__(self, *fault: object) -> None:
        if any(fault):
            self._parent_end.close()
        self._pool.shutdown(cancel_futures=True)
        self._parent_end.close()
        self._worker_end.close()


def _end_with_parent(parent_pipe: Connection) -> None:
    """End this process at once at Ctrl-C, or when its parent closes the pipe or dies. A kill loses nothing."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def watch() -> None:
        parent_pipe.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent pipe").start()
