"""A database of another version is refused in one sentence, a new one is marked with ours."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo import MongoClient

from store.database import Database, StoreError, open_database
from store.mongo.schema import SCHEMA_VERSION
from tests.api.conftest import configured  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[3]


def put(uri: str, collection: str, document: dict[str, Any]) -> None:
    with MongoClient[dict](uri) as client:
        client.get_default_database()[collection].replace_one({"_id": document["_id"]}, document, upsert=True)


def version_of(uri: str) -> int | None:
    with MongoClient[dict](uri) as client:
        marker = client.get_default_database()["_schema"].find_one({"_id": "documents"})
    return marker["version"] if marker else None


def test_a_new_database_gets_our_version_at_opening(database_uri: str, tmp_path: Path) -> None:
    database = open_database(tmp_path, database_uri)
    assert version_of(database_uri) == SCHEMA_VERSION
    database.put_document("never", {"_id": "me"})
    database.close()
    again = open_database(tmp_path, database_uri)
    assert again.get_document("never", "me") == {"_id": "me"}
    again.close()


def test_the_embedded_one_too(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    assert version_of(database.uri) == SCHEMA_VERSION
    put(database.uri, "_schema", {"_id": "documents", "version": SCHEMA_VERSION + 1})
    database.close()
    with pytest.raises(StoreError, match=f"of version {SCHEMA_VERSION + 1}; this Tastemap reads"):
        open_database(tmp_path)
    assert not (tmp_path / "db" / "server.pid").exists(), "the server is left in order"


def test_many_open_a_new_one_at_once(database_uri: str) -> None:
    def use(number: int) -> None:
        database = Database(database_uri)
        database.put_document("never", {"_id": str(number)})
        database.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(24)))
    assert version_of(database_uri) == SCHEMA_VERSION


def test_documents_without_a_version_are_refused(database_uri: str, tmp_path: Path) -> None:
    put(database_uri, "tracks", {"_id": "t1", "name": "from long ago"})
    with pytest.raises(StoreError) as caught:
        open_database(tmp_path, database_uri)
    assert "holds documents without a version" in caught.value.message
    assert "MONGODB_URI" in caught.value.hint
    assert version_of(database_uri) is None, "nothing is written"
    with pytest.raises(StoreError, match="without a version"):  # also without opening it first
        Database(database_uri).get_track("t1")


def test_the_command_line_and_the_page_say_so(
    database_uri: str,
    tmp_path: Path,
    configured: Any,  # noqa: F811
) -> None:
    put(database_uri, "_schema", {"_id": "documents", "version": SCHEMA_VERSION + 1})
    env = os.environ | {"MONGODB_URI": database_uri, "TASTEMAP_VAR": str(tmp_path)}
    for command in (["etl", "work"], ["etl", "doctor", "--here"]):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
        assert f"of version {SCHEMA_VERSION + 1}; this Tastemap reads version {SCHEMA_VERSION}." in told
        assert "import your files again" in told
        assert "Traceback" not in told
        assert done.returncode > 0
    client: FlaskClient = configured(tmp_path, database_uri)
    answer = client.get("/api/playlists")
    assert answer.status_code == 503
    assert "import your files again" in answer.get_json()["error"]["hint"]
