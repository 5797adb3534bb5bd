"""Caches values that every request needs and that change rarely: they are read at most twice a second."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_SECONDS = 0.5


class Recent(Generic[Value]):
    """Caches the value of ``read`` for half a second; safe to use from several threads.

    A change by another process is seen at most half a second later. Code that changes the value in this process calls
    :meth:`forget`. Exceptions of ``read`` are passed on and not cached.
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
        """Drop the cached value."""
        self._known = None
