"""Shared by the routes of Spotify: the account of this browser, and the channel to Spotify."""

from flask import request

from api import session
from api.current import services
from etl.providers.base import Channel, SourceFault
from etl.spotify.accounts import Account, Accounts, NotConnected
from etl.spotify.attempt import SOURCE
from etl.spotify.login import Login, Redirect, how_to_register, redirect_for
from services.errors import ServiceError

# The time for one request to Spotify, its wait for a turn included; it is short, because threads are few.
_WITHIN_S = 3.0


def all_accounts() -> Accounts:
    """Return the accounts of all browser sessions."""
    return Accounts(services().database, services().engine.vault)


def channel() -> Channel:
    """Return the channel to Spotify; raises SourceFault if it is switched off or not set up."""
    return services().engine.channel(SOURCE, within_s=_WITHIN_S)


def way_back() -> Redirect:
    """Return the address to which Spotify sends this browser back."""
    return redirect_for(request.scheme, request.host)


def what_is_missing() -> str | None:
    """Return why Spotify cannot be used, None if it can."""
    try:
        channel()
    except SourceFault as fault:
        return fault.message
    return None


def login_url(*further_scopes: str) -> str:
    """Begin a login and return the address at Spotify where the user gives consent."""
    _must_be_configured()
    owner = session.start()
    accounts = all_accounts()
    accounts.note(owner, {}, unset=("notice",))
    return Login(accounts, services().engine.vault).begin(owner, channel(), way_back(), *further_scopes)


def connected_account() -> tuple[str, Account]:
    """Return this browser's session and its account; raises NotConnected if there is none."""
    _must_be_configured()
    owner = session.owner()
    account = all_accounts().get(owner)
    if owner is None or account is None or account.ended:
        raise NotConnected()
    return owner, account


def _must_be_configured() -> None:
    missing = what_is_missing()
    if missing is not None:
        raise ServiceError(409, "not_configured", missing, how_to_register(way_back()))
