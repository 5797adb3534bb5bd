"""A connection that holds a thread only while a complete request is answered, with deadlines for both directions.

waitress receives requests and sends answers in one loop, and buffers both (in a file beyond some 100 KB). This module
adds deadlines, limits of size, and errors in the JSON of the API.
"""

import copy
import errno
import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from wsgiref.util import setup_testing_defaults

from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, Task, WSGITask
from waitress.utilities import Error

from config import LARGEST_BODY
from server.addresses import network_of

# Like Apache's mod_reqtimeout: headers must arrive within 20 s. A body or an answer has 20 s, then a minimum rate.
HEADER_SECONDS = 20.0
GRACE_SECONDS = 20.0
MIN_BYTES_PER_SECOND = 500
KEEP_ALIVE_SECONDS = 15.0
# A client that is still sending when an error is returned gets this long to read it.
_LINGER_SECONDS = 5.0
_DISCARDED_AT_ONCE = 1 << 16
# A larger block is not copied to be sent together with the headers.
_JOINED_BYTES = 1 << 17
# The limit of header fields, as gunicorn's limit_request_fields: each takes time in the loop of all connections.
_MAX_FIELDS = 100
_FOLDED = re.compile(rb"\n[ \t]")
_FRAMING = re.compile(rb"^(transfer-encoding|content-length|host):[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_MESSAGES = {
    400: ("bad_request", "This is not a valid HTTP request.", "See /api/openapi.json for the API."),
    408: ("too_slow", "The request came too slowly.", "Send it again over a faster connection."),
    413: ("too_large", "The request is too large.", "Split the file, or import it on the server."),
    431: ("headers_too_large", "The headers of the request are too large.", "Delete this site's cookies."),
    507: (
        "disk_full",
        "The server's disk is full: the request could not be received.",
        "Make room on it, then try again.",
    ),
    503: ("busy", "Too many files are being uploaded.", "Try again in a minute."),
}


class RefusalError(Error):
    """An error with this HTTP status, answered in the JSON of the API."""

    def __init__(self, code: int) -> None:
        self.code, self.reason = code, HTTPStatus(code).phrase
        super().__init__("")


class Parser(HTTPRequestParser):
    """A request that is arriving. A body without a file is refused beyond :data:`config.LARGEST_BODY`."""

    adj: Adjustments
    completed: bool

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take received data, and return how many bytes of it belong to this request; waitress calls this.

        Blank lines before a request are skipped at once; otherwise, each pair would be a request.
        """
        blank = 0
        if self.body_rcv is None and not self.header_plus and not self.completed:
            blank = len(data) - len(data.lstrip(b"\r\n"))
            if blank == len(data):
                self.empty = self.completed = True
                return blank
        try:
            return blank + int(super().received(data[blank:]))
        except OSError as fault:  # a large body is buffered on the disk
            if fault.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            self.give_up(HTTPStatus.INSUFFICIENT_STORAGE)
            return len(data)

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers once they are complete.

        A request is refused where a proxy and this server could disagree about its end or its host (RFC 9112, 3.2, 5.2
        and 6.1); waitress alone would accept it.

        Raises
        ------
        ParsingError
            The end of the body or the host is ambiguous, or the headers are malformed.
        """
        if header_plus.count(b"\n") > _MAX_FIELDS:
            self.give_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        framing: dict[bytes, list[bytes]] = {}
        for name, value in _FRAMING.findall(header_plus):
            framing.setdefault(name.lower(), []).append(value.lower())
        coding = framing.get(b"transfer-encoding")
        is_current = header_plus.partition(b"\r\n")[0].endswith(b" HTTP/1.1")
        if coding and (coding != [b"chunked"] or b"content-length" in framing or not is_current):
            raise ParsingError("The end of the body is ambiguous.")
        if len(framing.get(b"host", ())) > 1:
            raise ParsingError("More than one host is named.")
        if _FOLDED.search(header_plus):
            raise ParsingError("A header goes on in the next line.")
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a length of thousands of digits
            raise ParsingError("The length of the body is no number.") from error
        if "close" in re.split(r"[ \t]*,[ \t]*", self.headers.get("CONNECTION", "").lower()):
            self.headers["CONNECTION"] = "close"  # waitress recognises it only if it is the only word
        if not self.brings_files:
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = LARGEST_BODY + 1

    @property
    def brings_files(self) -> bool:
        """Whether the body is a form with files; known once the headers are complete."""
        return bool(self.headers.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data"))

    def give_up(self, status: int) -> None:
        """Have the request answered with this error instead of waiting for the rest of it."""
        if not self.headers_finished:
            super().parse_header(b"GET / HTTP/1.0\r\n")
        self.error, self.completed = RefusalError(status), True


class _ErrorTask(ErrorTask):
    def execute(self) -> None:
        error, self.channel.failed = self.request.error, True
        code, message, hint = _MESSAGES.get(error.code, ("internal_error", error.reason, ""))
        body = json.dumps({"error": {"code": code, "message": message, "hint": hint}}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.response_headers.append(("Retry-After", "60"))
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


@dataclass(frozen=True)
class Answer:
    """An answer of the application, kept so that it can be sent again without asking the application."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, application: Callable[..., Any], path: str) -> Self:
        """Return the application's answer to ``GET path``."""
        environ: dict[str, Any] = {"PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1"}
        setup_testing_defaults(environ)
        started: list[tuple[str, list[tuple[str, str]]]] = []
        blocks = application(environ, lambda status, headers, _fault=None: started.append((status, headers)))
        status, headers = started[-1]
        return cls(status, headers, b"".join(blocks))


class _AnswerTask(Task):
    def execute(self) -> None:
        answer: Answer = self.channel.server.health
        self.status, self.content_length = answer.status, len(answer.body)
        self.response_headers += answer.headers
        self.complete = True
        self.write(answer.body)


class _Blocks:
    """Stands for a channel while a task writes its headers and the first block of its body."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.blocks: list[bytes] = []

    def write_soon(self, data: bytes) -> int:
        self.blocks.append(data)
        return len(data)


class _WSGITask(WSGITask):
    channel: Any

    def write(self, data: bytes) -> None:
        """Send the headers together with a small first block: while a thread sends, others take Python's lock."""
        if not self.wrote_header:
            kind = dict(self.response_headers).get("Content-Type", "")
            self.channel.streams_events = kind.startswith("text/event-stream")
        if self.wrote_header or len(data) > _JOINED_BYTES:
            super().write(data)
            return
        channel, joined = self.channel, _Blocks(self.channel.server)
        self.channel = joined
        try:
            super().write(data)
        finally:
            self.channel = channel
        channel.write_soon(b"".join(joined.blocks))


class Channel(HTTPChannel):
    """A connection with deadlines; :meth:`look` is called about once a second."""

    HEALTH = "/healthz"
    parser_class = Parser
    request: Parser | None
    error_task_class = _ErrorTask

    def __init__(self, *args: Any, **more: Any) -> None:
        self._sent = 0
        self._sent_at = time.monotonic()
        self._sends = False
        self._drains_since: tuple[float, int] | None = None
        self.failed = False
        self.streams_events = False
        self._lingers_until = 0.0
        self._active = time.monotonic()
        super().__init__(*args, **more)

    @property
    def asks_for_health(self) -> bool:
        """Whether the next request to answer is a health check."""
        request = self._first
        return request is not None and request.path == self.HEALTH and request.command == "GET"

    @property
    def brings_files(self) -> bool:
        """Whether the next request to answer is a form with files."""
        request = self._first
        return request is not None and request.brings_files

    def visitor(self, behind_proxy: bool) -> str:
        """Return the network of the next request's sender: behind a proxy, of whom the proxy names."""
        request = self._first
        named = request.headers.get("X_FORWARDED_FOR", "") if request is not None and behind_proxy else ""
        return network_of(named.rpartition(",")[2].strip() or str(self.addr[0]))

    @property
    def _first(self) -> Parser | None:
        return self.requests[0] if self.requests and not self.requests[0].error else None

    def task_class(self, channel: "Channel", request: Parser) -> Task:
        """Return the task that answers a request; waitress calls this."""
        return (_AnswerTask if self.asks_for_health else _WSGITask)(channel, request)

    @property
    def waits_since(self) -> float | None:
        """Since when the connection waits for a request or for the rest of one; None while it answers one."""
        if self.requests or self.total_outbufs_len:
            return None
        return self.request.began if self.request else self._active

    @property
    def stalls_since(self) -> float | None:
        """When the client last read a part of its answer; None if nothing is left to send."""
        return self._sent_at if self.total_outbufs_len else None

    @property
    def buffered(self) -> int:
        """The bytes of the request and the answer that this connection buffers; a file that is sent does not count."""
        sent_from_disk = sum(len(each) for each in list(self.outbufs) if isinstance(each, ReadOnlyFileBasedBuffer))
        arrived = self.request.body_bytes_received if self.request else 0
        return arrived + self.total_outbufs_len - sent_from_disk

    def look(self, now: float) -> None:
        """Close the connection if it is too slow; ``now`` in seconds of the monotonic clock."""
        if self._lingers_until:
            late = now > self._lingers_until
        elif self.total_outbufs_len:
            self._drains_since = self._drains_since or (now, self._sent)
            began, sent = self._drains_since
            late = _too_slow(now - began, self._sent - sent)
        else:
            self._drains_since = None
            self._look_at_request(now)
            return
        if late:
            self.drop()

    def _look_at_request(self, now: float) -> None:
        request = self.request
        if request is None:
            if not self.requests and now - self._active > KEEP_ALIVE_SECONDS:
                self.drop()
        elif not request.headers_finished:
            if now - request.began > HEADER_SECONDS:
                self.fail(HTTPStatus.REQUEST_TIMEOUT)
        elif _too_slow(now - request.began, request.body_bytes_received):
            self.fail(HTTPStatus.REQUEST_TIMEOUT)

    def fail(self, status: int) -> None:
        """Answer the incomplete request with an error, and close the connection."""
        with self.requests_lock:
            if self.request is None or self.requests:
                return
            self.request.give_up(status)
            self.requests.append(self.request)
            self.request = None
        self.server.add_task(self)

    def drop(self) -> None:
        """Close the connection without an answer."""
        self._lingers_until = self._lingers_until or 1.0
        self.handle_close()

    # -- what waitress calls ----------------------------------------------------------------------------------

    def received(self, data: bytes) -> bool:
        if data.strip(b"\r\n"):  # only blank lines do not keep a connection open
            self._active = time.monotonic()
        return bool(super().received(data))

    def send_continue(self) -> None:
        """Tell the client to send its body, unless there is none or it is refused (waitress would wait for it)."""
        if self.request is not None and self.request.completed:
            self.request.expect_continue = False
        else:
            super().send_continue()

    def service(self) -> None:
        self.streams_events = False
        super().service()
        self._active = time.monotonic()

    def send(self, data: bytes, do_close: bool = True) -> int:
        self._sends = True
        try:
            sent: int = super().send(data, do_close=do_close)
        finally:
            self._sends = False
        self._sent += sent
        if sent:
            self._sent_at = time.monotonic()
        return sent

    # A connection that was dropped while the loop collected descriptors must not be polled: the next connection may
    # have got its descriptor, and would be closed in its place.
    def readable(self) -> bool:
        return self.connected and (bool(self._lingers_until) or super().readable())

    def writable(self) -> bool:
        # While a thread sends, the socket is writable, but the loop cannot send: it would look again and again, and
        # keep Python's lock from the thread. A thread that cannot send everything wakes the loop afterwards.
        return self.connected and not self._lingers_until and not self._sends and bool(super().writable())

    def handle_read(self) -> None:
        if not self._lingers_until:
            super().handle_read()
        else:
            self.recv(_DISCARDED_AT_ONCE)  # closes the connection when the client has closed its end

    def handle_close(self) -> None:
        """Close the connection, after an error only once the client can have read it.

        Closing while received bytes are unread would reset the connection, and the client would lose the error.
        """
        if self.failed and not self._lingers_until and self.connected:
            self._lingers_until = time.monotonic() + _LINGER_SECONDS
            self.will_close = self.close_when_flushed = False
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.drop()
            return
        super().handle_close()


def _too_slow(seconds: float, moved: int) -> bool:
    return moved < (seconds - GRACE_SECONDS) * MIN_BYTES_PER_SECOND
