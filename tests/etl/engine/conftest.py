"""A source of the tests' own: a real HTTP server on loopback that does what it is told, and a provider that asks it."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from config import Config
from etl.engine import Engine
from etl.engine.clock import Clock
from etl.providers.base import (
    About,
    Candidate,
    Channel,
    FaultKind,
    Identity,
    LookupQuery,
    Need,
    Rate,
    Setting,
    SourceFault,
    SourceFeatures,
    Value,
)
from store.database import Database

FAST = Rate(per_second=1000.0, burst=1000)


class Server:
    """Answers every request with what :attr:`does` does; :attr:`paths` holds the paths with their queries."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.does: Callable[[Reply], None] = knows_everything
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server.paths.append(self.path)
                server.headers.append(dict(self.headers))
                server.does(Reply(self))

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class Reply:
    """One request and the way to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.handler = handler
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}

    def send(self, status: int, body: Any = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.handler.send_response(status)
        self.handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(content)

    def cut(self) -> None:
        """Break the connection off in the middle of the body."""
        self.handler.send_response(200)
        self.handler.send_header("Content-Length", "1000")
        self.handler.end_headers()
        self.handler.wfile.write(b'{"energy": ')
        self.handler.close_connection = True


def knows_everything(reply: Reply) -> None:
    reply.send(200, {"known": [part for part in reply.query["ids"].split(",") if part != "unknown"]})


class Provider:
    """Asks ``/sound?ids=`` for features by ISRC, two at once, and ``/search?ids=`` for a text."""

    about: ClassVar[About]

    def __init__(self, name: str = "invented", rate: Rate = FAST, **more: Any) -> None:
        self.about = About(  # type: ignore[misc]
            name=name,
            title=name.title(),
            home="https://example.org",
            base_url="http://127.0.0.1:9",
            licence="CC0",
            terms="none",
            sends="ISRC",
            rate=rate,
            found_days=7.0,
            needs=frozenset({Need.FEATURES, Need.SEARCH, Need.PREVIEW, Need.GENRES}),
            batches={Need.FEATURES: 2},
            settings=more.pop("settings", (Setting(name="token", label="Token", secret=True),)),
            **more,
        )

    def can(self, need: Need, query: LookupQuery) -> bool:
        return bool(query.text or query.identity.ids.get("isrc"))

    def answer(self, need: Need, queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
        ids = [query.text or query.identity.ids["isrc"] for query in queries]
        found = channel.get(need.value, {"ids": ",".join(ids), "token": channel.settings.get("token", "")})
        if "error" in found:
            raise SourceFault(FaultKind.LIMITED, f"{self.about.title}: {found['error']}.", retry_after_s=5.0)
        if "absent" in found:
            raise SourceFault(FaultKind.ABSENT, "No longer offered.")
        return [self._value(need, track_id) if track_id in found["known"] else None for track_id in ids]

    def _value(self, need: Need, one: str) -> Value:
        if need is Need.FEATURES:
            return SourceFeatures(values={"energy": len(one) / 10})
        return (Candidate(identity=Identity(title=one)),)


class HandClock(Clock):
    """A clock that stands still but for :meth:`sleep`, which returns at once; ``slept`` are the naps taken."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.at += seconds


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


Engines = Callable[..., Engine]


@pytest.fixture
def engines(database: Database, server: Server, tmp_path: Path) -> Iterator[Engines]:
    """Make engines over this test's database whose sources are all switched on and live at the server."""
    made = []

    def make(*providers: Provider, clock: Clock | None = None, switch: bool = True, **config: Any) -> Engine:
        known = {provider.about.name: provider for provider in providers or (Provider(),)}
        config = {"var": tmp_path, "source_urls": dict.fromkeys(known, server.url)} | config
        order = {need: tuple(known) for need in Need}
        made.append(Engine(database, Config(**config), providers=known, order=order, clock=clock))
        if switch:
            made[-1].sources.switch(known)
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def by_isrc(isrc: str) -> LookupQuery:
    return LookupQuery(identity=Identity(ids={"isrc": isrc}))


def by_text(text: str) -> LookupQuery:
    return LookupQuery(text=text)
