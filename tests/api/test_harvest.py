"""Runs that gather from sources, started, listed and ended from the page; and how a track got here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from etl.gather.enrich import new_enrichment
from jobs.worker import execute
from services.sources import gather
from store.database import Database
from store.runs import Run
from tests.api.conftest import TRACKS, limit_work
from tests.etl.gather.support import PLAYLIST, opening, put_playlist
from tests.fake_services.fixtures import FakeServices

Configured = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was handed to the starter of the worker, which starts none."""
    calls: list[tuple[Any, ...]] = []
    for module in ("services.sources.gather", "services.runs"):
        monkeypatch.setattr(f"{module}.spawn_worker", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(gather, "_woken_at", -1000.0)
    return calls


@pytest.fixture
def switched_on(configured: Configured, tmp_path: Path, database_uri: str) -> FlaskClient:
    return configured(tmp_path, database_uri, sources=frozenset({"deezer", "musicbrainz", "reccobeats"}))


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_a_playlist_is_enriched(
    switched_on: FlaskClient, database: Database, fake_services: FakeServices, spawned: list[Any], tmp_path: Path
) -> None:
    put_playlist(database, fake_services.world)
    answer = switched_on.post(f"/api/playlists/{PLAYLIST}/enrich", json={"needs": ["similar", "features"]})
    assert answer.status_code == 202
    run = answer.get_json()["run"]
    assert (run["kind"], run["state"], run["unit"], run["name"]) == ("enrich", "queued", "questions", "Eight songs")
    assert run["request"] == {"playlist_id": PLAYLIST, "needs": ["features", "similar"]}
    assert "owner" not in run
    assert run["mine"]
    assert len(spawned) == 1
    # Asked for again it is the same run.
    again = switched_on.post(f"/api/playlists/{PLAYLIST}/enrich", json={"needs": ["features", "similar"]})
    assert again.get_json()["run"]["id"] == run["id"]
    fake_services.lift_limits()
    assert execute(database, tmp_path, run["id"], open_engine=opening(fake_services.urls)) == "done"
    listed = switched_on.get("/api/runs").get_json()["runs"]
    assert [(one["id"], one["state"]) for one in listed] == [(run["id"], "done")]
    assert {row["need"] for row in listed[0]["sources"]} == {"features", "similar", "track"}
    assert switched_on.get(f"/api/runs/{run['id']}").get_json()["state"] == "done"


def test_everything_is_wanted_where_nothing_is_named(
    switched_on: FlaskClient, database: Database, fake_services: FakeServices
) -> None:
    put_playlist(database, fake_services.world)
    run = switched_on.post(f"/api/playlists/{PLAYLIST}/enrich", json={}).get_json()["run"]
    assert run["request"]["needs"] == ["features", "genres", "similar"]


def test_what_cannot_be_enriched(
    switched_on: FlaskClient, empty_client: FlaskClient, database: Database, fake_services: FakeServices
) -> None:
    address = f"/api/playlists/{PLAYLIST}/enrich"
    assert error(switched_on.post(address, json={})) == (404, "not_found")
    put_playlist(database, fake_services.world, owner="somebody else")
    assert error(switched_on.post(address, json={})) == (403, "not_yours")
    put_playlist(database, fake_services.world)
    assert error(switched_on.post(address, json={"needs": ["lyrics"]})) == (422, "invalid_value")
    assert error(switched_on.post(address, json={"needs": []})) == (422, "invalid_value")
    assert error(empty_client.post(address, json={})) == (409, "no_sources")
    playlist = database.playlist(PLAYLIST)
    assert playlist
    database.change_document("playlists", PLAYLIST, {"complete": False})
    assert error(switched_on.post(address, json={})) == (409, "arriving")


@pytest.mark.parametrize(
    ("body", "name", "request_"),
    [
        ({"kind": "tracks"}, "Harvest of tracks: 26 terms", {"terms": 26, "source": None, "years": None}),
        (
            {"kind": "tracks", "terms": 3, "source": "deezer", "min_popularity": 20, "years": [1990, 1999]},
            "Harvest of tracks: 3 terms",
            {"terms": 3, "source": "deezer", "min_popularity": 20.0, "years": [1990, 1999]},
        ),
        ({"kind": "artists", "terms": 2}, "Harvest of artists: 2 terms", {"terms": 2}),
        (
            {"kind": "balanced", "genres": ["rock", "jazz"], "per_genre": 5},
            "Genre-balanced set: 2 x 5",
            {"genres": ["rock", "jazz"], "per_genre": 5},
        ),
        ({"kind": "balanced"}, "Genre-balanced set: 114 x 100", {"per_genre": 100}),
    ],
)
def test_harvests_are_queued(
    switched_on: FlaskClient, spawned: list[Any], body: dict[str, Any], name: str, request_: dict[str, Any]
) -> None:
    answer = switched_on.post("/api/harvests", json=body)
    assert answer.status_code == 202, answer.get_json()
    run = answer.get_json()["run"]
    assert (run["kind"], run["name"], run["state"]) == (body["kind"], name, "queued")
    assert run["request"].items() >= request_.items()
    assert len(spawned) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_value"),
        ({"kind": "lyrics"}, 422, "invalid_value"),
        ({"kind": "tracks", "terms": 0}, 422, "invalid_value"),
        ({"kind": "tracks", "terms": 703}, 422, "invalid_value"),
        ({"kind": "tracks", "years": [1999]}, 422, "invalid_value"),
        ({"kind": "tracks", "years": [1999, 1990]}, 422, "invalid_value"),
        ({"kind": "tracks", "source": "nobody"}, 422, "invalid_value"),
        ({"kind": "tracks", "source": "itunes"}, 409, "no_sources"),
        ({"kind": "segments"}, 409, "no_sources"),
        ({"kind": "balanced", "per_genre": 1001}, 422, "invalid_value"),
        ({"kind": "tracks", "colour": "blue"}, 422, "invalid_value"),
    ],
)
def test_harvests_that_make_no_sense_are_refused(
    switched_on: FlaskClient, spawned: list[Any], body: dict[str, Any], status: int, code: str
) -> None:
    assert error(switched_on.post("/api/harvests", json=body)) == (status, code)
    assert spawned == []


def test_there_is_an_end_to_what_may_be_queued(switched_on: FlaskClient) -> None:
    limit_work(switched_on, long_runs_each=2)
    for terms in (1, 2):
        assert switched_on.post("/api/harvests", json={"kind": "tracks", "terms": terms}).status_code == 202
    refused = switched_on.post("/api/harvests", json={"kind": "tracks", "terms": 3})
    assert error(refused) == (429, "too_many_runs")
    assert int(refused.headers["Retry-After"]) > 0
    somebody_else = switched_on.application.test_client()
    assert somebody_else.post("/api/harvests", json={"kind": "tracks", "terms": 3}).status_code == 202


def test_runs_are_listed_newest_first_and_those_of_others_are_not(switched_on: FlaskClient, database: Database) -> None:
    mine = [switched_on.post("/api/harvests", json={"kind": "tracks", "terms": n}).get_json()["run"] for n in (1, 2)]
    database.put_run(Run(name="theirs.csv", owner="somebody else"))
    operators = Run(name="operators.csv")
    database.put_run(operators)
    listed = switched_on.get("/api/runs").get_json()["runs"]
    assert [one["id"] for one in listed] == [operators.id, mine[1]["id"], mine[0]["id"]]
    assert [one["mine"] for one in listed] == [False, True, True]
    assert all("cursor" not in one and "source" not in one for one in listed)


def test_a_run_is_cancelled_by_whoever_started_it(switched_on: FlaskClient, database: Database) -> None:
    run = switched_on.post("/api/harvests", json={"kind": "tracks"}).get_json()["run"]
    assert switched_on.delete(f"/api/runs/{run['id']}").status_code == 204
    assert switched_on.get(f"/api/runs/{run['id']}").get_json()["state"] == "cancelled"
    assert database.unfinished_runs() == []
    assert error(switched_on.delete(f"/api/runs/{run['id']}")) == (409, "ended")
    theirs, operators = Run(name="theirs.csv", owner="somebody else"), Run(name="operators.csv")
    for one in (theirs, operators):
        database.put_run(one)
    assert error(switched_on.delete(f"/api/runs/{theirs.id}")) == (404, "not_found")
    assert error(switched_on.delete(f"/api/runs/{operators.id}")) == (403, "not_yours")
    assert len(database.unfinished_runs()) == 2


def test_a_run_that_has_slept_enough_is_woken_by_the_list(
    switched_on: FlaskClient, database: Database, spawned: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_enrichment(PLAYLIST, "x", None, ["features"])
    soon, past = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    database.put_run(replace(run, state="waiting", wake_at=soon))
    shown = switched_on.get("/api/runs").get_json()["runs"][0]
    assert datetime.fromisoformat(shown["wake_at"]) - soon < timedelta(milliseconds=1)
    assert spawned == []
    database.update_run(run.id, wake_at=past)
    monkeypatch.setattr(gather, "_woken_at", -1000.0)
    switched_on.get("/api/runs")
    switched_on.get("/api/runs")
    assert len(spawned) == 1


def test_the_trail_of_a_recommended_track(
    switched_on: FlaskClient, database: Database, fake_services: FakeServices, tmp_path: Path
) -> None:
    ours = put_playlist(database, fake_services.world, 2)
    fake_services.lift_limits()
    run = new_enrichment(PLAYLIST, "x", None, ["similar"])
    database.put_run(run)
    execute(database, tmp_path, run.id, open_engine=opening(fake_services.urls))
    far = next(track for track in database.all_tracks() if track.id not in {our.id for our in ours})
    answer = switched_on.get(f"/api/tracks/{far.id}/trail").get_json()
    assert answer["track"]["title"] == far.title
    assert answer["playlist"] == {"id": PLAYLIST, "name": "Eight songs"}
    assert [step["seed"]["id"] in {track.id for track in ours} for step in answer["steps"]] == [True]
    step = answer["steps"][0]
    assert step["title"] in {"ReccoBeats", "Deezer", "ListenBrainz labs"}
    assert step["fetched_at"]
    # A playlist of somebody else's is not told of.
    database.change_document("playlists", PLAYLIST, {"owner": "somebody else"})
    assert switched_on.get(f"/api/tracks/{far.id}/trail").get_json()["playlist"] is None


def test_a_track_that_nobody_recommended_has_no_trail(client: FlaskClient) -> None:
    answer = client.get(f"/api/tracks/{TRACKS[0].id}/trail").get_json()
    assert (answer["track"]["id"], answer["steps"], answer["playlist"]) == (TRACKS[0].id, [], None)
    absent = client.get("/api/tracks/nobody/trail")
    assert error(absent) == (404, "not_found")
    hint = absent.get_json()["error"]["hint"]
    assert client.get(f"{hint.removeprefix('Search for it: GET ')}metal").status_code == 200


def test_a_public_table_comes_from_its_address(
    empty_client: FlaskClient, configured: Configured, database_uri: str, database: Database, tmp_path: Path
) -> None:
    rows = "track_id,track_name,artists,energy\n" + "".join(f"{at:022d},Song {at},Band,0.5\n" for at in range(3))
    with served("/tables/some.csv", rows.encode()) as address:
        run = empty_client.post("/api/tables", json={"address": address}).get_json()["run"]
        assert (run["name"], run["mine"]) == ("some.csv", True)
        assert execute(database, tmp_path, run["id"]) == "done"
        proxied = configured(tmp_path, database_uri, behind_proxy=True, operator_key="sesame")
        proxied.post("/api/operator", json={"key": "sesame"})
        assert error(proxied.post("/api/tables", json={"address": address}))[0] == 422
    found = empty_client.get(f"/api/runs/{run['id']}").get_json()
    assert (found["kind"], found["stored"]) == ("table", 3)
    assert empty_client.get("/api/status").get_json()["catalogue"]["tracks"] == 3
    for wrong in ("http://example.org/a.csv", "file:///etc/passwd", "example.org/a.csv"):
        assert error(empty_client.post("/api/tables", json={"address": wrong}))[0] == 422


@contextmanager
def served(path: str, content: bytes) -> Iterator[str]:
    """Serve one file; yields its address."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == path else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{path}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
