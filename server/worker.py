"""A worker class for gunicorn that buffers: a slow connection costs a few KB of memory, and no thread.

Threads answer only complete requests. When all connections are taken, the one that has been idle, or has not read its
answer, for longest is closed. Forms with files have threads of their own, so that many uploads do not block other
requests. The loop that receives requests answers ``/healthz`` itself.
"""

import gc
import os
import resource
import socket
import sys
import time
from collections import deque
from typing import Any

from gunicorn.config import Config as Settings
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher

from config import MEGABYTE, Config
from server.channel import Answer, Channel
from server.turns import TurnDispatcher

# Descriptors that are not connections: files, the database, the catalogue.
_OTHER_FILES = 256
# The most bytes of request bodies and answers that a process buffers for all its connections.
_BUFFERED_BYTES = 2048 * MEGABYTE
_IN_MEMORY_BYTES = 128 * 1024
_MAX_HEADERS_BYTES = 64 * 1024
_LOOK_SECONDS = 1.0
# A connection younger than this is not closed to make room: its request is probably arriving.
_NEW_SECONDS = 0.5
_LOOP_SECONDS = 0.5
# How much sooner than gunicorn's master kills it the worker stops waiting: one turn of the loop, and the end.
_EXIT_SECONDS = 1.0
# How often gunicorn is told that the loop is alive: that touches a file, and each request takes two turns of the loop.
_NOTIFY_SECONDS = 1.0
# The interval at which Python switches threads. Many threads compute answers, and the loop must not wait for each.
_SWITCH_SECONDS = 0.001
# How many objects are made before Python looks for cycles among them. An answer makes some thousands, of which nearly
# none is in a cycle; at Python's 700, looking takes a part of its time.
_MADE_OBJECTS = 10_000
# Threads for forms with files. Python runs one thread at a time; more of them would slow down all other requests.
_FILE_THREADS = 2


class _Bounded:
    """What TCP and Unix sockets share: deadlines, room for new connections, and which threads answer a request."""

    channel_class = Channel
    adj: Adjustments
    active_channels: dict[int, Channel]
    health: Answer
    health_requests: deque[Channel]
    files: ThreadedTaskDispatcher
    task_dispatcher: ThreadedTaskDispatcher
    _map: dict[int, Any]

    def add_task(self, channel: Channel) -> None:
        if channel.asks_for_health:
            self.health_requests.append(channel)
        else:
            (self.files if channel.brings_files else self.task_dispatcher).add_task(channel)

    def readable(self) -> bool:
        if len(self._map) >= self.adj.connection_limit:
            self._make_room()
        return bool(super().readable())  # type: ignore[misc]

    def _make_room(self) -> None:
        waiting = [
            (since, channel)
            for channel in list(self.active_channels.values())
            if (since := channel.waits_since or channel.stalls_since) and since < time.monotonic() - _NEW_SECONDS
        ]
        if waiting:
            min(waiting, key=lambda pair: pair[0])[1].drop()

    def maintenance(self, _now: float) -> None:
        now, channels = time.monotonic(), list(self.active_channels.values())
        for channel in channels:
            channel.look(now)
        if sum(channel.buffered for channel in channels) > _BUFFERED_BYTES:
            largest = max(channels, key=lambda channel: channel.buffered)
            if largest.total_outbufs_len:
                largest.drop()
            else:
                largest.fail(503)


class _TcpServer(_Bounded, TcpWSGIServer):
    pass


class _UnixServer(_Bounded, UnixWSGIServer):
    pass


class BufferedWorker(Worker):
    """Serves the application with waitress in a worker process of gunicorn."""

    _notified = float("-inf")

    @classmethod
    def check_config(cls, cfg: Settings, _log: Any) -> None:
        """Refuse settings that this worker does not support; gunicorn calls it at the start."""
        if cfg.is_ssl:
            raise SystemExit("Tastemap does not serve TLS itself. Let a proxy terminate it: TASTEMAP_BEHIND_PROXY=1")

    def init_process(self) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.set_threshold(_MADE_OBJECTS)
        self.notify()  # gunicorn's timeout works only after the first call: before, it compares two kinds of clock
        super().init_process()

    def run(self) -> None:
        """Serve until gunicorn stops it; then finish the requests that have arrived, within ``graceful_timeout``.

        Streams of events end at once: they have no end of their own, and browsers ask for them again.
        """
        answering, files = _dispatcher(self.cfg.threads), _dispatcher(_FILE_THREADS)
        answering.set_thread_count(self.cfg.threads)
        files.set_thread_count(_FILE_THREADS)
        answering.queue_logger.disabled = True  # waitress warns about every queued request
        connections: dict[int, Any] = {}
        health_requests: deque[Channel] = deque()
        health = Answer.of(self.wsgi, Channel.HEALTH)
        servers = [self._listen(listener.sock, connections, answering) for listener in self.sockets]
        for server in servers:
            server.health, server.health_requests, server.files = health, health_requests, files
        while self.alive and self.ppid == os.getppid():
            self._turn(connections, health_requests)
        for server in servers:
            server.accepting = False
        # gunicorn's master counts from its signal and then kills; before that, worker_exit leaves the database.
        until = time.monotonic() + self.cfg.graceful_timeout - _EXIT_SECONDS
        while time.monotonic() < until and any(self._answering(server) for server in servers):
            self._turn(connections, health_requests)

    @staticmethod
    def _answering(server: _TcpServer | _UnixServer) -> bool:
        channels = list(server.active_channels.values())
        return any(channel.waits_since is None and not channel.streams_events for channel in channels)

    def _turn(self, connections: dict[int, Any], health_requests: deque[Channel]) -> None:
        if (now := time.monotonic()) - self._notified > _NOTIFY_SECONDS:
            self._notified = now
            self.notify()
        wasyncore.loop(_LOOP_SECONDS, use_poll=True, map=connections, count=1)
        while health_requests:
            health_requests.popleft().service()

    def _listen(
        self, listener: socket.socket, connections: dict[int, Any], answering: ThreadedTaskDispatcher
    ) -> _TcpServer | _UnixServer:
        kind = _UnixServer if listener.family == socket.AF_UNIX else _TcpServer
        return kind(
            self.wsgi,
            connections,
            _sock=listener,
            dispatcher=answering,
            adj=_adjustments(self.cfg.worker_connections),
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )


def _dispatcher(threads: int) -> TurnDispatcher:
    """Return a pool for ``threads`` threads, half of which are left to others whatever one visitor asks for."""
    behind_proxy = Config.from_env().behind_proxy
    return TurnDispatcher(max(1, threads // 2), lambda channel: channel.visitor(behind_proxy))


def _adjustments(connections: int) -> Adjustments:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Adjustments(
        connection_limit=max(min(connections, files - _OTHER_FILES), _OTHER_FILES),
        cleanup_interval=_LOOK_SECONDS,
        max_request_header_size=_MAX_HEADERS_BYTES,
        max_request_body_size=Config.from_env().max_upload_bytes + MEGABYTE + 1,
        inbuf_overflow=_IN_MEMORY_BYTES,
        outbuf_overflow=_IN_MEMORY_BYTES,
        outbuf_high_watermark=_BUFFERED_BYTES,
        ident=None,
        clear_untrusted_proxy_headers=False,  # app.py reads them if TASTEMAP_BEHIND_PROXY is set
        asyncore_use_poll=True,
    )
