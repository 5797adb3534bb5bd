"""The login with PKCE, what is kept of it, and how it ends."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from etl.engine import Engine, Vault
from etl.providers.base import FaultKind, SourceFault
from etl.spotify.accounts import COLLECTION, Accounts, NotConnected, Session
from etl.spotify.faults import SpotifyRefused
from etl.spotify.login import WRITE_PRIVATE, Login, Redirect, redirect_for
from store.database import Database
from tests.etl.spotify.setting import OWNER, REDIRECT, agreed, engine_for, log_in
from tests.fake_services.faults import garbage, replying
from tests.fake_services.fixtures import FakeServices
from tests.fake_services.spotify_state import HALF_A_YEAR, HOUR

OTHER = "1" * 64


def begun(database: Database, engine: Engine, owner: str = OWNER) -> tuple[Login, str]:
    login = Login(Accounts(database, engine.vault), engine.vault)
    return login, login.begin(owner, engine.channel("spotify"), REDIRECT)


def everything(database: Database) -> str:
    return json.dumps(database.documents_where(COLLECTION, {}), default=str)


@pytest.mark.parametrize(
    ("opened", "redirect"),
    [
        ("http://127.0.0.1:8000", Redirect(uri="http://127.0.0.1:8000/callback")),
        ("http://[::1]:8000", Redirect(uri="http://[::1]:8000/callback")),
        ("http://localhost:8123", Redirect(uri="http://127.0.0.1:8123/callback", localhost=True)),
        ("https://music.example.org", Redirect(uri="https://music.example.org/callback")),
        ("http://192.168.1.20:8000", Redirect(uri="http://127.0.0.1:8000/callback", by_hand=True)),
        ("http://nas", Redirect(uri="http://127.0.0.1/callback", by_hand=True)),
        ("http://nas:port", Redirect(uri="http://127.0.0.1/callback", by_hand=True)),
    ],
)
def test_where_spotify_sends_the_browser(opened: str, redirect: Redirect) -> None:
    scheme, _, host = opened.partition("://")
    assert redirect_for(scheme, host) == redirect


def test_a_login_with_pkce(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    login, address = begun(database, engine)
    query = dict(parse_qsl(urlsplit(address).query))
    assert (query["code_challenge_method"], query["redirect_uri"]) == ("S256", REDIRECT.uri)
    assert "playlist-modify-private" not in query["scope"]
    login.complete(OWNER, engine.channel("spotify"), agreed(address))
    account = Accounts(database, engine.vault).get(OWNER)
    assert account is not None
    assert (account.user_id, account.user_name, account.ended) == ("wanda", "Wanda W.", False)
    assert timedelta(days=180) < account.expires_at - datetime.now(UTC) < timedelta(days=182)
    [exchange] = fake_services.spotify_accounts.requests_to("/api/token", "POST")
    assert exchange.form()["client_id"] == fake_services.spotify_state.app.client_id
    assert "authorization" not in exchange.headers


def test_tokens_lie_encrypted_and_are_not_logged(
    database: Database, engine: Engine, fake_services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        accounts = log_in(database, engine)
        fake_services.spotify_state.withdraw()
        Session(accounts, OWNER, engine.channel("spotify")).call("me")
    state = fake_services.spotify_state
    codes = [
        request.form().get("code_verifier", "-") for request in fake_services.spotify_accounts.requests_to(".*", "POST")
    ]
    for secret in (*state.tokens, *state.refreshers, codes[0]):
        assert secret not in caplog.text
        assert secret not in everything(database)


@pytest.mark.parametrize("what", ["another browser", "another state", "no state", "twice", "nobody"])
def test_an_answer_that_is_not_this_sessions(database: Database, engine: Engine, what: str) -> None:
    login, address = begun(database, engine)
    channel, answer = engine.channel("spotify"), agreed(address)
    owner: str | None = OWNER
    if what == "another browser":
        owner = OTHER
    elif what == "nobody":
        owner = None
    elif what == "another state":
        answer["state"] = agreed(begun(database, engine, OTHER)[1])["state"]
    elif what == "no state":
        del answer["state"]
    else:
        login.complete(OWNER, channel, answer)
        Accounts(database, engine.vault).forget(OWNER)
    with pytest.raises(SpotifyRefused, match="another browser or to an earlier attempt"):
        login.complete(owner, channel, answer)
    assert Accounts(database, engine.vault).get(OWNER) is None


def test_a_verifier_of_another_login_is_refused(database: Database, engine: Engine) -> None:
    login, address = begun(database, engine)
    answer = agreed(address)
    document = database.get_document(COLLECTION, OWNER)
    assert document is not None
    changed = document["login"] | {"verifier": engine.vault.seal("x" * 60)}
    database.change_document(COLLECTION, OWNER, {"login": changed})
    with pytest.raises(SpotifyRefused, match="no longer accepts the answer"):
        login.complete(OWNER, engine.channel("spotify"), answer)


def test_the_listener_does_not_agree(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    fake_services.spotify_state.agrees = False
    with pytest.raises(SpotifyRefused, match="did not agree"):
        log_in(database, engine)


def test_a_login_that_took_too_long(database: Database, engine: Engine) -> None:
    login, address = begun(database, engine)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    database.change_document(COLLECTION, OWNER, {"login.started_at": long_ago})
    with pytest.raises(SpotifyRefused, match="too long"):
        login.complete(OWNER, engine.channel("spotify"), agreed(address))


def test_a_user_that_the_owner_of_the_app_has_not_let_in(
    database: Database, engine: Engine, fake_services: FakeServices
) -> None:
    fake_services.spotify_state.app.users = {"otto"}
    with pytest.raises(SpotifyRefused, match="not let this Spotify user in") as caught:
        log_in(database, engine)
    assert "User Management" in caught.value.hint
    assert Accounts(database, engine.vault).get(OWNER) is None


def test_an_unknown_client(database: Database, tmp_path: Path, fake_services: FakeServices) -> None:
    engine = engine_for(database, tmp_path, fake_services.urls, fake_services.spotify_state.app.client_id)
    login, address = begun(database, engine)
    answer = agreed(address)
    fake_services.spotify_state.app.client_id = "somebody else's"
    with pytest.raises(SpotifyRefused, match="does not know this client id"):
        login.complete(OWNER, engine.channel("spotify"), answer)
    engine.close()


def test_the_redirect_uri_must_be_registered(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    login = Login(Accounts(database, engine.vault), engine.vault)
    for uri, fault in (("http://localhost:8000/callback", "Insecure"), ("https://nas.local/callback", "Invalid")):
        with pytest.raises(AssertionError, match=f"INVALID_CLIENT: {fault} redirect URI"):
            agreed(login.begin(OWNER, engine.channel("spotify"), Redirect(uri=uri)))


def test_a_further_permission_keeps_the_ones_there_are(database: Database, engine: Engine) -> None:
    accounts = log_in(database, engine)
    log_in(database, engine, OWNER, WRITE_PRIVATE)
    account = accounts.get(OWNER)
    assert account is not None
    assert {WRITE_PRIVATE, "playlist-read-private"} <= account.scope
    log_in(database, engine)
    again = accounts.get(OWNER)
    assert again is not None
    assert again.scope == account.scope


def test_a_token_is_renewed_when_it_is_old_or_withdrawn(
    database: Database, engine: Engine, fake_services: FakeServices
) -> None:
    accounts = log_in(database, engine)
    session = Session(accounts, OWNER, engine.channel("spotify"))
    fake_services.spotify_state.withdraw()
    assert session.call("me")["id"] == "wanda"
    assert session.call("me")["id"] == "wanda"
    grants = [
        request.form()["grant_type"] for request in fake_services.spotify_accounts.requests_to("/api/token", "POST")
    ]
    assert grants == ["authorization_code", "refresh_token"]
    fake_services.spotify_state.withdraw()
    assert session.call("me")["id"] == "wanda"


def expire(database: Database, vault: Vault) -> None:
    """Let the access token that is kept be over."""
    document = database.get_document(COLLECTION, OWNER)
    assert document is not None
    token = json.loads(vault.unseal(document["token"])) | {"expires_at": 0}
    database.change_document(COLLECTION, OWNER, {"token": vault.seal(json.dumps(token))})


def test_many_at_once_renew_it_once(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    """Each refresh token counts once: a second renewal with the same one would end the permission."""
    accounts = log_in(database, engine)
    expire(database, engine.vault)
    fake_services.spotify_accounts.latency = 0.05
    channel = engine.channel("spotify")
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: accounts.access_token(OWNER, channel), range(8)))
    assert len(found) == 1
    assert len(fake_services.spotify_accounts.requests_to("/api/token", "POST")) == 2
    account = accounts.get(OWNER)
    assert account is not None
    assert not account.ended


def test_a_lease_that_was_taken_a_moment_later_counts(
    database: Database, engine: Engine, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads look at the clock, and the one that looked last takes the lease first."""
    accounts = log_in(database, engine)
    expire(database, engine.vault)
    lasts = timedelta(seconds=30.1)
    database.change_document(COLLECTION, OWNER, {"lease": "another's", "lease_until": datetime.now(UTC) + lasts})
    monkeypatch.setattr("etl.spotify.accounts._PATIENCE_SECONDS", 0.0)
    with pytest.raises(SourceFault, match="being renewed"):
        accounts.access_token(OWNER, engine.channel("spotify"))
    assert len(fake_services.spotify_accounts.requests_to("/api/token", "POST")) == 1


def test_a_renewal_cut_off_by_a_clock_that_was_wrong_is_made_again(database: Database, engine: Engine) -> None:
    accounts = log_in(database, engine)
    expire(database, engine.vault)
    held = {"lease": "of a process that has died", "lease_until": datetime.now(UTC) + timedelta(days=365)}
    database.change_document(COLLECTION, OWNER, held)
    assert accounts.access_token(OWNER, engine.channel("spotify"))


def test_a_permission_ends_after_six_months(database: Database, engine: Engine, fake_services: FakeServices) -> None:
    accounts = log_in(database, engine)
    fake_services.spotify_state.seconds += HALF_A_YEAR + HOUR
    expire(database, engine.vault)
    channel = engine.channel("spotify")
    with pytest.raises(NotConnected, match="six months"):
        accounts.access_token(OWNER, channel)
    account = accounts.get(OWNER)
    assert account is not None
    assert account.ended
    assert "token" not in accounts.document(OWNER)
    with pytest.raises(NotConnected):
        accounts.access_token(OWNER, channel)
    assert len(fake_services.spotify_accounts.requests_to("/api/token", "POST")) == 2
    log_in(database, engine)
    account = accounts.get(OWNER)
    assert account is not None
    assert not account.ended


@pytest.mark.parametrize(
    ("happening", "kind"),
    [
        (replying(500, "oops"), FaultKind.UNREACHABLE),
        (garbage(), FaultKind.GARBLED),
        (replying(200, {"nothing": 1}), FaultKind.GARBLED),
        (replying(400, "no JSON"), FaultKind.GARBLED),
    ],
)
def test_a_renewal_that_fails_can_be_tried_again(
    database: Database, engine: Engine, fake_services: FakeServices, happening: object, kind: FaultKind
) -> None:
    accounts = log_in(database, engine)
    expire(database, engine.vault)
    fake_services.spotify_accounts.fail(happening, path="/api/token")  # type: ignore[arg-type]
    channel = engine.channel("spotify")
    with pytest.raises(SourceFault) as caught:
        accounts.access_token(OWNER, channel)
    assert caught.value.kind is kind
    assert accounts.access_token(OWNER, channel) in fake_services.spotify_state.tokens


def test_another_key_means_to_connect_again(database: Database, engine: Engine, tmp_path: Path) -> None:
    log_in(database, engine)
    accounts = Accounts(database, Vault(tmp_path, "another key"))
    with pytest.raises(NotConnected, match="another key"):
        accounts.access_token(OWNER, engine.channel("spotify"))
    account = accounts.get(OWNER)
    assert account is not None
    assert account.ended


def test_logins_that_nobody_completed_go(database: Database, engine: Engine) -> None:
    for owner in ("1" * 64, "2" * 64):
        begun(database, engine, owner)
    log_in(database, engine)
    begun(database, engine)  # once more, by somebody who is connected
    declined, address = begun(database, engine, "3" * 64)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    with pytest.raises(SpotifyRefused):
        declined.complete("3" * 64, engine.channel("spotify"), {"state": state, "error": "access_denied"})
    long_ago = datetime.now(UTC) - timedelta(days=2)
    for owner in ("1" * 64, "3" * 64, OWNER):
        database.change_document(COLLECTION, owner, {"begun_at": long_ago})
    begun(database, engine, "4" * 64)
    kept = {document["_id"]: "login" in document for document in database.documents_where(COLLECTION, {})}
    assert kept == {OWNER: False, "2" * 64: True, "4" * 64: True}
    assert Accounts(database, engine.vault).get(OWNER) is not None
