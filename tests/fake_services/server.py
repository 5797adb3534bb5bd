"""A small HTTP service on loopback: routes, a record of the requests, faults on demand."""

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; of a parameter given several times, ``query`` holds the values joined by a comma."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered; a ``body`` that is neither text nor bytes goes out as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json"


Answer = Callable[..., Any]  # (service, request, *groups of the pattern) -> Reply, or what its body is
# What happens instead of an answer; None lets the request be answered after all.
Happening = Callable[["FakeService", Request], "Reply | None"]


def route(method: str, pattern: str) -> Callable[[Answer], Answer]:
    """Mark a method of a service as the answer to the paths that match ``pattern`` as a whole."""

    def mark(answer: Answer) -> Answer:
        answer.routed = (method, re.compile(pattern))  # type: ignore[attr-defined]
        return answer

    return mark


@dataclass(kw_only=True)
class Scripted:
    """A happening for the next ``times`` requests (``None``: until healed) whose path matches, after ``skip`` more."""

    happening: Happening
    times: int | None
    path: re.Pattern[str]
    method: str | None
    skip: int


@dataclass(kw_only=True)
class Limit:
    """At most ``calls`` in ``seconds``, counted as the token bucket of the service does."""

    calls: int
    seconds: float
    left: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = float(self.calls)

    def passes(self) -> bool:
        now = monotonic()
        self.left = min(self.calls, self.left + (now - self.at) * self.calls / self.seconds) if self.at else self.left
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class FakeService:
    """One service. ``requests`` are those received so far, ``latency`` how long every answer takes, in seconds."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.latency = 0.0
        self.limit: Limit | None = None
        self.crashes: list[BaseException] = []
        self._script: list[Scripted] = []
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._server: _Server | None = None
        members: list[Any] = [getattr(type(self), name) for name in dir(type(self))]
        self._routes = [(*each.routed, each) for each in members if hasattr(each, "routed")]

    @property
    def url(self) -> str:
        assert self._server is not None, f"the fake {self.name} is not running"
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port: from now on connections are refused."""
        self.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop_all()

    def fail(
        self,
        happening: Happening,
        *,
        times: int | None = 1,
        path: str = ".*",
        method: str | None = None,
        skip: int = 0,
    ) -> None:
        """Let ``happening`` befall the next ``times`` requests to ``path`` (a pattern of the whole), all if None."""
        with self._lock:
            script = Scripted(happening=happening, times=times, path=re.compile(path), method=method, skip=skip)
            self._script.append(script)

    def heal(self) -> None:
        """Forget what was still to happen."""
        with self._lock:
            self._script.clear()

    def requests_to(self, path: str, method: str = "GET") -> list[Request]:
        """Return the requests so far whose path matches the pattern ``path``."""
        return [made for made in self.requests if made.method == method and re.fullmatch(path, made.path)]

    def not_found(self, request: Request) -> Reply:
        return Reply(status=404, body={"error": "Not Found"})

    def too_many(self) -> Reply:
        return Reply(status=429, body={"error": "Too many requests"}, headers={"Retry-After": "4"})

    def admit(self, request: Request) -> Reply | None:
        """Return the refusal of a request that is wrong in general (no User-Agent, no token), None to go on."""
        return None

    def respond(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            happening = self._next(request)
        if self.latency:
            self.stopping.wait(self.latency)
        if happening is not None:
            reply = happening(self, request)
            if reply is not None:
                return reply
        with self._lock:
            over = self.limit is not None and not self.limit.passes()
        return self.too_many() if over else self.admit(request) or self._answer(request)

    def _next(self, request: Request) -> Happening | None:
        for scripted in self._script:
            if scripted.method not in (None, request.method) or not scripted.path.fullmatch(request.path):
                continue
            if scripted.skip > 0:
                scripted.skip -= 1
                continue
            if scripted.times is not None:
                scripted.times -= 1
                if scripted.times == 0:
                    self._script.remove(scripted)
            return scripted.happening
        return None

    def _answer(self, request: Request) -> Reply:
        for method, pattern, answer in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                made = answer(self, request, *match.groups())
                return made if isinstance(made, Reply) else Reply(body=made)
        return self.not_found(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: FakeService) -> None:
        self.service = service
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not a fault of the service."""

    def drop_all(self) -> None:
        for connection in list(self.open):
            drop(connection)


def drop(connection: socket.socket) -> None:
    """Cut a connection, whoever is still reading or writing."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already gone


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            return  # the client went away before the end

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: ``requests`` is the record."""

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        query: dict[str, str] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            query[name] = f"{query[name]},{value}" if name in query else value
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(method=self.command, path=unquote(parts.path), query=query, headers=headers, body=body)
        try:
            reply = self.server.service.respond(request)
        except CutConnectionError as cut:
            self._write(
                200, {"Content-Type": "application/json", "Content-Length": str(len(cut.sent) + 1000)}, cut.sent
            )
            self.wfile.flush()
            self.close_connection = True
            drop(self.connection)
            return
        except Exception as crash:  # noqa: BLE001 - kept for the test that sees its teardown fail
            self.server.service.crashes.append(crash)
            reply = Reply(status=500, body={"error": repr(crash)})
        content, kind = reply.content()
        self._write(reply.status, {"Content-Type": kind, "Content-Length": str(len(content)), **reply.headers}, content)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _write(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        # The library would put the real date beside one that is given.
        (self.send_response_only if "Date" in headers else self.send_response)(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class CutConnectionError(Exception):
    """The connection ends in the middle of the body."""

    def __init__(self, sent: bytes) -> None:
        super().__init__("cut")
        self.sent = sent
