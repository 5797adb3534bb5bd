"""The life of a training: reported, cancelled, killed and done again, compared, served, taken back, deleted."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from ml.contributors.model import task_of
from store.catalogue.builder import build_collection
from store.database import Database
from store.domain import Playlist, PlaylistItem, Track
from tests.api.test_training import ended, jobs_of, tracks
from tests.ml import contributors_world
from tests.ml.continuation_world import TRACKS, playlists
from tests.ml.test_clusters import SOUNDS
from tests.ml.test_families import of as of_genre
from tests.ml.test_projection import two_kinds
from tests.ml.test_timbre import store as store_analysis

SECONDS = 180
SLICE = 0.04
PLAYLIST_TASKS = ("continuation", "contributors")
# Phases before a training has looked at anything.
BEFORE = {"waiting", "starting", "loading the training packages"}


@dataclass(frozen=True, kw_only=True)
class World:
    """What is imported, what is asked for, and a question whose answer tells which version gives it."""

    bring: Callable[[Database], list[Track]]
    path: str
    playlist: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    # Another training that makes something else; what a first training served at once is compared with.
    otherwise: dict[str, Any] = field(default_factory=dict)
    # A training that ends within a second is stopped after so many, until its worker has told what it does.
    slice_seconds: float = SLICE
    told_after_seconds: float = 0.0
    # What else holds of the run that made a version, which is not served yet.
    check: Callable[[FlaskClient, dict[str, Any]], None] = lambda _client, _run: None


def bring_playlists(database: Database) -> list[Track]:
    database.put_tracks(TRACKS)
    for name, held in playlists():
        items = [PlaylistItem(position=at, track_id=track.id) for at, track in enumerate(held)]
        database.put_page(name, 0, items)
        database.put_playlist(Playlist(id=name, name=name, item_count=len(items), complete=True))
    return TRACKS


def bring_shared_playlist(database: Database) -> list[Track]:
    contributors_world.store_playlist(database)
    return [track for _, track in contributors_world.tracks()]


def bring_families(_database: Database) -> list[Track]:
    return [
        replace(of_genre(genre, number), artists=(f"{genre} artist {number // 3}",))
        for genre in SOUNDS
        for number in range(120)
    ]


def bring_analyses(database: Database) -> list[Track]:
    names = [f"analysed{number}" for number in range(24)]
    for number, name in enumerate(names):
        store_analysis(database, name, number)
    return [Track(id=name, title=name, artists=("Nobody",), source="test") for name in names]


def check_genre(client: FlaskClient, run: dict[str, Any]) -> None:
    result = run["result"]
    assert {"genre model", "majority", "random forest, 13 audio features"} <= result["scores"].keys()
    assert result["tracks"] > 500
    assert "Where it loses" in client.get(f"/api/models/genre/{result['version']}/card").get_json()["markdown"]


SHARED = contributors_world.PLAYLIST
QUICK = {**contributors_world.SMALL, "epochs": 2}
WORLDS = {
    "continuation": World(bring=bring_playlists, path="/api/playlists/Loud%20Evening%200/next"),
    "contributors": World(
        bring=bring_shared_playlist,
        path=f"/api/playlists/{SHARED}/who-added?q=Song+ann+3",
        playlist=SHARED,
        options=QUICK,
        otherwise={**QUICK, "inputs": ["audio"]},
    ),
    "families": World(
        bring=bring_families,
        path="/recommend?track_id=metal10&method=families&pick=nearest&seed=1",
        slice_seconds=0.1,
        told_after_seconds=1.2,
    ),
    "genre": World(
        bring=lambda _database: tracks(900),
        path="/genre-predict?energy=0.1&loudness=-25",
        options={"quick": True},
        check=check_genre,
    ),
    "projection": World(bring=lambda _database: two_kinds(120), path="/api/projection", options={"methods": ["tsne"]}),
    "timbre": World(bring=bring_analyses, path="/api/timbre/map", options={"quick": True}),
}


@dataclass(frozen=True)
class Here:
    """Two workers of one installation."""

    clients: tuple[FlaskClient, FlaskClient]
    var: Path
    task: str
    world: World

    @property
    def client(self) -> FlaskClient:
        return self.clients[0]

    @property
    def served_task(self) -> str:
        return task_of(SHARED) if self.task == "contributors" else self.task

    def start(self, options: dict[str, Any] | None = None) -> dict[str, Any]:
        asked = {"playlist": self.world.playlist, "options": options or self.world.options}
        answer = self.client.post(f"/api/models/{self.task}/train", json=asked)
        assert answer.status_code == 202
        run: dict[str, Any] = answer.get_json()["run"]
        return run

    def train(self, options: dict[str, Any] | None = None) -> dict[str, Any]:
        run = ended(self.client, self.start(options))
        assert (run["state"], run["error"]) == ("done", None)
        return run

    def underway(self, run: dict[str, Any]) -> int:
        """Stop the training as soon as it tells what it does, so that it cannot end first; return its process."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            now = self.client.get(f"/api/runs/{run['id']}").get_json()
            assert now["state"] in {"queued", "running"}, now
            assert now["phase"] != "reading the file"
            found = jobs_of(run["id"])
            if not found:
                time.sleep(SLICE)
                continue
            process = min(found)  # what it starts in its turn is younger
            if now["phase"] not in BEFORE:
                return process
            with suppress(ProcessLookupError):  # the next look tells how it ended
                os.kill(process, signal.SIGCONT)
                time.sleep(self.world.slice_seconds)
                os.kill(process, signal.SIGSTOP)
                time.sleep(self.world.told_after_seconds)
        pytest.fail(f"{self.task} told nothing")

    def answers(self) -> list[str]:
        return [
            json.dumps(client.get(self.world.path).get_json(silent=True), sort_keys=True) for client in self.clients
        ]

    def versions(self) -> dict[str, bool]:
        tasks = self.client.get("/api/models").get_json()["tasks"]
        found = next((task["versions"] for task in tasks if task["task"] == self.served_task), [])
        return {one["version"]: one["active"] for one in found}

    def written(self) -> set[str]:
        """Everything that lies where versions and maps do, and where trainings write."""
        places = ("models", "training", "projections")
        return {str(path.relative_to(self.var)) for place in places for path in (self.var / place).rglob("*.*")}


def lived_in(
    task: str,
    configured: Callable[..., FlaskClient],
    tmp_path: Path,
    database: Database,
    database_uri: str,
) -> Here:
    world = WORLDS[task]
    tracks_here = world.bring(database)
    database.put_tracks(tracks_here)
    build_collection(tmp_path / "catalogue", tracks_here)
    clients = (configured(tmp_path, database_uri), configured(tmp_path, database_uri))
    return Here(clients, tmp_path, task, world)


def gone(var: Path, run: dict[str, Any]) -> bool:
    """Wait until the process of a run is no more and what it was writing is deleted."""
    left = var / "training" / run["id"]
    until = time.monotonic() + SECONDS
    while (jobs_of(run["id"]) or left.exists()) and time.monotonic() < until:
        time.sleep(0.05)
    return not jobs_of(run["id"]) and not left.exists()


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def go_on_when_told_to_end(process: int) -> None:
    """Wait until a stopped process has a SIGTERM waiting for it, and let it go on."""
    waiting = 0
    with suppress(FileNotFoundError, ProcessLookupError):  # it may have been killed since: then it has ended, too
        while not waiting >> signal.SIGTERM - 1 & 1:
            status = Path(f"/proc/{process}/status").read_text()
            waiting = int(status.partition("ShdPnd:")[2].split()[0], 16)
            time.sleep(SLICE)
        os.kill(process, signal.SIGCONT)


def live(here: Here) -> None:
    """Cancel a training, kill one, let one end, serve it, take it back and delete it."""
    before, written = here.answers(), here.written()

    run = here.start()
    process = here.underway(run)
    here.client.delete(f"/api/runs/{run['id']}")
    go_on_when_told_to_end(process)
    assert gone(here.var, run)
    assert here.client.get(f"/api/runs/{run['id']}").get_json()["state"] == "cancelled"
    assert (here.answers(), here.written()) == (before, written)

    run = here.start()
    process = here.underway(run)
    os.kill(parent_of(process), signal.SIGKILL)  # the worker; it is started again, and the run with it
    os.kill(process, signal.SIGCONT)
    while process in jobs_of(run["id"]):
        time.sleep(0.05)
    run = ended(here.client, run)
    assert (run["state"], run["error"]) == ("done", None)
    assert not list((here.var / "training").glob("*"))
    if here.task == "projection":
        assert here.answers() != before
        return
    version = run["result"]["version"]
    here.world.check(here.client, run)
    if here.task == "contributors":  # the first of a playlist is served at once
        assert here.versions() == {version: True}
        before, version = here.answers(), here.train(here.world.otherwise)["result"]["version"]
    assert here.versions()[version] is False
    assert here.answers() == before
    serve_and_take_back(here, version, before)


def serve_and_take_back(here: Here, version: str, before: list[str]) -> None:
    address = f"/api/models/{here.served_task}"
    served = next(name for name, active in here.versions().items() if active)
    found = here.client.get(f"{address}/compare?version={version}").get_json()
    assert (found["versions"], found["served"], found["why"]) == ([version, served], served, "")
    assert len(found["rows"]) >= 3
    assert all(row["better"] in {0, 1, None} for row in found["rows"])
    swapped = here.client.get(f"{address}/compare?version={served}&other={version}").get_json()
    assert [row["values"][::-1] for row in swapped["rows"]] == [row["values"] for row in found["rows"]]

    assert here.client.put(f"{address}/active", json={"version": version}).status_code == 200
    after = here.answers()
    assert all(one != other for one, other in zip(after, before, strict=True)), "each worker answers by it"
    refused = here.client.delete(f"{address}/{version}")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "kept")
    assert here.client.post(f"{address}/rollback").status_code == 200
    assert here.answers() == before
    assert here.client.delete(f"{address}/{version}").status_code == 200
    assert version not in here.versions()
    assert not (here.var / "models" / here.served_task / version).exists()
