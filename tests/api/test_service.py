"""What holds for every route: one error shape, honest health, a strict policy, a description of itself."""

import gzip
import math
import sys
from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from store.catalogue.builder import build_collection
from tests.api.conftest import TRACKS

Configure = Callable[..., FlaskClient]
NOWHERE = "mongodb://127.0.0.1:1/tastemap?serverSelectionTimeoutMS=200"


@pytest.mark.parametrize(("path", "status"), [("/api/nope", 404), ("/data", 422), ("/data?playlist=none", 404)])
def test_errors_have_one_shape(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert {"code", "message", "hint"} <= answer.json["error"].keys()


def test_a_wrong_method_has_it_too(client: FlaskClient) -> None:
    answer = client.put("/genre-predict")
    assert (answer.status_code, answer.json["error"]["code"]) == (405, "method_not_allowed")


def test_a_store_that_is_down_is_said(configured: Configure, catalogue_folder: Path) -> None:
    client = configured(catalogue_folder, NOWHERE)
    down = client.get("/data?playlist=any")
    assert (down.status_code, down.json["error"]["code"]) == (503, "store_down")
    assert "MONGODB_URI" in down.json["error"]["hint"]
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/status").json["store"]["ok"] is False
    assert client.get("/genre-predict?track_id=metal1").status_code == 200


def test_a_broken_catalogue_says_that_it_is_built_again(
    configured: Configure, tmp_path: Path, database_uri: str
) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "CURRENT.json").write_text('{"public": "public-gone"}')
    answer = configured(tmp_path, database_uri).get("/api/search?q=x")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "catalogue_unreadable")
    assert "is built again" in answer.json["error"]["hint"]


def test_missing_models_say_how_to_train_them(configured: Configure, tmp_path: Path, database_uri: str) -> None:
    client = configured(tmp_path, database_uri, models=tmp_path / "models")
    answer = client.get("/genre-predict?q=anything")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "model_missing")


def test_status_says_what_is_there(client: FlaskClient) -> None:
    status = client.get("/api/status").json
    assert status["catalogue"]["tracks"] == 10
    assert status["store"] == {"ok": True, "kind": "mongodb"}
    assert {"genre", "artists"} <= {model["task"] for model in status["models"]}


def test_status_counts_what_was_published_a_moment_ago(
    configured: Configure, tmp_path: Path, database_uri: str
) -> None:
    client = configured(tmp_path, database_uri)
    assert client.get("/api/status").json["catalogue"]["tracks"] == 0
    build_collection(tmp_path / "catalogue", TRACKS)
    assert client.get("/api/status").json["catalogue"]["tracks"] == len(TRACKS)


def test_the_policy_allows_no_inline_script_and_no_eval(client: FlaskClient) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_openapi_describes_every_answer(client: FlaskClient) -> None:
    undescribed = [
        (method, path, status)
        for path, methods in client.get("/api/openapi.json").json["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
        for status, response in operation["responses"].items()
        if status != "204" and not all(content["schema"] for content in response["content"].values())
    ]
    assert undescribed == []


def test_answers_are_written_as_strict_json(client: FlaskClient) -> None:
    """Orjson writes them, in a tenth of the time of the standard library, which would write NaN."""
    assert client.application.json.response({"known": (1.5, math.nan)}).data == b'{"known":[1.5,null]}'


def test_answers_hold_what_their_classes_inherit(client: FlaskClient) -> None:
    needs = client.get("/api/models/timbre/needs").json
    assert needs.keys() == {"task", "least", "enough", "found"}
    # Of an object with __dict__ orjson writes that alone, and so leaves out what the slots of a parent hold.
    loose = [kind for kind in dataclasses_here() if "__dict__" in dir(kind)]
    assert [kind for kind in loose if any(vars(parent).get("__slots__") for parent in kind.__mro__)] == []


def dataclasses_here() -> list[type]:
    """Return the dataclasses of the modules that the app has loaded."""
    loaded = [module for name, module in sys.modules.items() if name.startswith(("api.", "services.", "ml.", "store."))]
    return [
        kind for module in loaded for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)
    ]


def test_openapi_describes_the_routes(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").json["paths"]
    assert {
        "/genre-predict",
        "/recommend",
        "/data",
        "/api/search",
        "/api/uploads",
        "/api/playlists",
    } <= described.keys()


def test_openapi_is_written_and_compressed_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(client.application, "_get_spec", lambda kind: written.append(kind) or {"paths": {}})
    plain, packed, same = (
        client.get("/api/openapi.json", headers={"Accept-Encoding": coding}) for coding in ("", "gzip", "br, gzip")
    )
    assert (plain.json, "Content-Encoding" in plain.headers) == ({"paths": {}}, False)
    assert gzip.decompress(packed.data) == plain.data
    assert (same.data, same.headers["Content-Encoding"], same.headers["Vary"]) == (
        packed.data,
        "gzip",
        "Accept-Encoding",
    )
    assert written == ["json"]


def test_a_page_that_is_not_built_says_so(configured: Configure, tmp_path: Path, database_uri: str) -> None:
    answer = configured(tmp_path, database_uri, static=tmp_path / "static" / "dist").get("/")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "page_not_built")
