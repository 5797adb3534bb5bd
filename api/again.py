"""Answers a repeated question of a browser from a cache in front of Flask, whose routing costs most of a known answer.

What a route marks with :func:`may_be_repeated` is kept as it went out, compressed too.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import request

from store.errors import TastemapError

MARK = "tastemap.repeatable"
# What an answer depends on; a cookie says who asks.
_DEPENDS_ON = (
    *("PATH_INFO", "QUERY_STRING", "wsgi.url_scheme", "HTTP_HOST"),
    *("HTTP_COOKIE", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT"),
)
# A session that is to be renewed, or that ends, is looked at again after so long.
_KEPT_SECONDS = 60.0
_KEPT_BYTES = 4 * 1024 * 1024
_LARGEST_BYTES = 128 * 1024
# What an entry takes besides its body and its question.
_OVERHEAD_BYTES = 1024

Environ = dict[str, Any]


def may_be_repeated(owner: str | None, stamp: object) -> None:
    """Let the answer of this request be given again as long as ``stamp``, from which ``owner`` was answered, holds."""
    request.environ[MARK] = (owner, stamp)


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: str | None
    stamp: object
    until: float
    headers: list[tuple[str, str]]
    body: bytes
    size: int


class Again:
    """A WSGI application before another one.

    Parameters
    ----------
    application
        What answers what is not known.
    stamp
        Returns what changes with the answers of an owner.
    count
        Is told the address, the begin (``time.perf_counter``) and the environment of each request answered here.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        stamp: Callable[[str | None], object],
        count: Callable[[str, float, Environ], None],
    ) -> None:
        self._application, self._stamp, self._count = application, stamp, count
        self._kept: OrderedDict[tuple[str, ...], _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self._application(environ, start_response)
        began = time.perf_counter()
        question = tuple([environ.get(name, "") for name in _DEPENDS_ON])
        known = self._kept.get(question)
        if known is None or known.until < time.monotonic() or not self._holds(known):
            return self._answered(question, environ, start_response)
        start_response("200 OK", list(known.headers))
        self._count(environ["PATH_INFO"], began, environ)
        return [known.body]

    def _holds(self, known: _Kept) -> bool:
        try:
            return known.stamp == self._stamp(known.owner)
        except TastemapError:  # the application says what is wrong
            return False

    def _answered(
        self, question: tuple[str, ...], environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            said[:] = status, headers
            return start_response(status, headers, *fault)

        blocks = self._application(environ, start)
        if MARK not in environ or said[0] != "200 OK" or any(name == "Set-Cookie" for name, _ in said[1]):
            return blocks
        body = b"".join(blocks)
        if close := getattr(blocks, "close", None):
            close()
        owner, stamp = environ[MARK]
        self._keep(question, owner, stamp, list(said[1]), body)
        return [body]

    def _keep(
        self,
        question: tuple[str, ...],
        owner: str | None,
        stamp: object,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> None:
        size = len(body) + sum(map(len, question)) + _OVERHEAD_BYTES
        if size > _LARGEST_BYTES:
            return
        kept = _Kept(owner, stamp, time.monotonic() + _KEPT_SECONDS, headers, body, size)
        with self._lock:
            if (before := self._kept.pop(question, None)) is not None:
                self._size -= before.size
            self._kept[question] = kept
            self._size += size
            while self._size > _KEPT_BYTES:
                self._size -= self._kept.popitem(last=False)[1].size
