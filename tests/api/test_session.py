"""Whose cookie counts, whose page may change something, and how often a key may be guessed."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import session
from api.limits import lockout, newcomers
from api.limits.lockout import LockedOut, Lockout
from api.limits.newcomers import Newcomers, TooManySessions
from config import WorkLimits
from store.database import Database
from store.domain import Playlist

Configure = Callable[..., FlaskClient]
HEADERS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "music.example.org", "X-Forwarded-For": "203.0.113.7"}


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("tastemap_session")
    return found.value if found else ""


def put_playlist(database: Database, owner: str) -> None:
    database.put_playlist(
        Playlist(id=f"of-{owner[:8]}", name="Mine", item_count=0, complete=True, source="x", owner=owner)
    )


def names(client: FlaskClient) -> list[str]:
    return [known["name"] for known in client.get("/api/playlists").json["playlists"]]


def test_a_cookie_counts_only_as_we_have_signed_it(client: FlaskClient, database: Database) -> None:
    assert client.post("/api/demo").status_code == 202
    signed = cookie(client)
    owner, issued, mark = signed.split(".")
    put_playlist(database, owner)
    assert "Mine" in names(client)
    other = "0" * 64
    for forged in (
        f"{other}.{issued}.{mark}",
        f"{owner}.{int(issued) + 1}.{mark}",
        owner,
        f"{signed}0",
        "x" * 43,
        "ü",
        "",
    ):
        client.set_cookie("tastemap_session", forged)
        assert "Mine" not in names(client), forged
    client.set_cookie("tastemap_session", signed)
    assert "Mine" in names(client)


def test_a_cookie_is_renewed_each_week_and_ends_after_a_year(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.post("/api/demo").status_code == 202
    first = cookie(client)
    put_playlist(database, first.split(".")[0])
    start = time.time()
    monkeypatch.setattr(session.time, "time", lambda: start + 8 * 86_400)
    assert "Mine" in names(client)
    assert cookie(client) != first
    client.set_cookie("tastemap_session", first)
    monkeypatch.setattr(session.time, "time", lambda: start + 366 * 86_400)
    assert "Mine" not in names(client)
    client.set_cookie("tastemap_session", first)
    monkeypatch.setattr(session.time, "time", lambda: start - 365 * 86_400)
    assert "Mine" in names(client)
    assert cookie(client) != first, "the browser would forget it before we renew it"


@pytest.mark.parametrize("token", ["A" * 43, "0" * 64], ids=["of before they were signed", "an owner's id"])
def test_a_cookie_that_we_have_not_signed_counts_for_nobody(
    client: FlaskClient, database: Database, token: str
) -> None:
    for owner in (token, hashlib.sha256(token.encode()).hexdigest()):
        put_playlist(database, owner)
    client.set_cookie("tastemap_session", token)
    assert names(client) == []
    assert cookie(client) == token


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 202),
        ({"Origin": "https://music.example.org", "Sec-Fetch-Site": "same-origin"}, 202),
        ({"Sec-Fetch-Site": "none"}, 202),
        ({"Origin": "http://music.example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_only_our_own_page_changes_something(
    configured: Configure, tmp_path: Path, database_uri: str, headers: dict[str, str], status: int
) -> None:
    client = configured(tmp_path, database_uri, behind_proxy=True)
    answer = client.post("/api/demo", headers=HEADERS | headers)
    assert answer.status_code == status
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    if status == 202:
        assert "Secure" in answer.headers["Set-Cookie"]
    assert client.get("/healthz", headers=headers).status_code == 200
    assert "Strict-Transport-Security" not in client.get("/healthz").headers


def test_guessing_the_key_ends_soon(configured: Configure, tmp_path: Path, database_uri: str) -> None:
    client = configured(tmp_path, database_uri, operator_key="sesame", behind_proxy=True)
    for _ in range(lockout.FREE_TRIES):
        assert client.post("/api/operator", json={"key": "guess"}, headers=HEADERS).status_code == 403
    locked = client.post("/api/operator", json={"key": "sesame"}, headers=HEADERS)
    assert (locked.status_code, locked.json["error"]["code"]) == (429, "locked_out")
    assert 0 < int(locked.headers["Retry-After"]) <= 30
    elsewhere = HEADERS | {"X-Forwarded-For": "203.0.113.8"}
    assert client.post("/api/operator", json={"key": "sesame"}, headers=elsewhere).status_code == 200


def test_waits_grow_and_memory_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(lockout.time, "monotonic", lambda: now)
    guard = Lockout()
    waits = []
    for _ in range(14):
        guard.wrong("2001:db8::1")
        try:
            guard.check("2001:db8::ffff")  # the same network
        except LockedOut as locked:
            waits.append(locked.retry_after_s)
            now += locked.retry_after_s
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 3600
    for number in range(3000):
        guard.wrong(f"10.0.{number // 256}.{number % 256}")
    assert len(guard._tries) == lockout._ADDRESSES


def test_an_address_opens_no_sessions_without_end(configured: Configure, tmp_path: Path, database_uri: str) -> None:
    known = configured(tmp_path, database_uri, behind_proxy=True, work=WorkLimits(sessions=2))

    def ask(client: FlaskClient, address: str) -> TestResponse:
        headers = HEADERS | {"X-Forwarded-For": f"198.51.100.9, {address}"}  # the proxy's word is the last
        return client.put("/api/never", json={"tracks": []}, headers=headers)

    def new() -> FlaskClient:
        return known.application.test_client()

    assert [ask(client, "203.0.113.7").status_code for client in (known, new())] == [200, 200]
    refused = ask(new(), "203.0.113.7")
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_sessions")
    assert 0 < int(refused.headers["Retry-After"]) <= newcomers.HOUR / 2
    assert ask(new(), "203.0.113.8").status_code == 200
    assert ask(known, "203.0.113.7").status_code == 200


def test_new_sessions_come_back_within_the_hour_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(newcomers.time, "monotonic", lambda: now)
    door = Newcomers(2)
    door.admit("2001:db8::1")
    door.admit("2001:db8::2")
    with pytest.raises(TooManySessions):
        door.admit("2001:db8::ffff")  # the same network
    now += newcomers.HOUR / 2
    door.admit("2001:db8::3")
    with pytest.raises(TooManySessions):
        door.admit("2001:db8::4")
    for number in range(newcomers._ADDRESSES + 10):
        door.admit(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
    assert len(door._left) == newcomers._ADDRESSES


def test_a_mark_of_the_operator_ends(
    configured: Configure, tmp_path: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = configured(tmp_path, database_uri, operator_key="sesame")
    assert client.post("/api/operator", json={"key": "sesame"}).status_code == 200
    assert client.put("/api/sources", json={"on": []}).status_code == 200
    start = time.time()
    monkeypatch.setattr(session.time, "time", lambda: start + 31 * 86_400)
    assert client.put("/api/sources", json={"on": []}).status_code == 403
    monkeypatch.setattr(session.time, "time", lambda: start - 365 * 86_400)
    assert client.put("/api/sources", json={"on": []}).status_code == 403, "it was given by a clock that was wrong"


@pytest.mark.parametrize("method", ["TRACE", "FOO", "PROPFIND", "CONNECT"])
def test_a_method_that_no_route_declares_is_refused(client: FlaskClient, method: str) -> None:
    for path in ("/", "/api/status", "/static/dist/x.js", "/api/playlists/x"):
        answer = client.open(path, method=method)
        assert (answer.status_code, "error" in answer.json) == (405, True), path
        assert "OPTIONS" in answer.headers["Allow"], path


def test_strangers_do_not_learn_where_files_lie(configured: Configure, tmp_path: Path, database_uri: str) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "manifest.json").write_text("garbage")
    stranger = configured(tmp_path / "var", database_uri, operator_key="sesame", models=tmp_path / "shipped")
    for path in ("/api/doctor", "/api/status", "/readyz", "/genre-predict?q=x"):
        text = stranger.get(path).text
        assert str(tmp_path) not in text
        assert "models/manifest.json" in text, path
    assert stranger.post("/api/operator", json={"key": "sesame"}).status_code == 200
    assert str(tmp_path) in stranger.get("/api/doctor").text
