"""Checks Spotify: which operations the present credentials allow, and what a login needs.

Operations that Spotify has closed to new apps are listed, but not tried.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from etl.doctor.examination import Check, State
from etl.doctor.sources import PROBE
from etl.engine import Engine
from etl.providers.base import Channel, FaultKind, NotThere, SourceFault, is_extended
from etl.spotify import client
from etl.spotify.accounts import Account, Accounts, Session
from etl.spotify.faults import ask
from etl.spotify.login import Redirect

_TRACK, _ARTIST = PROBE.ids["spotify"], "1dfeR4HaWDbWqFHLkxsg1d"
# How long before the end of the permission a warning is given.
_SOON = timedelta(days=14)
_check = partial(Check, "spotify")
_Probe = tuple[str, Callable[[], Any]]


def look_at_login(accounts: Accounts, redirect: Redirect, owner: str | None) -> Iterator[Check]:
    """Yield findings about what a login needs, and how long the present one lasts. It sends no request."""
    yield redirect_check(redirect)
    account = accounts.get(_account_of(accounts, owner) or owner)
    if account:
        yield permission_check(account, datetime.now(UTC))


def _account_of(accounts: Accounts, owner: str | None) -> str | None:
    """Return the owner of the account to check: a browser sees only its own, the command line any."""
    found = accounts.any_connected(owner)
    return found if owner is None or found == owner else None


def redirect_check(redirect: Redirect) -> Check:
    """Return which address must be registered at Spotify, and what is wrong with the present one."""
    check = partial(_check, "redirect URI")
    register = f"Register {redirect.uri} as redirect URI of the app at Spotify"
    if redirect.localhost:
        message = "The page was opened at localhost, which Spotify refuses as a redirect URI."
        remedy = f"{register}: it takes 127.0.0.1 in digits. Best open the page there too."
        return check(State.WARNING, message, remedy)
    if redirect.by_hand:
        message = "The page was opened over http from another machine; Spotify does not send browsers back there."
        remedy = f"{register} and paste the address of the page that does not open, or serve Tastemap over https."
        return check(State.WARNING, message, remedy)
    return check(State.OK, f"{register}, if it is not yet.")


def permission_check(account: Account, now: datetime) -> Check:
    """Return the finding about how long a login lasts: Spotify ends it after six months."""
    check = partial(_check, "permission")
    again = "Connect Spotify again in Settings."
    if account.ended or account.expires_at <= now:
        return check(State.FAULT, "The permission of the connected account has ended.", again)
    until = f"The permission of the connected account lasts until {account.expires_at:%Y-%m-%d}."
    if account.expires_at - now < _SOON:
        return check(State.WARNING, until, again)
    return check(State.OK, until)


def probe_spotify(engine: Engine, accounts: Accounts, owner: str | None, within_s: float) -> Iterator[Check]:
    """Call each operation that the present app and account should have; each may take ``within_s`` seconds."""
    engine.retry("spotify")  # allows operations again that it refused before
    try:
        channel = engine.channel("spotify", within_s=within_s)
    except SourceFault as fault:  # it was switched off meanwhile
        yield _fault("state", fault)
        return
    if channel.settings.get("client_secret"):
        yield from _until_refused(_of_the_app(channel))
    else:
        message = "Without a client secret the catalogue (search, tracks) is not used; the login works."
        yield _check("catalogue", State.OFF, message, "To use it, enter the app's client secret in Settings.")
    if not is_extended(channel.settings):
        for what in ("audio features", "audio analysis", "recommendations"):
            yield _check(what, State.OFF, "Closed to new apps by Spotify; not tried.")
    name = _account_of(accounts, owner)
    if name is None:
        remedy = "To import playlists from there, connect Spotify in Settings."
        yield _check("me", State.OFF, "No account is connected.", remedy)
        return
    yield from _until_refused(_of_the_account(Session(accounts, name, channel)))


def _of_the_app(channel: Channel) -> Iterator[_Probe]:
    market = client.market(channel)
    signer = client.client_credentials(channel, client.memory_cache())
    yield "token", lambda: ask(lambda: {"token": signer.get_access_token(as_dict=False)})
    yield "search", lambda: client.call(channel, "search", "Queen", limit=1, type="track", market=market)
    yield "track", lambda: client.call(channel, "track", _TRACK, market=market)
    yield "artist", lambda: client.call(channel, "artist", _ARTIST)
    if is_extended(channel.settings):
        closed = partial(client.call_closed, channel)
        yield "audio features", lambda: closed("audio features", "audio_features", [_TRACK])
        yield "audio analysis", lambda: closed("audio analyses", "audio_analysis", _TRACK)
        yield "recommendations", lambda: closed("recommendations", "recommendations", seed_tracks=[_TRACK], limit=1)


def _of_the_account(session: Session) -> Iterator[_Probe]:
    found: dict[str, Any] = {}
    yield "me", lambda: found.update(me=session.call("current_user"))
    yield "my playlists", lambda: found.update(session.call("current_user_playlists", limit=50))
    me = found.get("me", {}).get("id")
    yield "saved tracks", lambda: session.call("current_user_saved_tracks", limit=1)
    yield "top tracks", lambda: session.call("current_user_top_tracks", limit=1)
    # Spotify refuses the rows of other people's playlists, so only the account's own playlists can be tried.
    own = [item for item in found.get("items") or () if item and (item.get("owner") or {}).get("id") == me]
    if own:
        yield "playlist", lambda: session.call("playlist", own[0]["id"], fields="id")
        yield "items", lambda: session.call("playlist_items", own[0]["id"], limit=1)


def _until_refused(probes: Iterator[_Probe]) -> Iterator[Check]:
    """Make the probes one after another; skip those that would be refused for the same reason again."""
    for name, call in probes:
        try:
            call()
        except NotThere:
            yield _check(name, State.OK, "Answers, but does not know the track of the test query.")
        except SourceFault as fault:
            yield _fault(name, fault)
            if fault.kind in {FaultKind.REFUSED, FaultKind.LIMITED, FaultKind.UNREACHABLE}:
                return
        else:
            yield _check(name, State.OK, "Answers.")


def _fault(name: str, fault: SourceFault) -> Check:
    state = State.WARNING if fault.kind is FaultKind.LIMITED else State.FAULT
    return _check(name, state, fault.message, fault.hint or "Look again later.")
