"""The login: authorisation code with PKCE, started and completed in the same browser session; and notices about it."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from etl.engine.vault import Vault
from etl.providers.base import Channel, FaultKind, NotThere, SourceFault
from etl.spotify.accounts import Account, Accounts
from etl.spotify.client import memory_cache, pkce, spotify
from etl.spotify.faults import DASHBOARD, SpotifyRefused, ask

READ_SCOPE = "playlist-read-private playlist-read-collaborative user-library-read user-top-read user-read-private"
WRITE_PRIVATE = "playlist-modify-private"
WRITE_PUBLIC = "playlist-modify-public"
_LIFETIME = timedelta(minutes=15)
# The end of the state of a login that was begun at http://localhost and returns to 127.0.0.1.
_LOCALHOST = ".localhost"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_AHEAD = timedelta(days=21)


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """The address to which Spotify sends the browser after the login.

    ``by_hand``: the user must paste that address into our page. ``localhost``: the login began at localhost.
    """

    uri: str
    by_hand: bool = False
    localhost: bool = False


def redirect_for(scheme: str, host: str) -> Redirect:
    """Return the redirect of a browser that has opened ``scheme://host``.

    Spotify accepts https, and http on a loopback address in digits. For other hosts the browser cannot open the page
    after the login, and its address is pasted into ours (``by_hand``).
    """
    try:
        parts = urlsplit(f"{scheme}://{host}")
        name, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        name, port = "", ""
    if name == "localhost":
        return Redirect(uri=f"{scheme}://127.0.0.1{port}/callback", localhost=True)
    if name in _LOOPBACK or scheme == "https":
        return Redirect(uri=f"{scheme}://{host}/callback")
    return Redirect(uri=f"http://127.0.0.1{port}/callback", by_hand=True)


class Login:
    """Logins that are in progress; a session has one at most."""

    def __init__(self, accounts: Accounts, vault: Vault) -> None:
        self._accounts = accounts
        self._vault = vault

    def begin(self, owner: str, channel: Channel, redirect: Redirect, *further_scopes: str) -> str:
        """Return the address at Spotify where the user gives consent; it includes the scopes granted before."""
        account = self._accounts.get(owner)
        scope = {*READ_SCOPE.split(), *further_scopes, *(account.scope if account else ())}
        state = secrets.token_urlsafe(24) + (_LOCALHOST if redirect.localhost else "")
        login = pkce(channel, redirect.uri, " ".join(sorted(scope)))
        address = login.get_authorize_url(state)
        self._accounts.sweep()
        self._accounts.note(
            owner,
            {
                "login": {
                    "state": _digest(state),
                    "verifier": self._vault.seal(login.code_verifier),
                    "redirect_uri": redirect.uri,
                    "started_at": datetime.now(UTC),
                },
                "begun_at": datetime.now(UTC),
            },
        )
        return str(address)

    def knows(self, owner: str | None, state: str) -> bool:
        """Return whether this session has begun the login of ``state``."""
        begun = self._accounts.document(owner).get("login", {})
        return bool(begun) and begun["state"] == _digest(state)

    def complete(self, owner: str | None, channel: Channel, answer: Mapping[str, str]) -> None:
        """Connect the account; ``answer`` holds the parameters with which Spotify sent the browser back.

        Raises SourceFault if the login is not of this session or too old, the user did not agree, or Spotify failed.
        """
        begun = self._accounts.document(owner).get("login", {})
        if owner is None or not self._accounts.end_login(owner, _digest(answer.get("state", ""))):
            raise SpotifyRefused(
                "This answer of Spotify belongs to another browser or to an earlier attempt.",
                "Press Connect again, and stay in the same browser.",
            )
        if datetime.now(UTC) - begun["started_at"] > _LIFETIME:
            raise SpotifyRefused("The login took too long.", "Press Connect again.")
        if "code" not in answer:
            raise _declined(answer.get("error", ""))
        token = self._exchange(channel, begun, answer["code"])
        self._accounts.connect(owner, token, _user_of(channel, token))

    def _exchange(self, channel: Channel, begun: Mapping[str, Any], code: str) -> dict[str, Any]:
        cache = memory_cache()
        login = pkce(channel, begun["redirect_uri"], cache=cache)
        login.code_verifier = self._vault.unseal(begun["verifier"])
        login.code_challenge = ""  # it was sent already; if it were None, spotipy would make a new pair

        def exchanged() -> Any:
            login.get_access_token(code, check_cache=False)
            return cache.get_cached_token()

        try:
            return ask(exchanged)
        except SpotifyRefused as refused:
            if not refused.connect:
                raise
            raise SpotifyRefused(
                "Spotify no longer accepts the answer of its own login page.", "Press Connect again."
            ) from refused


class _Bearer:
    """A signer with one token."""

    def __init__(self, token: Mapping[str, Any]) -> None:
        self._token = token

    def get_access_token(self, as_dict: bool = False) -> Any:
        return self._token["access_token"]


def _user_of(channel: Channel, token: Mapping[str, Any]) -> dict[str, str]:
    try:
        found = ask(spotify(channel, _Bearer(token)).me)
    except NotThere:
        found = {}
    user_id = str(found.get("id") or "")
    if not user_id:
        raise SourceFault(FaultKind.GARBLED, "Spotify does not say who has logged in.", "Try again.")
    return {"id": user_id, "name": str(found.get("display_name") or user_id)}


def _declined(error: str) -> SourceFault:
    if error == "access_denied":
        return SpotifyRefused("You did not agree at Spotify, so nothing was connected.", "Press Connect to try again.")
    return SpotifyRefused(f"Spotify ended the login: {error[:100] or 'no reason given'}.", "Press Connect again.")


def from_localhost(state: str) -> bool:
    """Return whether the login of ``state`` was begun at http://localhost, whose cookies 127.0.0.1 does not get."""
    return state.endswith(_LOCALHOST)


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def how_to_register(back: Redirect) -> str:
    """Return the instructions for registering an app at Spotify and here."""
    return (
        f"At {DASHBOARD} (the owner needs Premium) create an app for the Web API with the redirect URI {back.uri}, "
        "let each listener in under User Management, and enter its client id here, in the settings of Spotify."
    )


def notice_of(missing: str | None, account: Account | None, back: Redirect, problem: str | None) -> str | None:
    """Return the notice to show; ``missing`` says what the setup lacks, ``problem`` why the last login failed."""
    if missing is not None:
        return f"{missing} {how_to_register(back)}"
    notices = [problem] if problem else []
    if account is not None and account.ended:
        notices.append("Spotify's permission has ended. Connect again; what was imported is still here.")
    elif account is not None and account.expires_at - datetime.now(UTC) < _AHEAD:
        notices.append(f"Spotify's permission ends on {account.expires_at:%d %B %Y}. Connect again before that.")
    if account is None or account.ended:
        notices += _about_redirect(back)
    return " ".join(notices) or None


def _about_redirect(back: Redirect) -> list[str]:
    if back.localhost:
        return [f"Spotify refuses the name localhost: register {back.uri} exactly so."]
    if back.by_hand:
        return [
            f"Register {back.uri}. After you agreed, the browser shows an address that it cannot open, since this "
            "Tastemap runs on another machine and without https: copy that address and paste it here."
        ]
    return []
