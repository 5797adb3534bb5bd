"""A cache of responses in front of Flask, whose routing takes most of the time of a cached answer.

It keeps the responses that a route marks with :func:`cache_response`, as they were sent, also compressed ones.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request

from store.errors import TastemapError

MARK = "tastemap.repeatable"
# The parts of a request that its response depends on; the cookie identifies the viewer.
_DEPENDS_ON = (
    *("PATH_INFO", "QUERY_STRING", "wsgi.url_scheme", "HTTP_HOST"),
    *("HTTP_COOKIE", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT"),
)
# How long a response is kept; then the application can renew or end the session.
_KEPT_SECONDS = 60.0
KEPT_BYTES = 4 * 1024 * 1024
_LARGEST_BYTES = 128 * 1024
# The memory of an entry besides its body and its key.
_OVERHEAD_BYTES = 1024

Environ = dict[str, Any]
Value = TypeVar("Value")


def cache_response(owner: str | None, stamp: object) -> None:
    """Allow the response of this request to be cached for ``owner`` until ``stamp`` changes."""
    request.environ[MARK] = (owner, stamp)


class SizedCache(Generic[Value]):
    """Values of ``most`` bytes together: the least recently used go first; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[object, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> Value | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: object, value: Value, size: int) -> None:
        with self._lock:
            self._size += size - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = value, size
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1][1]


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: str | None
    stamp: object
    until: float
    headers: list[tuple[str, str]]
    body: bytes


class ResponseCache:
    """A WSGI middleware that answers repeated GET requests.

    Parameters
    ----------
    application
        The WSGI application that answers all other requests.
    stamp
        Returns, for an owner, a value that changes whenever the owner's answers may change.
    count
        Called with the path, the start (``time.perf_counter``) and the environment of each request answered here.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        stamp: Callable[[str | None], object],
        count: Callable[[str, float, Environ], None],
    ) -> None:
        self._application, self._stamp, self._count = application, stamp, count
        self._kept = SizedCache[_Kept](KEPT_BYTES)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self._application(environ, start_response)
        began = time.perf_counter()
        key = tuple([environ.get(name, "") for name in _DEPENDS_ON])
        kept = self._kept.get(key)
        if kept is None or kept.until < time.monotonic() or not self._is_current(kept):
            return self._ask_application(key, environ, start_response)
        start_response("200 OK", list(kept.headers))
        self._count(environ["PATH_INFO"], began, environ)
        return [kept.body]

    def _is_current(self, kept: _Kept) -> bool:
        try:
            return kept.stamp == self._stamp(kept.owner)
        except TastemapError:  # the application answers with this error
            return False

    def _ask_application(
        self, key: tuple[str, ...], environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            started[:] = status, headers
            return start_response(status, headers, *fault)

        blocks = self._application(environ, start)
        if MARK not in environ or started[0] != "200 OK" or any(name == "Set-Cookie" for name, _ in started[1]):
            return blocks
        body = b"".join(blocks)
        if close := getattr(blocks, "close", None):
            close()
        owner, stamp = environ[MARK]
        self._keep(key, owner, stamp, list(started[1]), body)
        return [body]

    def _keep(
        self, key: tuple[str, ...], owner: str | None, stamp: object, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        size = len(body) + sum(map(len, key)) + _OVERHEAD_BYTES
        if size <= _LARGEST_BYTES:
            self._kept.put(key, _Kept(owner, stamp, time.monotonic() + _KEPT_SECONDS, headers, body), size)
