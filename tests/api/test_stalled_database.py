"""A database that hangs (stopped, as a machine that swaps) costs no route more than its deadline."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from config import Config
from store.mongo.embedded import EmbeddedServer

DEADLINE_SECONDS = 1.0
# Far above the deadline and far below what a hanging database took: 30 s for each call, 60 s for a new start.
PATIENCE_SECONDS = 25.0
ROUTES = ("/readyz", "/api/playlists", "/api/runs", "/data?playlist=x", "/api/runs/x", "/api/exports")


@pytest.fixture(params=["embedded", "mongodb"])
def stalled(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Flask, int]]:
    """An app that has used its database, which is then stopped; with its process."""
    server = EmbeddedServer(tmp_path)
    uri = server.start()
    config = Config(
        var=tmp_path, mongodb_uri="" if request.param == "embedded" else uri, database_seconds=DEADLINE_SECONDS
    )
    app = create_app(config)
    assert app.test_client().get("/api/playlists").status_code == 200
    process = int((tmp_path / "db" / "server.pid").read_text())
    os.kill(process, signal.SIGSTOP)
    while app.test_client().get("/api/playlists").status_code == 200:  # it has not stopped yet
        time.sleep(0.05)
    yield app, process
    os.kill(process, signal.SIGCONT)
    app.extensions["tastemap"].close()
    server.stop()


def test_routes_answer_503_and_health_and_status_answer(stalled: tuple[Flask, int]) -> None:
    app, process = stalled
    began = time.monotonic()

    def asked(path: str) -> tuple[str, int, str | None]:
        answer = app.test_client().get(path, headers={"Cookie": "tastemap_session=x"})
        return path, answer.status_code, answer.headers.get("Retry-After")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(asked, ROUTES * 4))
    told = app.test_client().get("/api/playlists").json["error"]
    assert "Try again in a moment." in told["hint"]
    assert "start the application" not in told["hint"]
    assert ("may be busy" in told["hint"]) is (app.extensions["tastemap"].database.kind == "embedded")
    uses_database = [one for one in answers if one[0] != "/api/exports"]
    assert {(status, after) for _, status, after in uses_database} == {(503, "5")}
    assert asked("/healthz")[1] == 200
    status = app.test_client().get("/api/status")
    assert (status.status_code, status.json["store"]["ok"]) == (200, False)
    assert time.monotonic() - began < PATIENCE_SECONDS
    os.kill(process, signal.SIGCONT)
    until = time.monotonic() + 60
    while asked("/api/playlists")[1] != 200:
        assert time.monotonic() < until, "it answers again as soon as the database does"
        time.sleep(0.2)
