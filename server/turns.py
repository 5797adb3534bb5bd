"""Threads that answer the requests of several visitors in turn, so that one visitor's many do not delay the others'."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable

from waitress.task import ThreadedTaskDispatcher

from server.channel import Channel


class _Turn:
    """The next request of a channel; while it is answered, it holds one of its visitor's threads."""

    def __init__(self, channel: Channel, visitor: str, done: Callable[[str], None]) -> None:
        self.visitor = visitor
        self._channel, self._done = channel, done

    def service(self) -> None:
        try:
            self._channel.service()
        finally:
            self._done(self.visitor)

    def cancel(self) -> None:
        self._channel.cancel()


class _Lines:
    """A queue with a line for each visitor, for waitress's threads: it is empty if nobody may have a turn now."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: OrderedDict[str, deque[_Turn]] = OrderedDict()
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(len(line) for visitor, line in self._lines.items() if self._held[visitor] < self._most)

    def append(self, turn: _Turn) -> None:
        self._lines.setdefault(turn.visitor, deque()).append(turn)

    def popleft(self) -> _Turn:
        """Take the next turn: of the visitor whose last one is longest ago."""
        visitor = next(visitor for visitor in self._lines if self._held[visitor] < self._most)
        line = self._lines.pop(visitor)
        turn = line.popleft()
        if line:
            self._lines[visitor] = line
        self._held[visitor] += 1
        return turn

    def give_back(self, visitor: str) -> None:
        self._held[visitor] -= 1
        if not self._held[visitor]:
            del self._held[visitor]


class TurnDispatcher(ThreadedTaskDispatcher):
    """A pool of threads for the requests of several visitors.

    Parameters
    ----------
    most
        How many threads the requests of one visitor may hold at a time.
    visitor_of
        Returns whose the next request of a channel is.
    """

    def __init__(self, most: int, visitor_of: Callable[[Channel], str]) -> None:
        super().__init__()
        self.queue = _Lines(most)
        self._visitor_of = visitor_of

    def add_task(self, channel: Channel) -> None:
        super().add_task(_Turn(channel, self._visitor_of(channel), self._done))

    def _done(self, visitor: str) -> None:
        with self.lock:
            self.queue.give_back(visitor)
            self.queue_cv.notify()
