"""/api/sources: the listener decides who is asked, and no secret ever comes back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from etl.engine import Status
from etl.engine.bucket import fresh_bucket
from etl.providers.base import Identity, LookupQuery, Need
from store.database import Database


def source(client: FlaskClient, name: str) -> dict[str, Any]:
    found = client.get("/api/sources").get_json()["sources"]
    return next(one for one in found if one["name"] == name)


def test_nothing_is_on_until_somebody_decides(empty_client: FlaskClient) -> None:
    before = empty_client.get("/api/sources").get_json()
    assert (before["decided"], before["fixed"]) == (False, False)
    assert {one["state"] for one in before["sources"]} == {"off"}
    assert {"deezer", "itunes", "musicbrainz", "reccobeats", "spotify"} <= {one["name"] for one in before["sources"]}
    assert all(one["sends"] and one["licence"] and one["terms"] and one["needs"] for one in before["sources"])
    after = empty_client.put("/api/sources", json={"on": ["deezer"]}).get_json()
    assert after["decided"]
    assert {one["name"]: one["state"] for one in after["sources"]}["deezer"] == "ready"
    assert [one["name"] for one in after["sources"] if one["on"]] == ["deezer"]
    assert empty_client.get("/api/sources").get_json() == after


def test_nowhere_is_a_decision(empty_client: FlaskClient) -> None:
    answer = empty_client.put("/api/sources", json={"on": []}).get_json()
    assert answer["decided"]
    assert not any(one["on"] for one in answer["sources"])


def test_one_source_is_switched_without_the_others(empty_client: FlaskClient) -> None:
    empty_client.put("/api/sources", json={"on": ["deezer", "itunes"]})
    assert empty_client.put("/api/sources/musicbrainz", json={"on": True}).get_json()["state"] == "ready"
    assert empty_client.put("/api/sources/itunes", json={"on": False}).get_json()["state"] == "off"
    on = [one["name"] for one in empty_client.get("/api/sources").get_json()["sources"] if one["on"]]
    assert sorted(on) == ["deezer", "musicbrainz"]


def test_settings_are_kept_encrypted_and_secrets_are_not_shown(empty_client: FlaskClient, database: Database) -> None:
    assert empty_client.put("/api/sources/spotify", json={"on": True}).get_json()["state"] == "needs_key"
    given = {
        setting["name"]: f"  {setting['name']}-of-mine " for setting in source(empty_client, "spotify")["settings"]
    }
    answer = empty_client.put("/api/sources/spotify", json={"settings": given}).get_json()
    assert all(setting["set"] for setting in answer["settings"])
    for setting in answer["settings"]:
        assert setting["value"] == (None if setting["secret"] else f"{setting['name']}-of-mine")
    assert any(setting["secret"] for setting in answer["settings"])
    assert "-of-mine" not in str(database.documents_where("sources", {}))
    name = answer["settings"][0]["name"]
    unset = empty_client.put("/api/sources/spotify", json={"settings": {name: None}}).get_json()
    assert [setting["name"] for setting in unset["settings"] if not setting["set"]] == [name]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("put", "/api/sources", {}, 422, "on is missing"),
        ("put", "/api/sources", {"on": "deezer"}, 422, "on"),
        ("put", "/api/sources", {"on": ["nobody"]}, 404, "nobody"),
        ("put", "/api/sources", {"on": [], "off": []}, 422, "off"),
        ("put", "/api/sources/nobody", {"on": True}, 404, "nobody"),
        ("put", "/api/sources/spotify", {"settings": {"shoe_size": "44"}}, 422, "shoe_size"),
        ("put", "/api/sources/spotify", {"settings": {"client_id": 7}}, 422, "settings"),
        ("put", "/api/sources/spotify", {"settings": {"client_id": "x" * 5000}}, 422, "settings"),
        ("delete", "/api/sources/nobody/answers", None, 404, "nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_the_one_shape(
    empty_client: FlaskClient, method: str, path: str, body: Any, status: int, word: str
) -> None:
    answer = getattr(empty_client, method)(path, json=body)
    assert answer.status_code == status
    assert word in answer.get_json()["error"]["message"]
    assert not any(one["on"] for one in empty_client.get("/api/sources").get_json()["sources"])


def test_the_environment_rules(configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str) -> None:
    client = configured(tmp_path, database_uri, sources=frozenset({"deezer"}))
    answer = client.get("/api/sources").get_json()
    assert (answer["decided"], answer["fixed"]) == (True, True)
    assert [one["name"] for one in answer["sources"] if one["on"]] == ["deezer"]
    for refused in (
        client.put("/api/sources", json={"on": []}),
        client.put("/api/sources/itunes", json={"on": True}),
    ):
        assert refused.status_code == 403
        assert refused.get_json()["error"]["code"] == "fixed"
    assert client.put("/api/sources/spotify", json={"settings": {}}).status_code == 200


def test_another_site_cannot_switch_a_source_on(empty_client: FlaskClient) -> None:
    answer = empty_client.put("/api/sources", json={"on": ["deezer"]}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert not source(empty_client, "deezer")["on"]


def test_a_lost_key_is_a_state_and_not_a_crash(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    settings = {"client_id": "a", "client_secret": "b"}
    before = configured(tmp_path, database_uri, secret_key="first")
    before.put("/api/sources/spotify", json={"on": True, "settings": settings})
    client = configured(tmp_path, database_uri, secret_key="second")
    spotify = source(client, "spotify")
    assert spotify["state"] == "needs_key"
    assert "TASTEMAP_SECRET_KEY" in spotify["last_error"]["hint"]
    engine = client.application.extensions["tastemap"].engine
    answer = engine.ask(
        "spotify", Need.TRACK, LookupQuery(identity=Identity(ids={"spotify": "4uLU6hMCjMI75M1A2tKUQC"}))
    )
    assert answer.status is Status.CANNOT
    assert client.put("/api/sources/spotify", json={"settings": settings}).get_json()["state"] == "ready"


def test_a_waiting_source_says_until_when_and_why(empty_client: FlaskClient, database: Database) -> None:
    empty_client.put("/api/sources/spotify", json={"on": True, "settings": {"client_id": "a"}})
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    hour = int(datetime.now(UTC).timestamp() // 3600)
    used = {"hours": {str(hour): 12}, "blocked_until": tomorrow, "blocked_why": "its quota is used up"}
    database.put_document("sources", fresh_bucket("spotify/default") | used)
    error = {"at": tomorrow, "kind": "refused", "message": "No.", "hint": "Ask nicely."}
    database.change_document("sources", "spotify", {"last_error": error, "last_ok_at": tomorrow})
    spotify = source(empty_client, "spotify")
    assert spotify["state"] == "waiting"
    assert datetime.fromisoformat(spotify["blocked_until"]) == tomorrow
    assert spotify["blocked_why"] == "its quota is used up"
    forgotten_at = datetime.fromtimestamp((hour + 25) * 3600, UTC)
    assert spotify["budget"] == {"limit": 500, "used": 12, "resets_at": forgotten_at.isoformat()}
    assert spotify["last_error"] == {
        "at": tomorrow.isoformat(),
        "kind": "refused",
        "message": "No.",
        "hint": "Ask nicely.",
    }
    assert spotify["last_ok_at"] == tomorrow.isoformat()


def test_answers_of_a_source_are_forgotten_on_request(empty_client: FlaskClient, database: Database) -> None:
    kept = {"_id": "search:deezer:00ff", "status": "found", "slice": "deezer:00", "expires_hour": 1, "lease": ""}
    other = kept | {"_id": "search:itunes:00ff", "slice": "itunes:00"}
    for document in (kept, other):
        database.put_document("lookups", document)
    assert empty_client.delete("/api/sources/deezer/answers").status_code == 204
    assert database.names_where("lookups", {}) == ["search:itunes:00ff"]
