"""The life of every training that needs no playlists, and of those that cannot be trained."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from ml.tasks import trainable
from store.catalogue.builder import build_collection
from store.database import Database
from tests.api.test_training import ended
from tests.api.training_life import PLAYLIST_TASKS, WORLDS, Here, live, lived_in


# A calibration of the perception ends before anybody could stop it: tests/jobs/test_calibrating.py tells of its life.
@pytest.mark.parametrize("task", [task for task in trainable() if task not in (*PLAYLIST_TASKS, "perception")])
def test_a_training_is_cancelled_killed_done_served_and_taken_back(
    task: str, configured: Callable[..., FlaskClient], tmp_path: Path, database: Database, database_uri: str
) -> None:
    live(lived_in(task, configured, tmp_path, database, database_uri))


@pytest.mark.parametrize("task", trainable())
def test_too_little_is_refused_with_what_to_bring(
    task: str, configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    client = configured(tmp_path, database_uri)
    needs = client.get(f"/api/models/{task}/needs").get_json()
    assert (needs["enough"], needs["task"]) == (False, task)
    assert needs["least"]
    assert "none" in needs["found"]
    refused = client.post(f"/api/models/{task}/train", json={})
    error = refused.get_json()["error"]
    assert (refused.status_code, error["code"]) == (409, "too_little")
    assert needs["least"] in error["message"]
    assert needs["found"] in error["message"]
    assert error["hint"]
    assert client.get("/api/runs").get_json()["runs"] == [], "nothing was queued"
    assert not (tmp_path / "models").exists()


def test_a_training_that_is_killed_alone_says_so(
    configured: Callable[..., FlaskClient], tmp_path: Path, database: Database, database_uri: str
) -> None:
    world = WORLDS["projection"]
    build_collection(tmp_path / "catalogue", world.bring(database))
    client = configured(tmp_path, database_uri)
    here = Here((client, client), tmp_path, "projection", world)
    run = here.start()
    os.kill(here.underway(run), signal.SIGKILL)
    run = ended(client, run)
    assert (run["state"], run["error"]["code"]) == ("failed", "training_killed")
    assert "memory" in run["error"]["hint"]
