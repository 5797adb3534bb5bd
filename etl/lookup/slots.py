"""Slots for what holds a thread of the web process while a source is asked, shared fairly between networks."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# The network from which the present request came; "" outside of requests.
network: ContextVar[str] = ContextVar("network", default="")


class Slots:
    """So many slots of a process; nobody waits for one.

    A network gets another slot while it holds less than twice as many as are free: alone it can hold two thirds of
    them, and one that holds many gets none of those that it gives back while others want them.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Forget the slots of the process this one was forked from."""
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    @contextmanager
    def slot(self) -> Iterator[bool]:
        """Hold a slot of the present :data:`network` in the context and yield True, or yield False if there is none."""
        mine = network.get()
        with self._lock:
            granted = self._held[mine] < 2 * (self.most - self._held.total())
            self._held[mine] += granted
        try:
            yield granted
        finally:
            with self._lock:
                self._held[mine] -= granted
                self._held += Counter()  # forgets networks that hold none
