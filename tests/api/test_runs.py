"""Runs as the page sees them, whatever has started them."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import limit_work


@pytest.fixture(autouse=True)
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was handed to the starter of the worker, which starts none."""
    calls: list[tuple[Any, ...]] = []
    for module in ("services.runs", "api.sources.uploads"):
        monkeypatch.setattr(f"{module}.spawn_worker", lambda *arguments: calls.append(arguments))
    return calls


@pytest.fixture(autouse=True)
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is enough for every training."""
    monkeypatch.setattr("ml.needs.Needs.check", lambda _needs: None)


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


def test_the_same_training_is_queued_once(client: FlaskClient, spawned: list[Any]) -> None:
    started = [client.post("/api/models/genre/train", json={"options": {"quick": True}}) for _ in range(13)]
    assert {answer.status_code for answer in started} == {202}
    assert len({answer.get_json()["run"]["id"] for answer in started}) == 1
    assert len(client.get("/api/runs").get_json()["runs"]) == 1
    assert len(spawned) == 13  # the worker may have died
    other = client.post("/api/models/genre/train", json={"options": {"quick": False}})
    elsewhere = client.application.test_client().post("/api/models/genre/train", json={"options": {"quick": True}})
    ids = {answer.get_json()["run"]["id"] for answer in (started[0], other, elsewhere)}
    assert len(ids) == 3, "other options and other browsers are other trainings"


def test_open_trainings_of_a_browser_are_bounded(client: FlaskClient) -> None:
    limit_work(client, long_runs_each=2)
    for task in ("genre", "timbre"):
        assert client.post(f"/api/models/{task}/train", json={}).status_code == 202
    refused = client.post("/api/models/projection/train", json={})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (429, "too_many_runs")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.post("/api/models/genre/train", json={}).status_code == 202, "one that is open is returned"
    cancelled = client.get("/api/runs").get_json()["runs"][0]["id"]
    assert client.delete(f"/api/runs/{cancelled}").status_code == 204
    assert client.post("/api/models/projection/train", json={}).status_code == 202


def test_open_uploads_of_a_browser_are_bounded(client: FlaskClient, catalogue_folder: Path) -> None:
    def upload() -> Any:
        return client.post("/api/uploads", data={"file": (io.BytesIO(b"a,b\n"), "list.csv")})

    limit_work(client, runs_each=2)
    before = set((catalogue_folder / "uploads").glob("*"))
    assert upload().get_json()["run"]["id"] != upload().get_json()["run"]["id"]
    kept = set((catalogue_folder / "uploads").glob("*"))
    refused = upload()
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (429, "too_many_runs")
    assert set((catalogue_folder / "uploads").glob("*")) == kept, "nothing of a refused file stays"
    assert len(kept - before) == 2
