"""Connecting a Spotify account: what is missing, the login, and disconnecting."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apiflask import Schema
from apiflask.fields import Boolean, String
from apiflask.validators import Length
from flask import redirect, request
from werkzeug.wrappers import Response

from api import session
from api.application import Blueprint
from api.current import services
from api.spotify.account import all_accounts, channel, login_url, way_back, what_is_missing
from etl.engine import VaultError
from etl.providers.base import SourceFault
from etl.spotify.forgetting import disconnect
from etl.spotify.login import Login, from_localhost, notice_of
from etl.spotify.writing import scope_for
from jobs.queue import WorkQueue, spawn_worker
from services.views import Named

blueprint = Blueprint("spotify", __name__, tag="Spotify")


class LoginBody(Schema):
    write = Boolean(load_default=False, metadata={"description": "Ask for the permission to write playlists, too."})
    public = Boolean(load_default=False, metadata={"description": "With `write`: public playlists."})


class PastedBody(Schema):
    url = String(
        required=True,
        validate=Length(max=4000),
        metadata={"description": "The address that the browser could not open after the login."},
    )


@dataclass(frozen=True, kw_only=True)
class SpotifyState:
    """Whether Spotify is set up and connected in this browser, until when, and what to do if not."""

    configured: bool
    connected: bool
    user: Named | None
    expires_at: datetime | None
    redirect_uri: str
    notice: str | None


@dataclass(frozen=True)
class LoginAnswer:
    url: str


@blueprint.get("/api/spotify")
def state() -> SpotifyState:
    """Whether Spotify is set up and connected in this browser, until when, and what to do if not."""
    back = way_back()
    accounts, owner = all_accounts(), session.owner()
    account, missing = accounts.get(owner), what_is_missing()
    connected = account is not None and not account.ended and missing is None
    return SpotifyState(
        configured=missing is None,
        connected=connected,
        user=Named(account.user_id, account.user_name) if account else None,
        expires_at=account.expires_at if account and connected else None,
        redirect_uri=back.uri,
        notice=notice_of(missing, account, back, accounts.document(owner).get("notice")),
    )


@blueprint.post("/api/spotify/login")
@blueprint.body(LoginBody)
@blueprint.doc(responses={409: "Not set up"})
def login(body: dict[str, Any]) -> LoginAnswer:
    """The address at Spotify where the user gives consent; the browser must go there."""
    return LoginAnswer(login_url(*([scope_for(body["public"])] if body["write"] else [])))


@blueprint.get("/callback")
@blueprint.doc(hide=True)
def callback() -> Response:
    """Spotify sends the browser here after the login; /api/spotify reports errors."""
    answer = request.args.to_dict()
    state = answer.get("state", "")
    accounts, owner = all_accounts(), session.owner()
    login = Login(accounts, services().engine.vault)
    host = urlsplit(request.host_url)
    if from_localhost(state) and host.hostname != "localhost" and not login.knows(owner, state):
        # The login began at http://localhost, and the browser sends the session's cookie only there.
        port = f":{host.port}" if host.port else ""
        return _leave(f"{host.scheme}://localhost{port}/callback?{request.query_string.decode()}")
    try:
        login.complete(owner, channel(), answer)
    except (SourceFault, VaultError) as fault:
        if owner is not None and accounts.document(owner):  # otherwise this browser did not begin a login
            accounts.note(owner, {"notice": str(fault)})
    return _leave("/settings")


@blueprint.post("/api/spotify/callback")
@blueprint.body(PastedBody)
@blueprint.doc(responses={409: "No login is under way, or Spotify is not set up", 502: "Spotify does not answer"})
def pasted(body: dict[str, Any]) -> SpotifyState:
    """Complete the login with the address that the browser could not open, if Tastemap runs on another machine."""
    answer = dict(parse_qsl(body["url"].strip().partition("?")[2].partition("#")[0]))
    Login(all_accounts(), services().engine.vault).complete(session.owner(), channel(), answer)
    return state()


@blueprint.delete("/api/spotify")
@blueprint.output({}, status_code=204)
def forget() -> str:
    """Disconnect: delete the tokens and everything imported through the account."""
    container, owner = services(), session.owner()
    if owner is not None and all_accounts().document(owner):
        disconnect(container.database, container.engine, owner)
        spawn_worker(container.config.var, container.config.mongodb_uri, [WorkQueue.FILES])
    return ""


def _leave(address: str) -> Response:
    """Redirect the browser without caching or a referrer, because the present address contains Spotify's code."""
    response = redirect(address)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    assert isinstance(response, Response)
    return response
