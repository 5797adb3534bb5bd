"""What the routes of Spotify share: whose account it is, the way to Spotify, and its failures as answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request

from api import session
from api.current import services
from api.errors import ApiError
from etl.engine import VaultError
from etl.providers.base import Channel, FaultKind, NotThere, SourceFault
from etl.spotify.accounts import Account, Accounts, NotConnected
from etl.spotify.attempt import SOURCE
from etl.spotify.login import Login, Redirect, redirect_for
from etl.spotify.notice import how_to_register

# Each request of a page has this much time, with its wait for a turn: threads are few.
_WITHIN_S = 3.0
_STATUS = {
    FaultKind.LIMITED: (503, "spotify_limited"),
    FaultKind.UNREACHABLE: (502, "spotify_unreachable"),
    FaultKind.GARBLED: (502, "spotify_unreachable"),
    FaultKind.REFUSED: (403, "spotify_refused"),
    FaultKind.ABSENT: (403, "spotify_refused"),
}


def all_accounts() -> Accounts:
    """Return the accounts of all browser sessions."""
    return Accounts(services().database, services().engine.vault)


def channel() -> Channel:
    """Return the way to Spotify; raises SourceFault where it is switched off or not set up."""
    return services().engine.channel(SOURCE, owner=session.owner(), within_s=_WITHIN_S)


def way_back() -> Redirect:
    """Return where Spotify is to send this browser back to."""
    return redirect_for(request.scheme, request.host)


def what_is_missing() -> str | None:
    """Return what stands between us and Spotify's servers, None where nothing does."""
    try:
        channel()
    except SourceFault as fault:
        return fault.message
    return None


def login_url(*further_scopes: str) -> str:
    """Begin a login and return the address at Spotify where the listener agrees."""
    _must_be_configured()
    owner = session.start()
    accounts = all_accounts()
    accounts.note(owner, {}, unset=("notice",))
    with told():
        return Login(accounts, services().engine.vault).begin(owner, channel(), way_back(), *further_scopes)


def connected_account() -> tuple[str, Account]:
    """Return this browser's session and its account; raises ApiError 409 where there is none."""
    _must_be_configured()
    owner = session.owner()
    account = all_accounts().get(owner)
    if owner is None or account is None or account.ended:
        raise _not_connected(NotConnected())
    return owner, account


def _must_be_configured() -> None:
    missing = what_is_missing()
    if missing is not None:
        raise ApiError(409, "not_configured", missing, how_to_register(way_back()))


def _not_connected(fault: SourceFault) -> ApiError:
    return ApiError(409, "not_connected", fault.message, fault.hint)


@contextmanager
def told() -> Iterator[None]:
    """Let Spotify's failures leave as answers."""
    try:
        yield
    except NotConnected as fault:
        raise _not_connected(fault) from fault
    except SourceFault as fault:
        status, code = _STATUS[fault.kind]
        more: Mapping[str, Any] = {}
        if fault.retry_after_s is not None:
            more = {"retry_at": (datetime.now(UTC) + timedelta(seconds=fault.retry_after_s)).isoformat()}
        raise ApiError(status, code, fault.message, fault.hint, **more) from fault
    except NotThere as answer:
        raise ApiError(
            404, "not_found", "Spotify does not have this (any more).", "Look at its lists again."
        ) from answer
    except VaultError as fault:
        raise ApiError(503, "vault_unusable", fault.message, fault.hint) from fault
