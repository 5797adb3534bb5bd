"""A repeated request is answered without Flask while nothing has changed that its answer depends on."""

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import response_cache
from api.response_cache import MARK, ResponseCache
from store.errors import TastemapError

TRACK = "/genre-predict?track_id=metal1"


def test_a_known_answer_is_given_again_without_flask(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    first = client.get(TRACK, headers=headers)
    with patch.object(Flask, "full_dispatch_request", side_effect=AssertionError) as flask:
        second = client.get(TRACK, headers=headers)
        assert (second.status_code, second.data) == (200, first.data)
        assert dict(second.headers) == dict(first.headers)
        # Somebody else, another form and another method are other questions.
        client.application.config["PROPAGATE_EXCEPTIONS"] = False
        client.get(TRACK)
        client.head(TRACK, headers=headers)
        client.set_cookie("tastemap_session", "x")
        client.get(TRACK, headers=headers)
        assert flask.call_count == 3
    client.put("/api/never", json={"tracks": []})  # a session begins, and what is its own counts
    with patch.object(Flask, "full_dispatch_request", side_effect=AssertionError) as flask:
        client.get(TRACK, headers=headers)
        assert flask.call_count == 1
    counted = client.get("/metrics").get_data(as_text=True)
    assert 'tastemap_requests_total{method="GET",route="/genre-predict",status="200"}' in counted


class Said:
    """An application that counts its answers."""

    def __init__(self, headers: list[tuple[str, str]], body: bytes = b"x") -> None:
        self.headers, self.body, self.answers = headers, body, 0
        self.stamp: object = 1
        self.counted: list[str] = []
        self.cache = ResponseCache(self, self.current, lambda path, began, environ: self.counted.append(path))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.answers += 1
        environ[MARK] = (None, self.stamp)
        start_response("200 OK", self.headers)
        return [self.body]

    def current(self, _owner: str | None) -> object:
        if self.stamp == "damaged":
            raise TastemapError("The catalogue is damaged.")
        return self.stamp

    def ask(self, path: str = "/") -> bytes:
        return b"".join(self.cache({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda *_: None))


def test_what_changes_is_answered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(response_cache.time, "monotonic", lambda: now)
    said = Said([])
    assert [said.ask(), said.ask()] == [b"x", b"x"]
    assert (said.answers, said.counted) == (1, ["/"])
    said.stamp = 2
    said.ask()
    assert said.answers == 2
    said.stamp = "damaged"  # the application says what is wrong
    said.ask()
    assert said.answers == 3
    said.stamp = 2
    said.ask()
    now += response_cache._KEPT_SECONDS + 1
    said.ask()
    assert said.answers == 5


def test_what_renews_a_session_or_is_large_is_not_kept_and_memory_is_bounded() -> None:
    for said in (Said([("Set-Cookie", "a=b")]), Said([], b"x" * response_cache._LARGEST_BYTES)):
        said.ask()
        said.ask()
        assert said.answers == 2
    said = Said([], b"x" * (response_cache._LARGEST_BYTES // 2))
    for number in range(100):
        said.ask(f"/{number}")
    kept = said.cache._kept._kept
    assert sum(size for _, size in kept.values()) <= response_cache.KEPT_BYTES
    assert 10 < len(kept) < 100
    said.ask("/99")
    assert said.answers == 100, "the latest is kept"
