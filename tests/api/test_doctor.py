"""The doctor over HTTP: what is wrong on this machine at once, the sources when the button is pressed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.database import Database
from store.runs import Run, now
from tests.fake_services.fixtures import FakeServices

Configure = Callable[..., FlaskClient]
NOWHERE = "mongodb://127.0.0.1:1/tastemap?serverSelectionTimeoutMS=200"


@pytest.fixture
def well(configured: Configure, catalogue_folder: Path, database_uri: str, fake_services: FakeServices) -> FlaskClient:
    """An installation where Deezer alone may be asked."""
    return configured(catalogue_folder, database_uri, sources=frozenset({"deezer"}), source_urls=fake_services.urls)


def found(answer: dict[str, Any], area: str) -> dict[str, str]:
    return {check["name"]: check["state"] for check in answer["checks"] if check["area"] == area}


def test_looking_asks_nobody_and_pressing_asks_what_is_on(
    well: FlaskClient, database: Database, fake_services: FakeServices
) -> None:
    database.create_indexes()
    first = well.get("/api/doctor").json
    assert all({"area", "name", "state", "message", "remedy"} == check.keys() for check in first["checks"])
    assert found(first, "store") == {"answers": "ok", "keeps": "ok", "indexes": "ok"}
    assert found(first, "models") == {"files": "ok", "genre": "ok", "artists": "ok"}
    assert found(first, "deezer") == {"state": "ok"}
    assert found(first, "itunes") == {"state": "off"}
    assert fake_services.request_count() == 0
    pressed = well.post("/api/doctor").json
    assert found(pressed, "deezer")["search"] == "ok"
    assert len(fake_services.deezer.requests) == fake_services.request_count() > 0
    again = well.get("/api/doctor").json
    assert again["checked_at"] == pressed["checked_at"]
    assert found(again, "deezer") == found(pressed, "deezer")
    areas = [check["area"] for check in again["checks"]]
    assert len([one for one, before in zip(areas, ["", *areas], strict=False) if one != before]) == len(set(areas))


def test_pressing_again_at_once_asks_nobody(well: FlaskClient, fake_services: FakeServices) -> None:
    first = well.post("/api/doctor").json
    asked = fake_services.request_count()
    assert well.post("/api/doctor").json["checked_at"] == first["checked_at"]
    assert fake_services.request_count() == asked


def test_a_look_from_the_future_is_no_look(well: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.doctor.now", lambda: now() + timedelta(days=365))
    wrong = well.post("/api/doctor").json["checked_at"]
    monkeypatch.undo()
    assert well.post("/api/doctor").json["checked_at"] < wrong


def test_what_a_source_answered_is_not_shown_once_it_is_off(
    well: FlaskClient, configured: Configure, catalogue_folder: Path, database_uri: str
) -> None:
    well.post("/api/doctor")
    off = configured(catalogue_folder, database_uri, sources=frozenset())
    assert found(off.get("/api/doctor").json, "deezer") == {"state": "off"}


def test_a_store_that_is_down_is_one_finding_among_others(configured: Configure, catalogue_folder: Path) -> None:
    client = configured(catalogue_folder, NOWHERE)
    for answer in (client.get("/api/doctor"), client.post("/api/doctor")):
        assert answer.status_code == 200
        assert found(answer.json, "store") == {"answers": "fault"}
        assert found(answer.json, "catalogue") == {"readable": "ok"}


def test_missing_models_and_waiting_imports_are_named(
    configured: Configure, tmp_path: Path, database: Database, database_uri: str
) -> None:
    database.put_run(Run(name="list.csv", source="/list.csv", installation_id="there"))
    answer = configured(tmp_path, database_uri, models=tmp_path / "none").get("/api/doctor").json
    assert set(found(answer, "models").values()) == {"fault"}
    assert found(answer, "store")["installation there"] == "warning"
    assert all(check["remedy"] for check in answer["checks"] if check["state"] in {"warning", "fault"})


def test_where_to_register_depends_on_where_the_page_is_open(
    configured: Configure, tmp_path: Path, database_uri: str
) -> None:
    client = configured(tmp_path, database_uri, sources=frozenset({"spotify"}))
    at_home = client.get("/api/doctor", base_url="http://127.0.0.1:8000").json
    away = client.get("/api/doctor", base_url="http://192.168.1.5:8000").json
    assert found(at_home, "spotify")["redirect URI"] == "ok"
    assert found(away, "spotify")["redirect URI"] == "warning"
