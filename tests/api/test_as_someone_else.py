"""Every route of /api/openapi.json, asked for somebody else's things: as nobody, as a stranger and as the operator.

A route that is not in MAY fails here: say in the table what others may do with it, and give it a body in BODIES or a
query in QUERIES if it wants one.
"""

import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from config import Config
from jobs.worker import execute
from ml import artefacts
from ml.contributors.model import task_of
from store.database import Database
from store.runs import Run

# What others than the owner may do:
# public    the same for all, and it says nothing of what somebody brought
# own       answers from what the asking browser has itself, and leaves alone what is another's
# link      a playlist's rows are open to whoever has its id, which cannot be guessed; nobody else's names are changed
# owner     403 or 404, for the operator too
# operator  403 for all but the operator
MAY = {
    "GET /healthz": "public",
    "GET /readyz": "public",
    "GET /metrics": "operator",
    "GET /api/status": "own",
    "GET /api/datasets": "public",
    "GET /api/doctor": "own",
    "POST /api/doctor": "own",
    "GET /api/exports": "public",
    "GET /api/sources": "public",
    "PUT /api/sources": "operator",
    "PUT /api/sources/{name}": "operator",
    "DELETE /api/sources/{name}/answers": "operator",
    "POST /api/operator": "own",
    "GET /api/packages": "public",
    "POST /api/packages/{name}/install": "operator",
    # tracks
    "GET /api/search": "own",
    "GET /genre-predict": "owner",
    "GET /recommend": "owner",
    "GET /api/artists/similar": "public",
    "GET /api/tracks/{track_id}/trail": "owner",
    "GET /api/tracks/{track_id}/path": "owner",
    "GET /api/tracks/{track_id}/preview": "owner",
    "GET /api/covers/{track_id}": "own",
    "GET /api/clusters": "own",
    "GET /api/clusters/predict": "owner",
    "GET /api/projection": "own",
    "GET /api/projection/far": "owner",
    "GET /api/timbre/map": "own",
    "GET /api/timbre/alike": "owner",
    "GET /api/sound": "own",
    "POST /api/sound": "operator",
    "GET /api/sound/alike": "owner",
    "GET /api/sound/path": "owner",
    "GET /api/genres": "public",
    "GET /api/genres/place": "public",
    "GET /api/features/histograms": "link",
    "GET /api/features/sources": "own",
    "GET /api/never": "own",
    "PUT /api/never": "own",
    # playlists
    "GET /api/playlists": "own",
    "POST /api/playlists": "owner",
    "GET /data": "link",
    "GET /api/playlists/tiles": "own",
    "GET /api/playlists/{playlist_id}/gathered": "link",
    "GET /api/playlists/{playlist_id}/columns": "link",
    "GET /api/playlists/{playlist_id}/export": "link",
    "GET /api/playlists/{playlist_id}/next": "link",
    "GET /api/playlists/{playlist_id}/overview": "link",
    "GET /api/playlists/{playlist_id}/projection": "link",
    "GET /api/playlists/{playlist_id}/who-added": "link",
    "DELETE /api/playlists/{playlist_id}": "owner",
    "POST /api/playlists/{playlist_id}/enrich": "owner",
    "POST /api/playlists/{playlist_id}/give": "owner",
    "PUT /api/playlists/{playlist_id}/name": "owner",
    "PUT /api/playlists/{playlist_id}/people": "owner",
    "POST /api/playlists/{playlist_id}/move": "owner",
    "POST /api/playlists/{playlist_id}/remove": "owner",
    "POST /api/playlists/{playlist_id}/restore": "owner",
    "PUT /api/playlists/{playlist_id}/shared": "owner",
    "POST /api/playlists/{playlist_id}/tracks": "owner",
    "DELETE /api/playlists/{playlist_id}/triage": "own",
    "GET /api/playlists/{playlist_id}/triage": "own",
    "PUT /api/playlists/{playlist_id}/triage": "owner",
    "POST /api/playlists/{playlist_id}/triage/accept": "owner",
    "POST /api/playlists/{playlist_id}/triage/decisions": "owner",
    "POST /api/playlists/{playlist_id}/triage/undo": "owner",
    "POST /api/blend": "link",
    # files and runs
    "POST /api/uploads": "own",
    "POST /api/uploads/preview": "own",
    "POST /api/tables": "operator",
    "POST /api/demo": "own",
    "GET /api/runs": "own",
    "GET /api/runs/{run_id}": "owner",
    "GET /api/runs/{run_id}/events": "owner",
    "DELETE /api/runs/{run_id}": "owner",
    "DELETE /api/mine": "own",
    "DELETE /api/demo": "own",
    # own music: the operator's, and what the operator lets others hear
    "GET /api/library": "operator",
    "GET /api/library/tracks": "operator",
    "POST /api/library/scan": "operator",
    "PUT /api/library/watch": "operator",
    "POST /api/library/forget": "operator",
    "GET /api/library/files/{name}/tags": "operator",
    "PUT /api/library/files/{name}/tags": "operator",
    "GET /api/audio/{name}": "owner",
    "POST /api/harvests": "own",
    # models
    "GET /api/models": "own",
    "GET /api/models/{task}/compare": "owner",
    "GET /api/models/{task}/needs": "owner",
    "GET /api/models/{task}/{version}/card": "owner",
    "POST /api/models/{task}/train": "owner",
    "PUT /api/models/{task}/active": "owner",
    "POST /api/models/{task}/rollback": "owner",
    "DELETE /api/models/{task}/{version}": "owner",
    # spotify
    "GET /api/spotify": "own",
    "DELETE /api/spotify": "own",
    "POST /api/spotify/login": "own",
    "POST /api/spotify/callback": "own",
    "GET /api/spotify/playlists": "own",
    "POST /api/spotify/import": "own",
    "POST /api/playlists/{playlist_id}/spotify": "own",  # of an account of one's own, and there is none
}
SPEC = create_app(Config(var=Path("unused"))).spec
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, methods in SPEC["paths"].items()
    for method in methods
    if method != "parameters"
]
# Nobody else may read these words, except where they follow a link.
TITLE, NAME, PERSON = "Kitesecretly", "Listsecretly", "annsecretly"
LIST = (
    f"#EXTM3U\n#EXTINF:200,Ann Private - {TITLE}\n/home/{PERSON}/demo.mp3\n#EXTINF:201,Ann Private - Second\n/b.mp3\n"
)


@dataclass(frozen=True)
class Things:
    """What somebody has brought."""

    playlist_id: str
    run_id: str
    track_id: str
    task: str
    version: str = "mine"
    name: str = "deezer"

    def bodies(self) -> dict[str, dict[str, Any]]:
        return {
            "PUT /api/sources": {"on": []},
            "PUT /api/sources/{name}": {"on": False},
            "POST /api/operator": {"key": "guess"},
            "PUT /api/never": {"tracks": []},
            "POST /api/playlists": {"name": "x", "tracks": [{"id": self.track_id}]},
            "PUT /api/playlists/{playlist_id}/name": {"name": "Mine"},
            "PUT /api/playlists/{playlist_id}/people": {"people": {PERSON: {"name": "Eve"}}},
            "POST /api/playlists/{playlist_id}/move": {"track": self.track_id, "position": 0, "to": 1},
            "POST /api/playlists/{playlist_id}/remove": {"tracks": [self.track_id]},
            "POST /api/playlists/{playlist_id}/restore": {"rows": [{"track_id": self.track_id, "position": 0}]},
            "POST /api/playlists/{playlist_id}/tracks": {"track": self.track_id},
            "PUT /api/playlists/{playlist_id}/shared": {"shared": True},
            "PUT /api/playlists/{playlist_id}/triage": {"playlists": ["x"]},
            "POST /api/playlists/{playlist_id}/triage/accept": {"at_least": 0.5},
            "POST /api/playlists/{playlist_id}/triage/decisions": {
                "decisions": [{"track": self.track_id, "action": "reject", "playlist": self.playlist_id}]
            },
            "POST /api/library/scan": {"folder": "/nowhere"},
            "PUT /api/library/watch": {"folder": "/nowhere", "watched": True},
            "POST /api/library/forget": {"folder": "/nowhere"},
            "PUT /api/library/files/{name}/tags": {"sha256": "0" * 64, "write": {"genre": "rock"}},
            "POST /api/blend": {"playlists": [self.playlist_id]},
            "POST /api/harvests": {"kind": "tracks"},
            "POST /api/tables": {"address": "https://example.org/a.csv"},
            "POST /api/models/{task}/train": {"playlist": self.playlist_id},
            "PUT /api/models/{task}/active": {"version": self.version},
            "POST /api/spotify/callback": {"url": "http://127.0.0.1/callback?code=x&state=y"},
            "POST /api/spotify/import": {"ids": ["saved"]},
        }

    def queries(self) -> dict[str, dict[str, str]]:
        by_id = {"track_id": self.track_id}
        return {
            "GET /data": {"playlist": self.playlist_id},
            "GET /api/features/histograms": {"playlist": self.playlist_id},
            "GET /api/playlists/{playlist_id}/export": {"format": "csv"},
            "GET /api/search": {"q": "ann private"},
            "GET /genre-predict": by_id,
            "GET /recommend": by_id,
            "GET /api/artists/similar": {"artist": "Ann"},
            "GET /api/tracks/{track_id}/path": {"to": self.track_id},
            "GET /api/clusters/predict": by_id,
            "GET /api/projection": by_id,
            "GET /api/projection/far": by_id,
            "GET /api/timbre/alike": by_id,
            "GET /api/sound/alike": by_id,
            "GET /api/sound/path": {"start": self.track_id, "end": self.track_id},
            "GET /api/genres/place": {"name": "rock"},
            "GET /api/models/{task}/compare": {"version": self.version},
            "GET /api/models/{task}/needs": {"playlist": self.playlist_id},
        }


def ask(client: FlaskClient, operation: str, things: Things) -> TestResponse:
    method, _, path = operation.partition(" ")
    address = re.sub(r"{(\w+)}", lambda hole: str(getattr(things, hole[1])), path)
    described = SPEC["paths"][path][method.lower()]
    more: dict[str, Any] = {"query_string": things.queries().get(operation)}
    if "application/json" in described.get("requestBody", {}).get("content", {}):
        more["json"] = things.bodies().get(operation, {})
    elif path.startswith("/api/uploads"):
        more["data"] = {"file": (io.BytesIO(b"#EXTM3U\n#EXTINF:1,A - B\nb.mp3\n"), "list.m3u")}
    return client.open(address, method=method, **more)


def brought(client: FlaskClient, database: Database, folder: Path) -> Things:
    """Bring a list in as this browser, with a model of it; and return what is asked for by others."""
    sent = client.post("/api/uploads", data={"file": (io.BytesIO(LIST.encode()), f"{NAME}.m3u")}).json["run"]["id"]
    assert execute(database, folder, sent) == "done"
    return with_model(client, folder, client.get(f"/api/runs/{sent}").json["playlist_id"], sent)


def with_model(client: FlaskClient, folder: Path, playlist: str, run: str) -> Things:
    track = client.get(f"/data?playlist={playlist}").json["tracks"][0]["id"]
    task = task_of(playlist)
    own = folder / "models" / task / "mine"
    shutil.copytree(artefacts.active("contributors"), own)
    (own / "card.md").write_text(f"# {NAME}\n\n{PERSON} {TITLE}\n")
    artefacts.register(task, "mine", own.iterdir(), folder / "models", activate=False)
    return Things(playlist_id=playlist, run_id=run, track_id=track, task=task)


def state(client: FlaskClient, things: Things) -> list[Any]:
    """What the owner has, which nobody else may change."""
    models = [task for task in client.get("/api/models").json["tasks"] if task["task"] == things.task]
    return [
        client.get(f"/data?playlist={things.playlist_id}").json["tracks"],
        client.get("/api/playlists").json["playlists"],
        client.get(f"/api/runs/{things.run_id}").json["state"],
        [[version["version"] for version in task["versions"]] for task in models],
    ]


@pytest.fixture
def others(
    configured: Callable[..., FlaskClient],
    database_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, FlaskClient]:
    """Browsers of an installation behind a proxy, and one of the same without."""
    for spawner in ("services.runs", "services.sources.gather", "api.sources.uploads", "api.spotify.login"):
        monkeypatch.setattr(f"{spawner}.spawn_worker", lambda *_: None)
    owner = configured(tmp_path, database_uri, behind_proxy=True, operator_key="sesame", write_tags=True)
    browser = owner.application.test_client
    operator, stranger = browser(), browser()
    assert operator.post("/api/operator", json={"key": "sesame"}).status_code == 200
    for client in (operator, stranger):  # each has something of its own
        assert client.post("/api/uploads", data={"file": (io.BytesIO(b"x"), "x.csv")}).status_code == 202
    return {
        "owner": owner,
        "nobody": browser(use_cookies=False),
        "stranger": stranger,
        "operator": operator,
        "on ones own machine": configured(tmp_path, database_uri, write_tags=True),
    }


def test_nobody_gets_at_what_another_brought(
    others: dict[str, FlaskClient], database: Database, tmp_path: Path
) -> None:
    owner = others.pop("owner")
    things = brought(owner, database, tmp_path)
    before = state(owner, things)
    faults = [
        fault
        for who, client in others.items()
        for operation in OPERATIONS
        for fault in judged(operation, who, ask(client, operation, things))
    ]
    assert not faults, "\n".join(faults)
    assert state(owner, things) == before


def judged(operation: str, who: str, answer: TestResponse) -> list[str]:
    rule = MAY.get(operation)
    if rule is None:
        return [f"{operation}: say in MAY ({__file__}) what others than the owner may do"]
    text, status = answer.get_data(as_text=True), answer.status_code
    found = []
    if status >= 500:
        found.append("breaks")
    if rule == "owner" and status not in {403, 404}:
        found.append(f"{status}, not 403 or 404")
    if rule == "operator" and (status == 403) == (who in {"operator", "on ones own machine"}):
        found.append(f"{status}: the operator alone may")
    if rule == "link" and status in {401, 403}:
        found.append(f"{status}: whoever has the link may read it")
    if rule != "link" and any(word in text for word in (TITLE, NAME, PERSON)):
        found.append(f"shows what another brought: {text[:300]}")
    return [f"{who}: {operation}: {fault}" for fault in found]


def test_strangers_get_at_nothing_of_the_operators_and_the_operator_does(
    others: dict[str, FlaskClient], database: Database, tmp_path: Path
) -> None:
    path = tmp_path / f"{NAME}.m3u"
    path.write_text(LIST)
    run = Run(name=path.name, source=str(path))
    database.put_run(run)
    assert execute(database, tmp_path, run.id) == "done"
    imported = database.get_run(run.id)
    assert imported is not None
    things = with_model(others["operator"], tmp_path, imported.playlist_id or "", run.id)
    # Its tracks are the shared layer's, and the runs of the command line are shown to all: the list is the operator's.
    lists = [operation for operation in OPERATIONS if "{playlist_id}" in operation or MAY.get(operation) == "link"]
    refused = {who: [ask(others[who], name, things) for name in lists] for who in ("nobody", "stranger")}
    for who, answers in refused.items():
        for name, answer in zip(lists, answers, strict=True):
            text = answer.get_data(as_text=True)
            assert NAME not in text, (who, name)
            assert PERSON not in text, (who, name)
            assert answer.status_code in {403, 404, 409, 422} or MAY.get(name) == "own", (who, name, answer.status_code)
    for who in ("operator", "on ones own machine"):
        for name in ("GET /data", "GET /api/playlists/{playlist_id}/export"):
            assert ask(others[who], name, things).status_code == 200, (who, name)


def test_the_table_names_no_route_that_is_not_there() -> None:
    assert not MAY.keys() - OPERATIONS, "take them out of MAY"
