"""The connected Spotify accounts: one document per browser session, with encrypted tokens.

Spotify gives a new refresh token with each renewal and refuses the one before. So one thread of all processes renews
at a time: the one that holds the lease in the document.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from etl.engine.vault import Vault, VaultError
from etl.providers.base import Channel, FaultKind, SourceFault
from etl.spotify.client import passing_cache, pkce, spotify
from etl.spotify.faults import SpotifyRefused, ask
from store.database import Database
from store.documents import Document

COLLECTION = "spotify_accounts"
# A refresh token ends six months after the login, however often it is used.
PERMISSION = timedelta(days=181)
_FRESH_SECONDS = 60
_LEASE = timedelta(seconds=30)
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.1
# A login that was not completed within this time is deleted.
_UNFINISHED = timedelta(days=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A connected account. ``ended`` is true if Spotify has withdrawn the permission and the tokens are deleted."""

    user_id: str
    user_name: str
    scope: frozenset[str]
    expires_at: datetime
    ended: bool


class NotConnected(SpotifyRefused):
    """No Spotify account is connected in this browser."""

    code = "not_connected"

    def __init__(self, message: str = "Spotify is not connected in this browser.") -> None:
        super().__init__(message, "Connect Spotify under Settings.", connect=True)


class Accounts:
    """The connected accounts of all browser sessions; ``owner`` is a session's hash."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def get(self, owner: str | None) -> Account | None:
        """Return the account that this session has connected."""
        document = self.document(owner)
        if "user" not in document:
            return None
        return Account(
            user_id=document["user"]["id"],
            user_name=document["user"]["name"],
            scope=frozenset(document["scope"].split()),
            expires_at=document["expires_at"],
            ended="token" not in document,
        )

    def any_connected(self, owner: str | None) -> str | None:
        """Return ``owner`` if their account can be used, else some session whose account can."""
        found = {document["_id"] for document in self._database.documents_where(COLLECTION, {}) if "token" in document}
        return owner if owner in found else min(found, default=None)

    def connect(self, owner: str, token: Mapping[str, Any], user: Mapping[str, str]) -> None:
        """Store a new permission instead of an earlier one."""
        moment = datetime.now(UTC)
        self.note(
            owner,
            {
                "user": {"id": user["id"], "name": user["name"]},
                "token": self._vault.seal(json.dumps(dict(token))),
                "scope": token.get("scope") or "",
                "connected_at": moment,
                "expires_at": moment + PERMISSION,
                "lease": "",
                "lease_until": LONG_AGO,
            },
            unset=("notice", "listing"),
        )

    def document(self, owner: str | None) -> Document:
        """Return the document of this session, with encrypted tokens; empty if there is none."""
        return (self._database.get_document(COLLECTION, owner) if owner else None) or {}

    def note(self, owner: str, changes: Mapping[str, Any], *, unset: tuple[str, ...] = ()) -> None:
        """Store other values for this session."""
        self._database.change_document(COLLECTION, owner, changes, unset=unset, upsert=True)

    def end_login(self, owner: str, state: str) -> bool:
        """End the login whose state has this digest; ``False`` if there is none, so a login is completed once."""
        return self._database.change_document(COLLECTION, owner, {}, where={"login.state": state}, unset=("login",))

    def sweep(self) -> None:
        """Delete logins that were never completed."""
        old = datetime.now(UTC) - _UNFINISHED
        for document in self._database.documents_where(COLLECTION, {}):
            if document.get("begun_at", LONG_AGO) > old:
                continue
            if "user" not in document:
                self.forget(document["_id"])
            elif "login" in document:
                self.end_login(document["_id"], document["login"]["state"])

    def forget(self, owner: str) -> None:
        """Delete the document of this session."""
        self._database.delete_documents(COLLECTION, [owner])

    def access_token(self, owner: str, channel: Channel, *, refused: str | None = None) -> str:
        """Return an access token that lasts for the next minute; ``refused`` is one that Spotify no longer accepts.

        Raises NotConnected if there is no account, or its permission has ended; SourceFault if Spotify cannot renew the
        token at present.
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            document = self.document(owner)
            token = self._opened(owner, document)
            if token["access_token"] != refused and token["expires_at"] - time.time() > _FRESH_SECONDS:
                return str(token["access_token"])
            lease = secrets.token_hex(8)
            if self._take_lease(owner, document, lease):
                return self._renewed(owner, channel, token["refresh_token"], lease)
            if time.monotonic() > until:
                raise SourceFault(FaultKind.UNREACHABLE, "Spotify's permission is being renewed.", "Try again.")
            time.sleep(_PAUSE_SECONDS)

    def keep_renewed(self, owner: str, token: Mapping[str, Any], lease: str) -> None:
        """Store a renewed token and give ``lease`` back."""
        changes = {"token": self._vault.seal(json.dumps(dict(token))), "lease": "", "lease_until": LONG_AGO}
        self._database.change_document(COLLECTION, owner, changes, where={"lease": lease})

    def _opened(self, owner: str, document: Document) -> dict[str, Any]:
        if "token" not in document:
            raise NotConnected()
        try:
            token: dict[str, Any] = json.loads(self._vault.unseal(document["token"]))
        except VaultError as fault:
            self.note(owner, {}, unset=("token",))
            raise NotConnected(fault.message) from fault
        return token

    def _take_lease(self, owner: str, document: Document, lease: str) -> bool:
        moment = datetime.now(UTC)
        # A lease that lasts longer than any was taken before the clock was set back. One that another thread has taken
        # since ``moment``, or a host whose clock is ahead, lasts a little longer than ours would.
        held = {"$gte": moment, "$lte": moment + 2 * _LEASE}
        unchanged = {"token": document["token"], "lease_until": {"$not": held}}
        changes = {"lease": lease, "lease_until": moment + _LEASE}
        return self._database.change_document(COLLECTION, owner, changes, where=unchanged)

    def _renewed(self, owner: str, channel: Channel, refresh_token: str, lease: str) -> str:
        login = pkce(channel, cache=passing_cache(lambda token: self.keep_renewed(owner, token, lease)))
        try:
            return str(ask(login.refresh_access_token, refresh_token)["access_token"])
        except SpotifyRefused as refused:
            if not refused.connect:
                raise
            ours = {"lease": lease}
            self._database.change_document(COLLECTION, owner, {"lease": ""}, where=ours, unset=("token",))
            raise NotConnected("Spotify's permission has ended; it lasts six months at most.") from refused
        finally:
            free = {"lease": "", "lease_until": LONG_AGO}
            self._database.change_document(COLLECTION, owner, free, where={"lease": lease})


class Session:
    """Signs requests as one account; :meth:`call` retries once after a token was withdrawn early."""

    def __init__(self, accounts: Accounts, owner: str, channel: Channel) -> None:
        self.owner = owner
        self._accounts, self._channel = accounts, channel
        self._refused: str | None = None
        self._last: str | None = None

    def get_access_token(self, as_dict: bool = False) -> str:
        """Return an access token; spotipy passes ``as_dict``, which is ignored."""
        self._last = self._accounts.access_token(self.owner, self._channel, refused=self._refused)
        return self._last

    def call(self, operation: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Call a method of spotipy by its name; raises what :func:`etl.spotify.faults.ask` does, and NotConnected."""
        method = getattr(spotify(self._channel, self), operation)
        try:
            return ask(method, *args, **kwargs)
        except SpotifyRefused as refused:
            if refused.status != 401:
                raise
            self._refused = self._last
            return ask(method, *args, **kwargs)
