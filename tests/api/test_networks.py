"""Limits hold for a network, too: many sessions of one address leave room for others, and no address is stored."""

import io
from collections.abc import Callable
from pathlib import Path

import bson
import pytest
from flask.testing import FlaskClient

from api.sources import uploads
from config import WorkLimits
from store.networks import COLLECTION
from tests.etl.imports import files

Configure = Callable[..., FlaskClient]


def proxied(address: str) -> dict[str, str]:
    """Headers of a request that a proxy passes on for ``address``; what the visitor wrote stands before it."""
    return {"X-Forwarded-For": f"203.0.113.99, {address}", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "x.org"}


def bring(client: FlaskClient, address: str) -> int:
    file = (io.BytesIO(files.playlist(2).encode()), "list.csv")
    answer = client.post("/api/uploads", data={"file": file}, headers=proxied(address), base_url="https://x.org")
    if answer.status_code == 429:
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code


@pytest.fixture
def server(
    configured: Configure, tmp_path: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], FlaskClient]:
    """Make new browsers of an installation behind a proxy, in which nothing queued is done."""
    monkeypatch.setattr(uploads, "spawn_worker", lambda *_: None)
    limits = WorkLimits(runs_each=4, runs_all=8)
    client = configured(tmp_path, database_uri, behind_proxy=True, operator_key="sesame", work=limits)
    return client.application.test_client


def test_sessions_of_one_address_leave_room_for_another(server: Callable[[], FlaskClient]) -> None:
    assert [bring(server(), f"2001:db8::{number}") for number in range(6)] == [202] * 4 + [429] * 2, "one /64 network"
    assert [bring(server(), "203.0.113.7") for _ in range(3)] == [202, 202, 429]
    operator = server()
    key = {"key": "sesame"}
    given = operator.post("/api/operator", json=key, headers=proxied("203.0.113.7"), base_url="https://x.org")
    assert given.status_code == 200
    assert bring(operator, "203.0.113.7") == 202, "the operator has no limit of a network"
    assert bring(server(), "203.0.113.8") == 202


def test_no_address_is_stored_and_the_hash_leaves_with_what_is_mine(
    server: Callable[[], FlaskClient], tmp_path: Path
) -> None:
    client, other = server(), server()
    assert [bring(client, "203.0.113.7"), bring(other, "203.0.113.7")] == [202, 202]
    database = client.application.extensions["tastemap"].database
    documents = [
        document for name in database._mongo.list_collection_names() for document in database._mongo[name].find()
    ]
    networks = [document["network"] for document in database.documents_where(COLLECTION, {})]
    assert len(networks) == 2
    assert len(set(networks)) == 1
    assert not any(b"203.0.113" in bson.encode(document) for document in documents)
    assert not any(b"203.0.113" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert client.delete("/api/mine", headers=proxied("203.0.113.7"), base_url="https://x.org").status_code == 200
    assert len(database.documents_where(COLLECTION, {})) == 1
