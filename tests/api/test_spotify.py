"""/api/spotify from the first question to the last: set up, log in, import, write back, disconnect."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from etl.spotify.accounts import COLLECTION
from store.database import Database
from store.domain import Playlist, PlaylistItem, Track
from tests.api.conftest import limit_work
from tests.fake_services.faults import limited, replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.spotify import UNREGISTERED
from tests.fake_services.spotify_state import HALF_A_YEAR, row

HERE = "http://127.0.0.1:8000"
LOCALHOST = "http://localhost:8000"
NAS = "http://192.168.1.20:8000"


@pytest.fixture
def bare(
    configured: Callable[..., FlaskClient],
    tmp_path: Path,
    database_uri: str,
    fake_services: FakeServices,
    monkeypatch: pytest.MonkeyPatch,
) -> FlaskClient:
    """An installation where nothing is decided; the worker it starts asks the fakes too."""
    for name, url in fake_services.environment.items():
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("TASTEMAP_SECRET_KEY", "a key of the tests")
    return configured(tmp_path, database_uri, source_urls=fake_services.urls, secret_key="a key of the tests")


@pytest.fixture
def client(bare: FlaskClient, fake_services: FakeServices) -> FlaskClient:
    """Spotify is switched on and knows its app."""
    settings = {"client_id": fake_services.spotify_state.app.client_id}
    assert bare.put("/api/sources/spotify", json={"on": True, "settings": settings}).status_code == 200
    return bare


def get(client: FlaskClient, path: str, base: str = HERE) -> dict[str, Any]:
    answer = client.get(path, base_url=base)
    assert answer.status_code == 200, answer.json
    return answer.json


def sent_back(client: FlaskClient, base: str = HERE, **body: Any) -> str:
    """Begin a login and agree; return the address that Spotify sends the browser to."""
    answer = client.post("/api/spotify/login", json=body, base_url=base)
    assert answer.status_code == 200, answer.json
    at_spotify = requests.get(answer.json["url"], allow_redirects=False, timeout=5)
    assert at_spotify.status_code == 302, at_spotify.text
    return at_spotify.headers["Location"]


def follow(client: FlaskClient, address: str) -> str:
    """Open an address of ours and return where it leads."""
    parts = urlsplit(address)
    answer = client.get(f"{parts.path}?{parts.query}", base_url=f"{parts.scheme}://{parts.netloc}")
    assert answer.status_code == 302
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.headers["Location"]


def connect(client: FlaskClient, **body: Any) -> None:
    assert follow(client, sent_back(client, **body)) == "/settings"
    assert get(client, "/api/spotify")["connected"]


def test_what_to_do_first(bare: FlaskClient, fake_services: FakeServices) -> None:
    off = get(bare, "/api/spotify")
    assert (off["configured"], off["connected"], off["user"]) == (False, False, None)
    assert off["redirect_uri"] == f"{HERE}/callback"
    assert "switched off" in off["notice"]
    assert f"redirect URI {HERE}/callback" in off["notice"]
    bare.put("/api/sources/spotify", json={"on": True})
    assert "Client ID" in get(bare, "/api/spotify")["notice"]
    for method, path in (("post", "login"), ("get", "playlists"), ("post", "import")):
        body = {"json": {"ids": ["saved"]}} if path == "import" else {}
        answer = getattr(bare, method)(f"/api/spotify/{path}", base_url=HERE, **body)
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "not_configured")
        assert f"{HERE}/callback" in answer.json["error"]["hint"]
    assert fake_services.request_count() == 0


def test_a_login_in_the_browser(client: FlaskClient, database: Database) -> None:
    before = get(client, "/api/spotify")
    assert (before["configured"], before["connected"], before["notice"]) == (True, False, None)
    connect(client)
    state = get(client, "/api/spotify")
    assert state["user"] == {"id": "wanda", "name": "Wanda W."}
    assert datetime.fromisoformat(state["expires_at"]) - datetime.now(UTC) > timedelta(days=180)
    assert state["notice"] is None
    assert set(state) == {"configured", "connected", "user", "expires_at", "redirect_uri", "notice"}


def test_a_login_that_began_at_localhost(client: FlaskClient) -> None:
    """Spotify sends the browser to 127.0.0.1, where it has no cookie of ours."""
    assert "refuses the name localhost" in get(client, "/api/spotify", LOCALHOST)["notice"]
    address = sent_back(client, LOCALHOST)
    assert address.startswith("http://127.0.0.1:8000/callback?")
    at_localhost = follow(client, address)
    assert at_localhost == address.replace("127.0.0.1", "localhost")
    assert follow(client, at_localhost) == "/settings"
    assert get(client, "/api/spotify", LOCALHOST)["connected"]
    assert not get(client, "/api/spotify", HERE)["connected"]


def test_a_login_from_another_machine_is_pasted(client: FlaskClient) -> None:
    state = get(client, "/api/spotify", NAS)
    assert state["redirect_uri"] == "http://127.0.0.1:8000/callback"
    assert "paste it here" in state["notice"]
    address = sent_back(client, NAS)
    answer = client.post("/api/spotify/callback", json={"url": f" {address}\n"}, base_url=NAS)
    assert answer.status_code == 200
    assert answer.json["connected"]
    again = client.post("/api/spotify/callback", json={"url": address}, base_url=NAS)
    assert (again.status_code, again.json["error"]["code"]) == (403, "spotify_refused")
    for nonsense in ("", "hello", "http://[", "http://127.0.0.1:8000/callback?code=1"):
        answer = client.post("/api/spotify/callback", json={"url": nonsense}, base_url=NAS)
        assert answer.status_code == 403


def test_another_browsers_login(client: FlaskClient) -> None:
    address = sent_back(client)
    stranger = client.application.test_client()
    assert follow(stranger, address) == "/settings"
    assert not get(stranger, "/api/spotify")["connected"]
    get(client, "/api/spotify")
    assert follow(client, address) == "/settings"
    assert get(client, "/api/spotify")["connected"]
    assert not get(stranger, "/api/spotify")["connected"]


def test_what_went_wrong_is_told_afterwards(client: FlaskClient, fake_services: FakeServices) -> None:
    state = fake_services.spotify_state
    state.agrees = False
    assert follow(client, sent_back(client)) == "/settings"
    assert "did not agree" in get(client, "/api/spotify")["notice"]
    state.agrees, state.app.users = True, set()
    follow(client, sent_back(client))
    told = get(client, "/api/spotify")
    assert "User Management" in told["notice"]
    assert UNREGISTERED not in told["notice"]
    state.app.users = {"wanda"}
    connect(client)
    assert get(client, "/api/spotify")["notice"] is None


def ended(client: FlaskClient, run_id: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        run = get(client, f"/api/runs/{run_id}")
        if run["state"] in {"done", "failed"}:
            return run
        time.sleep(0.1)
    pytest.fail("the import did not end")


def test_lists_come_in_and_all_of_it_goes(client: FlaskClient, fake_services: FakeServices, database: Database) -> None:
    state, world = fake_services.spotify_state, fake_services.world
    songs = [world.song(title) for title in ("Glass Tide", "Hedgerow", "Receipts")]
    ours = state.add_list("Ours", "otto", [row(song, "otto") for song in songs], collaborators={"wanda"})
    connect(client)
    lists = get(client, "/api/spotify/playlists")["playlists"]
    assert [one["kind"] for one in lists] == ["saved", "top", "top", "top", "playlist"]
    assert lists[-1] == {
        **{"id": ours.id, "name": "Ours", "kind": "playlist", "tracks": 3, "mine": False, "collaborative": True},
    }
    get(client, "/api/spotify/playlists")
    assert len(fake_services.spotify.requests_to("/me/playlists")) == 1
    get(client, "/api/spotify/playlists?fresh=true")
    assert len(fake_services.spotify.requests_to("/me/playlists")) == 2
    answer = client.post("/api/spotify/import", json={"ids": [ours.id, ours.id]}, base_url=HERE)
    assert answer.status_code == 202, answer.json
    [run] = answer.json["runs"]
    assert (run["name"], run["kind"], "owner" in run) == ("Ours", "spotify", False)
    run = ended(client, run["id"])
    assert (run["state"], run["stored"]) == ("done", 3), run
    page = get(client, f"/data?playlist={run['playlist_id']}")
    assert [(track["title"], track["added_by"]) for track in page["tracks"]] == [(song.title, "otto") for song in songs]
    assert [track["title"] for track in get(client, "/api/search?q=hedgerow")["tracks"]] == ["Hedgerow"]
    assert client.delete("/api/spotify", base_url=HERE).status_code == 204
    assert get(client, "/api/playlists")["playlists"] == []
    assert client.get(f"/api/runs/{run['id']}", base_url=HERE).status_code == 404
    assert not get(client, "/api/spotify")["connected"]
    [forgetting] = database.documents_where("runs", {})
    assert ended(client, forgetting["_id"])["state"] == "done"
    assert get(client, "/api/search?q=hedgerow")["tracks"] == []
    assert client.delete("/api/spotify", base_url=HERE).status_code == 204


def test_what_cannot_be_asked_for(client: FlaskClient) -> None:
    for ids in ([], ["../../me"], ["top:yesterday"], "saved", None):
        answer = client.post("/api/spotify/import", json={"ids": ids}, base_url=HERE)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_value"), ids
    answer = client.post("/api/spotify/import", json={"ids": ["saved"]}, base_url=HERE)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "not_connected")


def test_a_permission_that_ends(client: FlaskClient, fake_services: FakeServices, database: Database) -> None:
    connect(client)
    [document] = database.documents_where(COLLECTION, {})
    soon = datetime(2030, 3, 4, tzinfo=UTC)
    database.change_document(COLLECTION, document["_id"], {"expires_at": datetime.now(UTC) + timedelta(days=10)})
    assert "permission ends on" in get(client, "/api/spotify")["notice"]
    database.change_document(COLLECTION, document["_id"], {"expires_at": soon})
    fake_services.spotify_state.seconds += HALF_A_YEAR
    fake_services.spotify_state.withdraw()
    fake_services.spotify_state.seconds += 3600
    answer = client.get("/api/spotify/playlists", base_url=HERE)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "not_connected")
    assert "six months" in answer.json["error"]["message"]
    state = get(client, "/api/spotify")
    assert (state["connected"], state["user"], state["expires_at"]) == (
        False,
        {"id": "wanda", "name": "Wanda W."},
        None,
    )
    assert "Connect again" in state["notice"]
    connect(client)


@pytest.mark.parametrize(
    ("happening", "status", "code"),
    [
        (limited(85_771), 503, "spotify_limited"),
        (replying(403, UNREGISTERED), 403, "spotify_refused"),
        (replying(502, "bad gateway"), 502, "spotify_unreachable"),
        (replying(200, b"<html>"), 502, "spotify_unreachable"),
        (replying(404, {"error": {"status": 404}}), 404, "not_found"),
    ],
)
def test_spotifys_failures_are_answers(
    client: FlaskClient, fake_services: FakeServices, happening: Any, status: int, code: str
) -> None:
    connect(client)
    fake_services.spotify.fail(happening, path="/me/playlists", times=None)
    answer = client.get("/api/spotify/playlists", base_url=HERE)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["message"]
    assert ("retry_at" in answer.json["error"]) is (status == 503)


@pytest.fixture
def playlist(client: FlaskClient, fake_services: FakeServices, database: Database) -> str:
    """A playlist of the operator's with two tracks that Spotify numbers and one that it does not."""
    songs = fake_services.world.songs[:2]
    ids = [*(song.spotify for song in songs), "local-0123456789abcdef"]
    database.put_tracks([Track(id=track_id, title=track_id, artists=("A",)) for track_id in ids])
    database.put_page("shown", 0, [PlaylistItem(position=at, track_id=one) for at, one in enumerate(ids)])
    database.put_playlist(Playlist(id="shown", name="Shown", item_count=3, complete=True))
    return "shown"


def test_writing_asks_for_the_permission_first(client: FlaskClient, fake_services: FakeServices, playlist: str) -> None:
    path = f"/api/playlists/{playlist}/spotify"
    assert client.post(path, json={}, base_url=HERE).json["error"]["code"] == "not_connected"
    connect(client)
    refused = client.post(path, json={"name": "Out"}, base_url=HERE)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "consent_needed")
    assert fake_services.spotify_state.lists == {}
    agreed = requests.get(refused.json["error"]["url"], allow_redirects=False, timeout=5)
    assert follow(client, agreed.headers["Location"]) == "/settings"
    answers = [client.post(path, json={"name": "Out"}, base_url=HERE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    [run_id] = {answer.json["run"]["id"] for answer in answers}  # the second asks for what is under way
    assert answers[0].json["run"]["request"] == {"playlist_id": playlist, "name": "Out", "public": False}
    run = ended(client, run_id)
    assert (run["state"], run["stored"], sum(run["skipped"].values())) == ("done", 2, 1)
    [made] = fake_services.spotify_state.lists.values()
    assert (made.id, made.name, made.public) == (run["result"]["id"], "Out", False)
    assert client.post(path, json={"public": True}, base_url=HERE).json["error"]["code"] == "consent_needed"
    assert client.post("/api/playlists/none/spotify", json={}, base_url=HERE).status_code == 404


def test_no_token_leaves_in_an_answer(client: FlaskClient, fake_services: FakeServices) -> None:
    connect(client, write=True)
    state = fake_services.spotify_state
    answers = [
        client.get(path, base_url=HERE).text for path in ("/api/spotify", "/api/sources", "/api/spotify/playlists")
    ]
    assert state.tokens
    assert state.refreshers
    assert not [secret for secret in (*state.tokens, *state.refreshers) if secret in "".join(answers)]


def test_another_site_cannot_begin_a_login(client: FlaskClient) -> None:
    answer = client.post("/api/spotify/login", json={}, base_url=HERE, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_no_request_of_a_page_sleeps_for_long(client: FlaskClient, fake_services: FakeServices) -> None:
    """Spotify wants half a minute: a run waits for that, a page is told when to ask again."""
    connect(client)
    fake_services.spotify.fail(limited(30), path="/me/playlists")
    answer = client.get("/api/spotify/playlists", base_url=HERE)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "spotify_limited")
    wait = datetime.fromisoformat(answer.json["error"]["retry_at"]) - datetime.now(UTC)
    assert timedelta() < wait <= timedelta(seconds=30)


def test_a_list_whose_run_sleeps_is_not_brought_in_twice(client: FlaskClient, database: Database) -> None:
    connect(client)
    [first] = client.post("/api/spotify/import", json={"ids": ["saved"]}, base_url=HERE).json["runs"]
    ended(client, first["id"])
    [owner] = database.names_where(COLLECTION, {})
    asleep = {"state": "waiting", "wake_at": datetime.now(UTC) + timedelta(hours=9), "finished_at": None}
    database.change_document("runs", first["id"], asleep)
    [again] = client.post("/api/spotify/import", json={"ids": ["saved"]}, base_url=HERE).json["runs"]
    assert again["id"] == first["id"]
    database.change_document("runs", first["id"], {"state": "done"})
    [other] = client.post("/api/spotify/import", json={"ids": ["saved"]}, base_url=HERE).json["runs"]
    assert other["id"] != first["id"]
    [account] = database.documents_where(COLLECTION, {})
    assert list(account["runs"]) == [other["id"]]  # what has ended is found by its owner
    ended(client, other["id"])
    client.delete("/api/spotify", base_url=HERE)
    assert {document["kind"] for document in database.documents_where("runs", {"owner": owner})} == {"spotify-forget"}


def test_open_imports_of_lists_are_bounded(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runs.spawn_worker", lambda *_: None)
    limit_work(client, runs_each=2)
    connect(client)
    first = client.post("/api/spotify/import", json={"ids": ["saved", "top:short_term"]}, base_url=HERE)
    assert len(first.json["runs"]) == 2
    refused = client.post("/api/spotify/import", json={"ids": ["top:long_term", "saved"]}, base_url=HERE)
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_runs")
    assert int(refused.headers["Retry-After"]) > 0
    again = client.post("/api/spotify/import", json={"ids": ["saved"]}, base_url=HERE)
    assert again.json["runs"][0]["id"] == first.json["runs"][0]["id"]
    assert len(get(client, "/api/runs")["runs"]) == 2
    assert client.delete("/api/spotify", base_url=HERE).status_code == 204


def test_the_account_names_the_runs_that_are_queued_alone(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runs.spawn_worker", lambda *_: None)
    connect(client)
    for _ in range(2):
        [run] = client.post("/api/spotify/import", json={"ids": ["saved"]}, base_url=HERE).json["runs"]
        [account] = database.documents_where(COLLECTION, {})
        assert list(account["runs"]) == [run["id"]]
