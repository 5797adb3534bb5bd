"""Who added it, over HTTP: not trained, trained in a process of its own, asked, served in turn, forgotten."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from jobs.worker import execute
from ml import artefacts
from ml.contributors.model import task_of
from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import Person
from tests.ml.contributors_world import ANN, BOB, SMALL, store_playlist, tracks


def train(client: FlaskClient, database: Database, folder: Path, playlist: str, **options: object) -> dict:
    asked = {"playlist": playlist, "options": {**SMALL, **options}}
    answer = client.post("/api/models/contributors/train", json=asked)
    assert answer.status_code == 202, answer.json
    run = answer.json["run"]["id"]
    execute(database, folder, run)
    return dict(client.get(f"/api/runs/{run}").json)


@pytest.fixture
def here(
    configured: Callable[..., FlaskClient],
    database: Database,
    database_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[FlaskClient, str]:
    """An installation with the playlist of two, whose runs this test does itself."""
    monkeypatch.setattr("services.runs.spawn_worker", lambda *_args, **_more: None)
    monkeypatch.setenv("MONGODB_URI", database_uri)
    build_collection(tmp_path / "catalogue", [track for _, track in tracks()])
    playlist = store_playlist(database)
    database.put_people(playlist, {ANN: Person(name="Ann", colour="#0065a8")})
    return configured(tmp_path, database_uri), playlist


def test_it_is_trained_asked_and_served_in_turn(
    here: tuple[FlaskClient, str], database: Database, tmp_path: Path
) -> None:
    client, playlist = here
    who_added = f"/api/playlists/{playlist}/who-added"
    before = client.get(who_added).json
    assert (before["versions"], before["served"]) == ([], None)
    refused = client.get(who_added, query_string={"q": "Song ann 3"})
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "not_trained")

    run = train(client, database, tmp_path, playlist)
    assert run["state"] == "done", run["error"]
    assert run["result"]["served"] is True
    state = client.get(who_added).json
    assert [version["active"] for version in state["versions"]] == [True]
    served = state["served"]
    assert [(person["id"], person["name"], person["tracks"]) for person in served["people"]] == [
        (ANN, "Ann", 24),
        (BOB, None, 24),
    ]
    assert served["people"][0]["colour"] == "#0065a8"
    assert len(served["points"]) == 48
    assert all(point["title"].startswith("Song") and len(point["odds"]) == 2 for point in served["points"])
    assert [len(row) for row in served["confusion"]] == [3, 3]

    answer = client.get(who_added, query_string={"track_id": f"{ANN}3"}).json
    assert answer["track"]["title"] == "Song ann 3"
    assert answer["odds"][0]["id"] == ANN
    assert answer["odds"][0]["odds"] + answer["odds"][1]["odds"] == pytest.approx(1, abs=1e-3)
    assert answer["who"] is None or answer["who"]["name"] == "Ann"
    assert (answer["who"] is None) == (answer["threshold"] is None or answer["odds"][0]["odds"] < answer["threshold"])
    named = client.get(who_added, query_string={"track": "Anything", "artist": "Nobody Known"}).json
    assert named["has_features"] is False

    first, second = tmp_path / "models" / task_of(playlist) / run["result"]["version"], "own-99991231-000000"
    shutil.copytree(first, first.with_name(second))
    files = first.with_name(second).iterdir()
    artefacts.register(task_of(playlist), second, files, tmp_path / "models", activate=False)
    versions = client.get(who_added).json["versions"]
    assert [(version["version"], version["active"]) for version in versions] == [(second, False), (first.name, True)]
    client.put(f"/api/models/{task_of(playlist)}/active", json={"version": second})
    assert client.get(who_added).json["served"]["version"] == second


def test_what_cannot_be_is_said(here: tuple[FlaskClient, str], database: Database, tmp_path: Path) -> None:
    client, playlist = here
    run = train(client, database, tmp_path, playlist, layers=[0])
    assert (run["state"], run["error"]["code"]) == ("failed", "bad_option")
    assert client.get("/api/playlists/nothing/who-added").status_code == 404
    assert client.get(f"/api/playlists/{playlist}/who-added", query_string={"year": 3}).status_code == 422


def test_a_deleted_playlist_takes_its_models_along(
    here: tuple[FlaskClient, str], database: Database, tmp_path: Path
) -> None:
    client, playlist = here
    asked = client.post("/api/models/contributors/train", json={"playlist": playlist}).json["run"]["id"]
    run = database.get_run(asked)
    assert run is not None
    database.change_document("playlists", playlist, {"owner": run.owner})
    left = tmp_path / "models" / task_of(playlist) / "own-1"
    left.mkdir(parents=True)
    assert client.delete(f"/api/playlists/{playlist}").status_code == 204
    assert not left.parent.exists()
