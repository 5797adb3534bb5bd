"""Caches values that every request needs and that change rarely: they are read at most twice a second."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_SECONDS = 0.5


class Recent(Generic[Value]):
    """What ``read`` returned within the last half second; safe to use from several threads.

    What another process has changed is seen half a second later, as with the catalogue. Whoever changes it in this one
    calls :meth:`forget`. What ``read`` raises is passed on, and nothing is kept.
    """

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read = read
        self._known: tuple[float, Value] | None = None

    def __call__(self) -> Value:
        now, known = time.monotonic(), self._known
        if known is None or now - known[0] >= _SECONDS:
            self._known = known = (now, self._read())
        return known[1]

    def forget(self) -> None:
        """Have it read again."""
        self._known = None
