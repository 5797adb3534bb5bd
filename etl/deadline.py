"""Connections for requests whose answers end by a deadline and within a size.

requests and urllib3 limit the wait for the next byte alone: headers, interim answers (100), the lines between chunks
and trailers that come byte by byte would be read for as long as the other side likes.
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
    """More bytes were sent than :func:`bounded` allows; no OSError, which would be taken for a lost connection."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    until: float
    size: int


_bounds: ContextVar[_Bounds | None] = ContextVar("bounds", default=None)


@contextmanager
def bounded(seconds: float, size: int) -> Iterator[None]:
    """Let each answer that begins inside end within ``seconds`` from now, and within ``size`` bytes as they are sent.

    It holds for the bodies too, which may be read outside. Reading beyond the deadline raises what a silent server
    does (``urllib3.exceptions.ReadTimeoutError``, ``requests.Timeout``), beyond the size :class:`OversizedAnswerError`.
    """
    token = _bounds.set(_Bounds(time.monotonic() + seconds, size))
    try:
        yield
    finally:
        _bounds.reset(token)


class _BoundedReads(io.RawIOBase):
    """The bytes of one answer, read from ``connection``, which is open for reading as ``raw``."""

    def __init__(self, connection: socket.socket, raw: io.RawIOBase, bounds: _Bounds) -> None:
        self._connection, self._raw = connection, raw
        self._until, self._left = bounds.until, bounds.size
        self._stall_s = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError("The answer has not come to its end in time.")
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
    """Holds connections for a session of requests; inside :func:`bounded` their answers are bounded."""

    pools: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _SecurePool}

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, *args: Any, **named: Any) -> ProxyManager:
        manager = super().proxy_manager_for(*args, **named)
        manager.pool_classes_by_scheme = BoundedAdapter.pools
        return manager
