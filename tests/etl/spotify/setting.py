"""An engine with Spotify switched on, for an app that the fake Spotify knows, and a listener who is logged in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from config import Config
from etl.engine import Engine, Vault
from etl.engine.clock import Clock
from etl.spotify.accounts import Accounts
from etl.spotify.importing import new_import
from etl.spotify.login import Login, Redirect
from jobs.worker import execute
from store.database import Database
from store.runs import Run
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.world import base62

OWNER = "0" * 64
REDIRECT = Redirect(uri="http://127.0.0.1:8000/callback")


class JumpingClock(Clock):
    """Nobody waits: whoever would sleep moves the time on instead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += max(0.0, seconds)


def engine_for(
    database: Database, folder: Path, urls: Mapping[str, str], client_id: str, **settings: str | None
) -> Engine:
    """Return an engine of its own, whose Spotify has these settings."""
    config = Config(var=folder, source_urls=urls, secret_key="a key of the tests")
    engine = Engine(database, config, clock=JumpingClock())
    engine.sources.switch(["spotify"])
    engine.put_settings("spotify", {"client_id": client_id, **settings})
    return engine


def app_engine(database: Database, folder: Path, services: FakeServices, **settings: str | None) -> Engine:
    """Return an engine for the app that ``services`` knows."""
    app = services.spotify_state.app
    tier = {"tier": "extended"} if app.extended else {}
    given = {"client_secret": app.client_secret, **tier, **settings}
    return engine_for(database, folder, services.urls, app.client_id, **given)


def agreed(address: str) -> dict[str, str]:
    """Open the login page, agree (or not, as the fake is told), and return what the browser is sent back with."""
    answer = requests.get(address, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def log_in(database: Database, engine: Engine, owner: str = OWNER, *further_scopes: str) -> Accounts:
    """Log the fake's listener in and return the accounts."""
    accounts = Accounts(database, engine.vault)
    login = Login(accounts, engine.vault)
    channel = engine.channel("spotify")
    login.complete(owner, channel, agreed(login.begin(owner, channel, REDIRECT, *further_scopes)))
    return accounts


def invented(number: int) -> dict[str, Any]:
    """Return a track at Spotify that no other service knows."""
    track_id = base62(f"invented {number}")
    return {
        "id": track_id,
        "uri": f"spotify:track:{track_id}",
        "name": f"Invented {number}",
        "type": "track",
        "track": True,
        "episode": False,
        "external_ids": {"isrc": f"ZZINV26{number:05d}"},
        "artists": [{"id": base62("inventor"), "name": "The Inventors"}],
        "album": {"name": "Inventions", "release_date": "2026"},
        "duration_ms": 180_000 + number,
        "explicit": False,
    }


def queue(database: Database, list_id: str, owner: str = OWNER) -> str:
    """Queue the import of a list and return the run's id."""
    run = new_import(owner, list_id, "asked for")
    database.put_run(run)
    Accounts(database, Vault(Path())).note(owner, {f"runs.{run.id}": True})
    return run.id


def bring_in(database: Database, folder: Path, engine: Engine, list_id: str) -> Run:
    """Import a list and return the run."""
    run_id = queue(database, list_id)
    resume(database, folder, engine, run_id)
    run = database.get_run(run_id)
    assert run is not None
    return run


def resume(database: Database, folder: Path, engine: Engine, run_id: str) -> str:
    """Do what is left of a run and return its state."""
    return execute(database, folder, run_id, open_engine=lambda *_: engine)
