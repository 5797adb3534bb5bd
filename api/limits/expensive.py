"""Bounds how many expensive requests are answered at once, so that those of one visitor or network do not delay all.

Python computes in one thread at a time: the more answers are computed at once, the longer each other request waits.
Each process counts separately.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, current_app, request

from api import session
from etl.lookup import slots
from server.addresses import network_of
from store.errors import TastemapError

# Computed at once: for one visitor, for all visitors of one network, and for all.
COMPUTED_EACH, COMPUTED_NETWORK, COMPUTED_ALL = 2, 3, 4
# Computed or waiting at once; each holds a thread. A browser sends six requests at a time to one server.
TAKEN_EACH, TAKEN_ALL = 6, 8
_WAIT_SECONDS = 5.0

Params = ParamSpec("Params")
Answer = TypeVar("Answer")
Route = TypeVar("Route", bound=Callable[..., Any])


class TooManyAtOnce(TastemapError):  # noqa: N818 - a limit, not a fault
    """A visitor, a network, or all together, asked for too many expensive answers at once; nothing was done."""

    code = "too_many_at_once"
    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("Too much is being computed at once.", "Wait for earlier answers, then ask again.")


@dataclass(eq=False, slots=True)
class _Request:
    """A request of ``visitor``, who came from ``network``; it waits until it computes, or is ``refused``."""

    visitor: str
    network: str
    computes: bool = False
    refused: bool = False


class Turns:
    """Lets requests compute in turn, fairly between networks; safe to use from several threads.

    The next turn is that of the network, and in it of the visitor, for whom the least is computed. When no more may
    wait, a request of a network with fewer requests takes the place of one that waits for the network with most.
    """

    def __init__(self, wait_s: float = _WAIT_SECONDS) -> None:
        self._wait_s = wait_s
        self._requests: list[_Request] = []  # the oldest first
        self._changed = threading.Condition()

    def held(self, *, computes: bool | None = None) -> Counter[str]:
        """Return how many requests each visitor has here; with ``computes``, only those that (do not) compute."""
        return Counter(request.visitor for request in self._requests if computes in {None, request.computes})

    @contextmanager
    def turn(self, visitor: str, network: str = "") -> Iterator[None]:
        """Wait for a turn of ``visitor``, and hold it in the context; raises TooManyAtOnce if there is none soon.

        A visitor without a ``network`` is one alone.
        """
        mine = _Request(visitor, network or visitor)
        with self._changed:
            self._admit(mine)
            try:
                self._changed.wait_for(lambda: mine.refused or self._next() is mine, self._wait_s)
                if mine.refused or self._next() is not mine:
                    raise TooManyAtOnce
                mine.computes = True
                self._changed.notify_all()  # another one may be next now
            except BaseException:
                self._leave(mine)
                raise
        try:
            yield
        finally:
            with self._changed:
                self._leave(mine)

    def _admit(self, mine: _Request) -> None:
        if self.held()[mine.visitor] >= TAKEN_EACH:
            raise TooManyAtOnce
        if len(self._requests) >= TAKEN_ALL:
            taken = Counter(request.network for request in self._requests)
            waiting = [request for request in self._requests if not request.computes]
            last = max(reversed(waiting), key=lambda request: taken[request.network], default=mine)
            if taken[last.network] <= taken[mine.network] + 1:  # else the two would take it from each other in turn
                raise TooManyAtOnce
            last.refused = True
            self._requests.remove(last)
            self._changed.notify_all()
        self._requests.append(mine)

    def _next(self) -> _Request | None:
        """Return the request that may compute next, None if none may now."""
        computed = Counter(request.network for request in self._requests if request.computes)
        of_visitors = self.held(computes=True)
        if computed.total() >= COMPUTED_ALL:
            return None
        eligible = (
            request
            for request in self._requests
            if not request.computes
            and computed[request.network] < COMPUTED_NETWORK
            and of_visitors[request.visitor] < COMPUTED_EACH
        )
        return min(eligible, key=lambda one: (computed[one.network], of_visitors[one.visitor]), default=None)

    def _leave(self, mine: _Request) -> None:
        if mine in self._requests:
            self._requests.remove(mine)
        self._changed.notify_all()


def register(app: Flask) -> None:
    """Let the expensive routes of ``app`` share their turns, and networks the slots for asking sources."""
    app.extensions["turns"] = Turns()
    app.before_request(_note_network)


def _note_network() -> None:
    slots.network.set(network_of(request.remote_addr))


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
    network = network_of(request.remote_addr)
    visitor = session.owner() or network
    # The operator's browsers may come from one machine with the whole house.
    return turns.turn(visitor, visitor if session.is_operator() else network)
