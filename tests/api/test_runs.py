"""Runs as the page sees them, whatever has started them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient


@pytest.fixture(autouse=True)
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was handed to the starter of the worker, which starts none."""
    calls: list[tuple[Any, ...]] = []
    for module in ("api.models", "api.uploads"):
        monkeypatch.setattr(f"{module}.spawn_worker", lambda *arguments: calls.append(arguments))
    return calls


def test_no_answer_tells_whose_a_run_is(client: FlaskClient) -> None:
    trained = client.post("/api/models/genre/train", json={})
    brought = client.post("/api/uploads", data={"file": (io.BytesIO(b"a,b\n"), "list.csv")})
    started = [trained.get_json()["run"], brought.get_json()["run"]]
    listed = client.get("/api/runs").get_json()["runs"]
    alone = [client.get(f"/api/runs/{run['id']}").get_json() for run in started]
    assert len(listed) == 2
    for run in (*started, *listed, *alone):
        assert "owner" not in run
        assert run["mine"] is True
