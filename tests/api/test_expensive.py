"""One visitor's expensive requests at once are bounded, so that everybody else is answered meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.limits import expensive
from api.limits.expensive import (
    COMPUTED_ALL,
    COMPUTED_EACH,
    COMPUTED_NETWORK,
    TAKEN_ALL,
    TAKEN_EACH,
    TooManyAtOnce,
    Turns,
)
from api.sources.uploads import MAX_STREAMS
from config import WEB_THREADS
from tests.api.test_bounds import SPEC

# What takes 10 ms or more of the processor for a large playlist or catalogue.
EXPENSIVE = (
    *("/data?playlist=x", "/api/playlists/x/columns", "/api/playlists/x/overview", "/api/playlists/x/gathered"),
    *("/api/playlists/x/next", "/api/playlists/x/who-added"),
    *("/api/playlists/x/triage", "/api/playlists/x/projection", "/api/projection", "/api/projection/far?track_id=x"),
    *("/api/features/histograms", "/api/features/sources", "/api/tracks/metal1/path?to=calm1", "/api/clusters"),
    *("/api/sound/alike?track_id=x", "/api/sound/path?start=x&end=y", "/api/timbre/map", "/api/doctor"),
)

# The routes that take no turn, by method: each answers soon, starts a run, or has a bound of its own.
QUICK = {
    "DELETE": """
        /api/demo /api/mine /api/models/{task}/{version} /api/playlists/{playlist_id}
        /api/playlists/{playlist_id}/triage /api/runs/{run_id} /api/sources/{name}/answers /api/spotify
    """,
    "GET": """
        /api/artists/similar /api/audio/{name} /api/clusters/predict /api/covers/{track_id} /api/datasets
        /api/exports /api/genres /api/genres/place /api/library /api/library/files/{name}/tags /api/library/tracks
        /api/models /api/models/{task}/compare /api/models/{task}/needs /api/models/{task}/{version}/card
        /api/never /api/packages /api/playlists /api/runs /api/runs/{run_id} /api/runs/{run_id}/events /api/search
        /api/sources /api/spotify /api/spotify/playlists /api/status /api/tracks/{track_id}/preview
        /api/tracks/{track_id}/trail /genre-predict /healthz /metrics /readyz /recommend
    """,
    "POST": """
        /api/demo /api/doctor /api/harvests /api/library/forget /api/library/scan /api/models/{task}/rollback
        /api/models/{task}/train /api/operator /api/packages/{name}/install /api/playlists
        /api/playlists/{playlist_id}/enrich /api/playlists/{playlist_id}/give /api/playlists/{playlist_id}/move
        /api/playlists/{playlist_id}/remove /api/playlists/{playlist_id}/restore
        /api/playlists/{playlist_id}/spotify /api/playlists/{playlist_id}/tracks /api/sound /api/spotify/callback
        /api/spotify/import /api/spotify/login /api/tables /api/uploads /api/uploads/preview
    """,
    "PUT": """
        /api/library/files/{name}/tags /api/library/watch /api/models/{task}/active /api/never
        /api/playlists/{playlist_id}/name /api/playlists/{playlist_id}/people /api/playlists/{playlist_id}/shared
        /api/sources /api/sources/{name}
    """,
}


@pytest.fixture
def waiting(client: FlaskClient) -> Iterator[Turns]:
    """The turns of the application, of which none comes soon for the visitor at 127.0.0.1."""
    turns = client.application.extensions["turns"] = Turns(wait_s=0.0)
    with ExitStack() as held:
        for _ in range(COMPUTED_EACH):
            held.enter_context(turns.turn("127.0.0.1"))
        yield turns


def test_what_is_too_much_is_refused_in_words_and_declared(client: FlaskClient, waiting: Turns) -> None:
    def ask(address: str, method: str = "GET", **more: Any) -> None:
        answer = client.open(address, method=method, **more)
        assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_many_at_once"), address
        assert answer.headers["Retry-After"] == "1"
        adapter = client.application.url_map.bind("")
        rule, _ = adapter.match(address.partition("?")[0], method, return_rule=True)
        path = rule.rule.replace("<", "{").replace(">", "}")
        assert "computed at once" in SPEC["paths"][path][method.lower()]["responses"]["429"]["description"]

    other = client.application.test_client()
    made = other.post("/api/playlists", json={"name": "x", "tracks": [{"id": "metal1"}]}).json["playlist"]["id"]
    for address in (*EXPENSIVE, f"/api/playlists/{made}/export?format=csv"):
        ask(address)
    ask("/api/blend", "POST", json={"playlists": ["x"]})
    assert client.get("/api/status").status_code == 200
    assert client.get("/genre-predict?track_id=metal1").status_code == 200
    assert other.get("/api/clusters").status_code == 200, "another visitor, though at the same address"


def test_a_new_route_says_whether_it_takes_a_turn() -> None:
    """One that computes wants @expensive; if it does not, name it in QUICK."""
    without = {
        (method.upper(), path)
        for path, methods in SPEC["paths"].items()
        for method, operation in methods.items()
        if "computed at once" not in operation["responses"].get("429", {}).get("description", "")
    }
    assert without == {(method, path) for method, paths in QUICK.items() for path in paths.split()}


def test_a_download_holds_its_turn_until_its_last_block(client: FlaskClient) -> None:
    turns = client.application.extensions["turns"]
    with client.application.test_request_context("/"):
        blocks = expensive.in_turn(iter([b"one", b"two"]))
        assert next(blocks) == b"one"
        assert turns.held(computes=True) == {"": 1}
        blocks.close()
        assert turns.held() == {}


def test_a_visitor_waits_for_a_turn_and_others_do_not() -> None:
    turns, answered = Turns(wait_s=30.0), threading.Semaphore(0)

    def ask() -> None:
        with turns.turn("me"):
            answered.release()

    with ExitStack() as mine:
        for _ in range(COMPUTED_EACH):
            mine.enter_context(turns.turn("me"))
        waiting = [threading.Thread(target=ask) for _ in range(TAKEN_EACH - COMPUTED_EACH)]
        for thread in waiting:
            thread.start()
        while turns.held()["me"] < TAKEN_EACH:
            threading.Event().wait(0.01)
        with pytest.raises(TooManyAtOnce), turns.turn("me"):
            pass  # a seventh is not even kept waiting
        with turns.turn("you"):
            assert not answered.acquire(blocking=False)
    for thread in waiting:
        thread.join(30)
    assert all(answered.acquire(blocking=False) for _ in waiting), "they had their turn"
    assert not turns.held(), "visitors without requests are forgotten"


def test_many_sessions_of_one_network_leave_turns_to_another() -> None:
    turns = Turns(wait_s=0.0)
    with ExitStack() as held:
        for number in range(COMPUTED_NETWORK):
            held.enter_context(turns.turn(f"session {number}", "school"))
        with pytest.raises(TooManyAtOnce), turns.turn("session 9", "school"):
            pass
        with turns.turn("you", "home"):
            pass


def test_who_waits_for_a_network_with_many_makes_way_for_another_network() -> None:
    """Fifty sessions of one network keep nobody from even waiting."""
    turns, ended = Turns(wait_s=30.0), threading.Semaphore(0)
    refused: list[str] = []

    def ask(visitor: str) -> None:
        try:
            with turns.turn(visitor, "school"):
                pass
        except TooManyAtOnce:
            refused.append(visitor)
        ended.release()

    with ExitStack() as held:
        for number in range(COMPUTED_NETWORK):
            held.enter_context(turns.turn(f"session {number}", "school"))
        waiting = [f"waiting {number}" for number in range(TAKEN_ALL - COMPUTED_NETWORK)]
        threads = [threading.Thread(target=ask, args=[visitor]) for visitor in waiting]
        for thread in threads:
            thread.start()
        while turns.held().total() < TAKEN_ALL:
            threading.Event().wait(0.01)
        with pytest.raises(TooManyAtOnce), turns.turn("session 9", "school"):
            pass
        with turns.turn("you", "home"):
            assert ended.acquire(timeout=30)
            assert len(refused) == 1
            assert refused[0] in waiting
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1, "the others had their turns"


def test_sessions_of_one_address_share_its_turns_unless_they_are_the_operators(
    configured: Callable[..., FlaskClient], catalogue_folder: Path, database_uri: str
) -> None:
    def ask_of_new_sessions(app: Flask) -> list[int]:
        statuses = []
        for _ in range(COMPUTED_ALL):
            browser = app.test_client()
            assert browser.post("/api/playlists", json={"name": "x", "tracks": [{"id": "metal1"}]}).status_code == 201
            statuses.append(browser.get("/api/clusters").status_code)
        return statuses

    for key in ("", "a key"):
        app = configured(catalogue_folder, database_uri, operator_key=key).application
        turns = app.extensions["turns"] = Turns(wait_s=0.0)
        with ExitStack() as held:
            for number in range(COMPUTED_NETWORK):
                held.enter_context(turns.turn(f"session {number}", "127.0.0.1"))
            assert set(ask_of_new_sessions(app)) == {429 if key else 200}


def test_all_visitors_together_leave_threads_free() -> None:
    turns = Turns(wait_s=0.0)
    with ExitStack() as held:
        for number in range(COMPUTED_ALL):
            held.enter_context(turns.turn(str(number)))
        with pytest.raises(TooManyAtOnce), turns.turn("one more"):
            pass
    assert TAKEN_ALL + MAX_STREAMS < WEB_THREADS
