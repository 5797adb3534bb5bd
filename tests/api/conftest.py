"""The real application over a small catalogue, a real database and the models that ship.

Every answer is validated against /api/openapi.json.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from app import create_app
from config import Config, WorkLimits
from etl.lookup import lookup
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.genre.model import GenrePredictor
from ml.tagger.model import MusicTagger
from store.catalogue.builder import build_collection
from store.domain import AudioFeatures, Track
from tests.apart import fork_workers
from tests.lookup_clock import PATIENCE_S, StillClock

LOUD = {"danceability": 0.5, "energy": 0.95, "key": 4, "loudness": -4.0, "mode": 0, "speechiness": 0.08}
LOUD |= {"acousticness": 0.001, "instrumentalness": 0.1, "liveness": 0.2, "valence": 0.4, "tempo": 140.0}
CALM = {"danceability": 0.3, "energy": 0.1, "key": 0, "loudness": -22.0, "mode": 1, "speechiness": 0.04}
CALM |= {"acousticness": 0.97, "instrumentalness": 0.9, "liveness": 0.1, "valence": 0.2, "tempo": 80.0}


def a_track(track_id: str, title: str, artist: str, sound: dict[str, float] | None, **more: Any) -> Track:
    features = AudioFeatures(values=sound, source="table: invented") if sound else None
    return Track(id=track_id, title=title, artists=(artist,), features=features, source="table: invented", **more)


TRACKS = (
    a_track("metal1", "Anvil Choir", "Iron Almond", LOUD, popularity=80.0, labels=("heavy-metal",), year=1991),
    a_track("metal2", "Anvil Choir - Remastered 2011", "Iron Almond", LOUD, popularity=40.0, labels=("heavy-metal",)),
    a_track("metal3", "Rust Parade", "Iron Almond", LOUD | {"tempo": 142.0}, popularity=60.0, labels=("metal",)),
    a_track("metal4", "Smelter", "Kelp & Thunder", LOUD | {"energy": 0.9}, popularity=50.0, labels=("metal",)),
    a_track("metal5", "Furnace Hymn", "Iron Almond", LOUD | {"energy": 0.92}, popularity=30.0),
    a_track("calm1", "Paper Moons", "Nadia Verholt", CALM, popularity=70.0, labels=("piano", "ambient")),
    a_track("calm2", "Copper Rain", "The Quiet Mechanics", CALM | {"tempo": 84.0}, popularity=20.0),
    a_track("same1", "Harbour", "Nadia Verholt", CALM, popularity=50.0),
    a_track("same2", "Harbour", "Ostrich Cartel", LOUD, popularity=48.0),
    a_track("silent", "Nothing Is Known", "Zzyqx Qqvx", None),
)


@pytest.fixture(autouse=True)
def _patient_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that answers is not given up, however slow the machine is."""
    monkeypatch.setattr(lookup, "LookupClock", StillClock)
    monkeypatch.setattr(lookup, "GRACE_S", PATIENCE_S)


@pytest.fixture(autouse=True)
def _forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    fork_workers(monkeypatch)


@cache
def described_answers() -> dict[tuple[str, str, int], Draft202012Validator]:
    """Validators of /api/openapi.json by path, method and status; an answer may hold no field that is not described."""
    description = create_app(Config(var=Path("unused"))).spec
    components = description["components"]
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return {
        (path, method, int(status)): Draft202012Validator(
            {**response["content"]["application/json"]["schema"], "components": components}
        )
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
        for status, response in operation["responses"].items()
        if "application/json" in response.get("content", {})
    }


def validate(response: Response) -> Response:
    """Check an answer in JSON against its description."""
    if response.is_json and request.url_rule is not None and request.url_rule.rule != "/api/openapi.json":
        path = re.sub(r"<(\w+)>", r"{\1}", request.url_rule.rule)
        validator = described_answers().get((path, request.method.lower(), response.status_code))
        if validator is not None and response.status_code < 300:
            validator.validate(response.json)
    return response


_READ_ONCE = {model: cache(model.load) for model in (GenrePredictor, ArtistEmbedding, MusicTagger)}


@pytest.fixture(scope="module", autouse=True)
def _shipped_models_are_read_once() -> Iterator[None]:
    """Let all applications of a process share the shipped models; others are read whenever they are loaded."""
    with pytest.MonkeyPatch.context() as patch:
        for model, read_once in _READ_ONCE.items():
            patch.setattr(model, "load", _if_shipped(read_once, model.load))
        yield


def _if_shipped(read_once: Callable[[Path], Any], load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    return lambda folder: (read_once if folder.is_relative_to(artefacts.MODELS) else load)(folder)


@contextmanager
def configuring() -> Iterator[Callable[..., FlaskClient]]:
    """Make browsers of applications with a data folder, a database and further settings; close these in the end."""
    apps = []

    def configure(folder: Path, uri: str, **more: Any) -> FlaskClient:
        # No test depends on the machine's speed.
        apps.append(create_app(Config(var=folder, mongodb_uri=uri, **{"database_seconds": 60.0} | more)))
        apps[-1].after_request(validate)
        return apps[-1].test_client()

    yield configure
    for app in apps:
        app.extensions["tastemap"].close()


@pytest.fixture
def configured() -> Iterator[Callable[..., FlaskClient]]:
    """As :func:`configuring`, for one test."""
    with configuring() as configure:
        yield configure


def limit_work(client: FlaskClient, **limits: int) -> None:
    """Give the application of ``client`` other limits of work."""
    services = client.application.extensions["tastemap"]
    services.config = replace(services.config, work=WorkLimits(**limits))


@pytest.fixture(scope="module")
def catalogue_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("var")
    build_collection(folder / "catalogue", TRACKS)
    return folder


@pytest.fixture
def client(configured: Callable[..., FlaskClient], catalogue_folder: Path, database_uri: str) -> FlaskClient:
    """An installation that holds TRACKS."""
    return configured(catalogue_folder, database_uri)


@pytest.fixture
def empty_client(configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str) -> FlaskClient:
    """An installation into which nothing has been brought."""
    return configured(tmp_path, database_uri)
