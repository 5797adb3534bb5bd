"""Connections for requests with a time limit and a size limit for each whole answer.

requests and urllib3 limit only the wait for the next byte. So a server that sends headers, interim answers (100), chunk
lines or trailers byte by byte could keep them reading for ever.
"""

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class OversizedAnswerError(Exception):
    """An answer is larger than :func:`bounded` allows. (An OSError would be taken for a lost connection.)"""


@dataclass(frozen=True, slots=True)
class _Bounds:
    until: float
    size: int


_bounds: ContextVar[_Bounds | None] = ContextVar("bounds", default=None)


@contextmanager
def bounded(seconds: float, size: int) -> Iterator[None]:
    """Limit each answer that begins inside to ``seconds`` from now and to ``size`` transferred bytes.

    The limits include the bodies, even if they are read outside. Reading after the deadline raises the same errors as a
    silent server (``urllib3.exceptions.ReadTimeoutError``, ``requests.Timeout``); reading more bytes raises
    :class:`OversizedAnswerError`.
    """
    token = _bounds.set(_Bounds(time.monotonic() + seconds, size))
    try:
        yield
    finally:
        _bounds.reset(token)


class _BoundedReads(io.RawIOBase):
    """The bytes of one answer, read through ``raw`` from ``connection`` within the limits."""

    def __init__(self, connection: socket.socket, raw: io.RawIOBase, bounds: _Bounds) -> None:
        self._connection, self._raw = connection, raw
        self._until, self._left = bounds.until, bounds.size
        self._stall_s = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError("The answer was not complete in time.")
        if self._left <= 0:
            raise OversizedAnswerError
        self._connection.settimeout(left_s if self._stall_s is None else min(left_s, self._stall_s))
        count: int | None = self._raw.readinto(buffer)
        self._left -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        bounds = _bounds.get()
        if bounds is not None:
            self.fp = io.BufferedReader(_BoundedReads(sock, self.fp.detach(), bounds))


class BoundedConnection(HTTPConnection):
    response_class = _Answer


class BoundedSecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = BoundedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = BoundedSecureConnection


class BoundedAdapter(HTTPAdapter):
    """Holds connections for a session of requests; inside :func:`bounded` their answers are limited."""

    pools: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _SecurePool}

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, *args: Any, **named: Any) -> ProxyManager:
        manager = super().proxy_manager_for(*args, **named)
        manager.pool_classes_by_scheme = BoundedAdapter.pools
        return manager
