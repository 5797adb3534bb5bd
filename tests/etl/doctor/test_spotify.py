"""What the doctor finds at Spotify: apps of both kinds, refusals, logins."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.doctor.examination import Check, State
from etl.doctor.spotify import look_at_login, permission_check, probe_spotify, redirect_check
from etl.spotify.accounts import Account, Accounts
from etl.spotify.login import redirect_for
from store.database import Database
from tests.etl.spotify.setting import OWNER, app_engine, log_in
from tests.fake_services.faults import limited, replying
from tests.fake_services.fixtures import FakeServices

CATALOGUE = ["token", "search", "track", "artist"]
CLOSED = ["audio features", "audio analysis", "recommendations"]
ACCOUNT = ["me", "my playlists", "saved tracks", "top tracks", "playlist", "items"]


class Spotify:
    """The fake, an engine with the app's credentials, and the accounts that have logged in."""

    def __init__(self, database: Database, var: Path, services: FakeServices) -> None:
        self._database = database
        self.state = services.spotify_state
        self.api, self.tokens = services.spotify, services.spotify_accounts
        self.engine = app_engine(database, var, services, client_secret=None)
        self.accounts = Accounts(database, self.engine.vault)
        self.state.add_list("Hers", "otto", public=True)
        self.state.add_list("Mine", "wanda")

    def log_in(self) -> None:
        log_in(self._database, self.engine)
        self.api.requests.clear()

    def enter_secret(self, **more: str) -> None:
        self.engine.put_settings("spotify", {"client_secret": self.state.app.client_secret, **more})

    def probe(self, owner: str | None = OWNER) -> dict[str, Check]:
        checks = list(probe_spotify(self.engine, self.accounts, owner, 5.0))
        assert all(check.remedy for check in checks if check.state in {State.FAULT, State.WARNING})
        return {check.name: check for check in checks}


@pytest.fixture
def spotify(database: Database, tmp_path: Path, fake_services: FakeServices) -> Iterator[Spotify]:
    found = Spotify(database, tmp_path, fake_services)
    yield found
    found.engine.close()


def test_each_operation_of_a_new_app_is_called_once_and_no_closed_one(spotify: Spotify) -> None:
    spotify.enter_secret()
    spotify.log_in()
    checks = spotify.probe()
    assert list(checks) == [*CATALOGUE, *CLOSED, *ACCOUNT]
    assert {checks[name].state for name in (*CATALOGUE, *ACCOUNT)} == {State.OK}
    assert {checks[name].state for name in CLOSED} == {State.OFF}
    asked = [request.path for request in spotify.api.requests]
    assert len(asked) == len(set(asked)) == 9
    mine = next(playlist.id for playlist in spotify.state.lists.values() if playlist.owner == "wanda")
    assert asked[-1] == f"/playlists/{mine}/items"


def test_an_app_of_before_is_asked_for_what_it_alone_gets(spotify: Spotify) -> None:
    spotify.state.app.extended = True
    spotify.enter_secret(tier="extended")
    # The world of the fakes lacks the track that the doctor asks for.
    spotify.api.fail(replying(200, {"segments": []}), path="/audio-analysis/.*")
    checks = spotify.probe()
    assert {checks[name].state for name in (*CATALOGUE, *CLOSED)} == {State.OK}
    assert (checks["me"].state, "items" in checks) == (State.OFF, False)


def test_an_app_that_is_said_to_be_old_and_is_not(spotify: Spotify) -> None:
    spotify.enter_secret(tier="extended")
    checks = spotify.probe()
    assert {checks[name].state for name in CATALOGUE} == {State.OK}
    assert {checks[name].state for name in CLOSED} == {State.FAULT}


def test_without_a_secret_and_an_account_nothing_is_asked(spotify: Spotify) -> None:
    checks = spotify.probe()
    assert {check.state for check in checks.values()} == {State.OFF}
    assert spotify.api.requests == spotify.tokens.requests == []


def test_an_owner_without_premium_is_told_once(spotify: Spotify) -> None:
    spotify.state.app.premium = False
    spotify.enter_secret()
    checks = spotify.probe()
    assert checks["token"].state is State.OK
    assert checks["search"].state is State.FAULT
    assert "Premium" in checks["search"].message
    assert "track" not in checks
    assert len(spotify.api.requests) == 1


def test_a_user_who_is_not_on_the_list_and_a_wrong_secret(spotify: Spotify) -> None:
    spotify.log_in()
    spotify.state.app.users = {"otto"}
    spotify.enter_secret(client_secret="wrong")
    checks = spotify.probe()
    assert checks["token"].state is State.FAULT
    assert "client secret" in checks["token"].message
    assert checks["me"].state is State.FAULT
    assert "User Management" in checks["me"].remedy
    assert not {"search", "my playlists"} & checks.keys()


def test_a_quota_that_is_used_up_ends_the_probing(spotify: Spotify) -> None:
    spotify.enter_secret()
    spotify.api.fail(limited(None, "QUOTA_EXCEEDED"), times=None)
    checks = spotify.probe()
    assert checks["search"].state is State.WARNING
    assert "quota" in checks["search"].message
    assert "track" not in checks


def test_the_operator_may_look_at_any_account_and_a_browser_at_its_own_alone(spotify: Spotify) -> None:
    spotify.log_in()
    assert spotify.probe(None)["me"].state is State.OK
    assert spotify.probe("you")["me"].state is State.OFF


@pytest.mark.parametrize(
    ("scheme", "host", "state", "told"),
    [
        ("http", "127.0.0.1:8000", State.OK, "http://127.0.0.1:8000/callback"),
        ("https", "music.example", State.OK, "https://music.example/callback"),
        ("http", "localhost:8000", State.WARNING, "http://127.0.0.1:8000/callback"),
        ("http", "192.168.1.5:8000", State.WARNING, "https"),
    ],
)
def test_which_address_to_register(scheme: str, host: str, state: State, told: str) -> None:
    check = redirect_check(redirect_for(scheme, host))
    assert check.state is state
    assert told in check.message + check.remedy


@pytest.mark.parametrize(
    ("days", "ended", "state"),
    [(100, False, State.OK), (5, False, State.WARNING), (-1, False, State.FAULT), (100, True, State.FAULT)],
)
def test_how_long_a_login_lasts(days: int, ended: bool, state: State) -> None:
    now = datetime.now(UTC)
    until = now + timedelta(days=days)
    account = Account(user_id="w", user_name="W", scope=frozenset(), expires_at=until, ended=ended)
    assert permission_check(account, now).state is state


def test_a_login_is_looked_at_without_asking(spotify: Spotify) -> None:
    redirect = redirect_for("http", "127.0.0.1:8000")
    assert [check.name for check in look_at_login(spotify.accounts, redirect, OWNER)] == ["redirect URI"]
    spotify.log_in()
    assert [check.name for check in look_at_login(spotify.accounts, redirect, None)] == ["redirect URI", "permission"]
    assert spotify.api.requests == []
