"""Bounds how many expensive requests are answered at once, so that one visitor's do not delay everybody's.

Python computes in one thread at a time: the more answers are computed at once, the longer each other request waits.
Each process counts separately.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, current_app, request

from api import session
from server.addresses import network_of
from store.errors import TastemapError

# Computed at once, for one visitor and for all.
COMPUTED_EACH, COMPUTED_ALL = 2, 4
# Computed or waiting at once; each holds a thread. A browser sends six requests at a time to one server.
TAKEN_EACH, TAKEN_ALL = 6, 8
_WAIT_SECONDS = 5.0

Params = ParamSpec("Params")
Answer = TypeVar("Answer")
Route = TypeVar("Route", bound=Callable[..., Any])


class TooManyAtOnce(TastemapError):  # noqa: N818 - a limit, not a fault
    """A visitor, or all together, asked for too many expensive answers at once; nothing was done."""

    code = "too_many_at_once"
    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("Too much is being computed at once.", "Wait for earlier answers, then ask again.")


class Turns:
    """Lets requests compute in turn; safe to use from several threads."""

    def __init__(self, wait_s: float = _WAIT_SECONDS) -> None:
        self._wait_s = wait_s
        self._taken: Counter[str] = Counter()
        self._computed: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, visitor: str) -> Iterator[None]:
        """Wait for a turn of ``visitor``, and hold it in the context; raises TooManyAtOnce if there is none soon."""
        with self._changed:
            if self._taken[visitor] >= TAKEN_EACH or self._taken.total() >= TAKEN_ALL:
                raise TooManyAtOnce
            self._taken[visitor] += 1
            try:
                if not self._changed.wait_for(lambda: self._is_free(visitor), self._wait_s):
                    raise TooManyAtOnce
                self._computed[visitor] += 1
            except BaseException:
                _less(self._taken, visitor)
                raise
        try:
            yield
        finally:
            with self._changed:
                _less(self._taken, visitor)
                _less(self._computed, visitor)
                self._changed.notify_all()

    def _is_free(self, visitor: str) -> bool:
        return self._computed[visitor] < COMPUTED_EACH and self._computed.total() < COMPUTED_ALL


def _less(counts: Counter[str], visitor: str) -> None:
    counts[visitor] -= 1
    counts += Counter()  # forgets visitors without requests


def register(app: Flask) -> None:
    """Let the expensive routes of ``app`` share their turns."""
    app.extensions["turns"] = Turns()


def expensive(route: Callable[Params, Answer]) -> Callable[Params, Answer]:
    """Answer this route within the bounds of :class:`Turns`. Below the other decorators: they refuse without a turn."""

    @wraps(route)
    def call(*args: Params.args, **others: Params.kwargs) -> Answer:
        with _turn():
            return route(*args, **others)

    return is_expensive(call)


def is_expensive(route: Route) -> Route:
    """Describe this route in the OpenAPI document as one that takes a turn."""
    route.is_expensive = True  # type: ignore[attr-defined]
    return route


def in_turn(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield ``blocks`` of an answer within one turn, which also ends when this iterator is closed or forgotten."""
    with _turn():
        yield from blocks


def _turn() -> AbstractContextManager[None]:
    turns = cast(Turns, current_app.extensions["turns"])
    return turns.turn(session.owner() or network_of(request.remote_addr))
