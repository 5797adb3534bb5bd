"""Who may change what concerns everybody, and by which names the server is reached."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

CHANGES = [
    ("put", "/api/sources", {"on": []}),
    ("put", "/api/sources/deezer", {"on": True}),
    ("delete", "/api/sources/deezer/answers", None),
    ("put", "/api/models/genre/active", {"version": "9"}),
    ("post", "/api/models/genre/rollback", None),
    ("post", "/api/tables", {"address": "https://example.org/tracks.csv"}),
]


def test_with_a_key_only_who_names_it_may_change_sources_and_models(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    client = configured(tmp_path, database_uri, operator_key="sesame")
    for method, path, body in CHANGES:
        answer = getattr(client, method)(path, json=body)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "operator_only"), path
    assert client.post("/api/operator", json={"key": "guess"}).status_code == 403
    assert client.get("/api/sources").status_code == 200
    assert client.post("/api/operator", json={"key": "sesame"}).get_json() == {"operator": True}
    assert client.put("/api/sources", json={"on": []}).status_code == 200
    client.set_cookie("tastemap_operator", "forged")
    assert client.put("/api/sources", json={"on": []}).status_code == 403


def test_behind_a_proxy_nobody_may_without_a_key_and_on_ones_own_machine_anybody(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    public = configured(tmp_path, database_uri, behind_proxy=True)
    refused = public.put("/api/sources", json={"on": []}).get_json()["error"]
    assert "TASTEMAP_OPERATOR_KEY" in refused["hint"]
    assert public.post("/api/operator", json={"key": ""}).status_code == 403
    assert configured(tmp_path, database_uri).put("/api/sources", json={"on": []}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("192.168.1.20", 200),
        ("nas", 200),
        ("nas.local:8000", 200),
        ("music.example.org", 200),
        ("evil.example.com", 421),
        ("an_evil.example.com", 421),
        ("evil.example.com:x", 421),
        ("nas, evil.example.com", 421),
    ],
)
def test_a_name_that_is_not_ours_is_refused(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str, host: str, status: int
) -> None:
    client = configured(tmp_path, database_uri, hosts=frozenset({"music.example.org"}))
    assert client.get("/healthz", headers={"Host": host}).status_code == status
