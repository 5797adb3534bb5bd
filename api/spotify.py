"""Spotify by login: connecting an account, bringing its lists in, and writing a playlist back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, List, String
from apiflask.validators import Length
from flask import Response, redirect, request
from marshmallow import RAISE, ValidationError

from api import session
from api.errors import ApiError
from api.playlists import find_playlist
from api.services import services
from api.uploads import shown_run
from etl.engine import VaultError
from etl.providers.base import Channel, FaultKind, NotThere, SourceFault
from etl.runs import spawn_worker
from etl.spotify.accounts import Account, Accounts, NotConnected, Session
from etl.spotify.forgetting import disconnect
from etl.spotify.importing import SOURCE, new_import
from etl.spotify.lists import is_list, lists_of
from etl.spotify.login import Login, Redirect, from_localhost, redirect_for
from etl.spotify.notice import how_to_register, notice_of
from etl.spotify.writing import scope_for, write_playlist

blueprint = APIBlueprint("spotify", __name__, tag="Spotify")

# A list of lists costs a call per 50 of them, of some 500 a day.
_LISTING = timedelta(minutes=10)
_STATUS = {
    FaultKind.LIMITED: (503, "spotify_limited"),
    FaultKind.UNREACHABLE: (502, "spotify_unreachable"),
    FaultKind.GARBLED: (502, "spotify_unreachable"),
    FaultKind.REFUSED: (403, "spotify_refused"),
    FaultKind.ABSENT: (403, "spotify_refused"),
}


class LoginBody(Schema):
    write = Boolean(load_default=False, metadata={"description": "Ask for the permission to write playlists, too."})
    public = Boolean(load_default=False, metadata={"description": "With `write`: public playlists."})


class PastedBody(Schema):
    url = String(
        required=True,
        validate=Length(max=4000),
        metadata={"description": "The address that the browser could not open after the login."},
    )


class ListsQuery(Schema):
    fresh = Boolean(load_default=False, metadata={"description": "Ask Spotify again."})


def _list_id(value: str) -> None:
    if not is_list(value):
        raise ValidationError("Not the id of a list.")


class ImportBody(Schema):
    ids = List(
        String(validate=_list_id, metadata={"description": "A playlist's id, `saved`, `top:short_term` and alike."}),
        required=True,
        validate=Length(min=1, max=200),
    )


class WriteBody(Schema):
    name = String(validate=Length(min=1, max=100), metadata={"description": "What it is to be called at Spotify."})
    public = Boolean(load_default=False)


@blueprint.get("/api/spotify")
def state() -> dict[str, Any]:
    """Whether Spotify is set up and connected in this browser, until when, and what to do if not."""
    back = _redirect()
    accounts, owner = _accounts(), session.owner()
    account, missing = accounts.get(owner), _missing()
    connected = account is not None and not account.ended and missing is None
    return {
        "configured": missing is None,
        "connected": connected,
        "user": {"id": account.user_id, "name": account.user_name} if account else None,
        "expires_at": account.expires_at.isoformat() if account and connected else None,
        "redirect_uri": back.uri,
        "notice": notice_of(missing, account, back, accounts.document(owner).get("notice")),
    }


@blueprint.post("/api/spotify/login")
@blueprint.input(LoginBody, arg_name="body", unknown=RAISE)
@blueprint.doc(responses={409: "Not set up"})
def login(body: dict[str, Any]) -> dict[str, str]:
    """The address at Spotify where the listener agrees; the browser is to go there."""
    return {"url": _login_url(*([scope_for(body["public"])] if body["write"] else []))}


@blueprint.get("/callback")
@blueprint.doc(hide=True)
def callback() -> Response:
    """Where Spotify sends the browser back to; what went wrong is told by /api/spotify."""
    answer = request.args.to_dict()
    state = answer.get("state", "")
    accounts, owner = _accounts(), session.owner()
    login = Login(accounts, services().engine.vault)
    host = urlsplit(request.host_url)
    if from_localhost(state) and host.hostname != "localhost" and not login.knows(owner, state):
        # The login began at http://localhost, and the session's cookie is sent there alone.
        port = f":{host.port}" if host.port else ""
        return _leave(f"{host.scheme}://localhost{port}/callback?{request.query_string.decode()}")
    try:
        login.complete(owner, _channel(), answer)
    except (SourceFault, VaultError) as fault:
        if owner is not None and accounts.document(owner):  # else nobody here began a login
            accounts.note(owner, {"notice": f"{fault.message} {fault.hint}".strip()})
    return _leave("/#/data")


@blueprint.post("/api/spotify/callback")
@blueprint.input(PastedBody, arg_name="body", unknown=RAISE)
def pasted(body: dict[str, Any]) -> dict[str, Any]:
    """Take the address that the browser could not open: for a Tastemap that is opened from another machine."""
    answer = dict(parse_qsl(body["url"].strip().partition("?")[2].partition("#")[0]))
    with _told():
        Login(_accounts(), services().engine.vault).complete(session.owner(), _channel(), answer)
    return state()


@blueprint.delete("/api/spotify")
@blueprint.output({}, status_code=204)
def forget() -> str:
    """Disconnect: deletes the tokens and everything that came through the account."""
    here, owner = services(), session.owner()
    if owner is not None and _accounts().document(owner):
        here.database.put_run(disconnect(here.database, here.engine, owner))
        spawn_worker(here.config.var, here.config.mongodb_uri)
    return ""


@blueprint.get("/api/spotify/playlists")
@blueprint.input(ListsQuery, location="query", arg_name="query", unknown=RAISE)
def lists(query: dict[str, Any]) -> dict[str, Any]:
    """The playlists of the connected account, and its saved and top tracks."""
    owner, account = _connected()
    return {"playlists": _lists(owner, account, fresh=query["fresh"])}


@blueprint.post("/api/spotify/import")
@blueprint.input(ImportBody, arg_name="body", unknown=RAISE)
@blueprint.doc(responses={202: "The runs that bring them in", 409: "Not connected"})
def bring_in(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Bring lists of the connected account in, each by a run of its own."""
    here = services()
    owner, _ = _connected()
    accounts, database = _accounts(), here.database
    names = {one["id"]: one["name"] for one in accounts.document(owner).get("listing", {}).get("rows", [])}
    under_way = {
        run["request"]["list"]: run["_id"]
        for run in database.unfinished_runs()
        if run["kind"] == SOURCE and run["owner"] == owner
    }
    runs = []
    for list_id in dict.fromkeys(body["ids"]):
        run_id = under_way.get(list_id)
        if run_id is None:
            run = new_import(owner, list_id, names.get(list_id, "Spotify playlist"))
            run_id = run["_id"]
            accounts.note(owner, {f"runs.{run_id}": True})  # first, so that disconnecting finds it
            database.put_run(run)
        runs.append(database.get_run(run_id))
    spawn_worker(here.config.var, here.config.mongodb_uri)
    return {"runs": [shown_run(run) for run in runs if run]}, 202


@blueprint.post("/api/playlists/<playlist_id>/spotify")
@blueprint.input(WriteBody, arg_name="body", unknown=RAISE)
@blueprint.doc(responses={201: "Written", 403: "Spotify refuses; `error.url` is where to agree", 409: "Not connected"})
def write_back(playlist_id: str, body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Write a playlist to the connected account; asked again after a failure, it goes on where it was."""
    playlist = find_playlist(playlist_id)
    owner, account = _connected()
    scope = scope_for(body["public"])
    if scope not in account.scope:
        raise ApiError(
            403,
            "consent_needed",
            "Spotify has not been asked yet whether Tastemap may write playlists.",
            "Agree at Spotify, then write it again.",
            url=_login_url(scope),
        )
    with _told():
        written = write_playlist(
            services().database,
            Session(_accounts(), owner, _channel()),
            account,
            playlist,
            name=body.get("name") or playlist.name,
            public=body["public"],
        )
    return {"id": written.id, "url": written.url, "written": written.written, "skipped": written.skipped}, 201


def _lists(owner: str, account: Account, *, fresh: bool) -> list[dict[str, Any]]:
    accounts = _accounts()
    kept = accounts.document(owner).get("listing")
    if kept and not fresh and datetime.now(UTC) - kept["at"] < _LISTING:
        return list(kept["rows"])
    with _told():
        rows = lists_of(Session(accounts, owner, _channel()), account.user_id)
    accounts.note(owner, {"listing": {"at": datetime.now(UTC), "rows": rows}})
    return rows


def _accounts() -> Accounts:
    return Accounts(services().database, services().engine.vault)


def _channel() -> Channel:
    return services().engine.channel(SOURCE, owner=session.owner())


def _redirect() -> Redirect:
    return redirect_for(request.scheme, request.host)


def _missing() -> str | None:
    """Return what stands between us and Spotify's servers, None where nothing does."""
    try:
        _channel()
    except SourceFault as fault:
        return fault.message
    return None


def _login_url(*further_scopes: str) -> str:
    missing = _missing()
    if missing is not None:
        raise ApiError(409, "not_configured", missing, how_to_register(_redirect()))
    owner = session.start()
    accounts = _accounts()
    accounts.note(owner, {}, unset=("notice",))
    with _told():
        return Login(accounts, services().engine.vault).begin(owner, _channel(), _redirect(), *further_scopes)


def _connected() -> tuple[str, Account]:
    owner, missing = session.owner(), _missing()
    account = _accounts().get(owner)
    if missing is not None:
        raise ApiError(409, "not_configured", missing, how_to_register(_redirect()))
    if owner is None or account is None or account.ended:
        raise _not_connected(NotConnected())
    return owner, account


def _not_connected(fault: SourceFault) -> ApiError:
    return ApiError(409, "not_connected", fault.message, fault.hint)


@contextmanager
def _told() -> Iterator[None]:
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


def _leave(address: str) -> Response:
    """Send the browser on; the address it comes from holds Spotify's code."""
    response = redirect(address)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    assert isinstance(response, Response)
    return response
