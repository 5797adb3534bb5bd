"""Lists of the connected Spotify account in, and playlists out to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, List, String
from apiflask.validators import Length
from marshmallow import RAISE, ValidationError

from api.errors import ApiError
from api.playlists import find_playlist
from api.services import services
from api.spotify_account import all_accounts, channel, connected_account, login_url, told
from api.uploads import shown_run
from etl.runs import ENDED, spawn_worker
from etl.spotify.accounts import Account, Session
from etl.spotify.importing import SOURCE, new_import
from etl.spotify.lists import is_list, lists_of
from etl.spotify.writing import scope_for, write_playlist

blueprint = APIBlueprint("spotify_lists", __name__, tag="Spotify")

# A list of lists costs a call per 50 of them, of some 500 a day.
_LISTING = timedelta(minutes=10)


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


@blueprint.get("/api/spotify/playlists")
@blueprint.input(ListsQuery, location="query", arg_name="query", unknown=RAISE)
def lists(query: dict[str, Any]) -> dict[str, Any]:
    """The playlists of the connected account, and its saved and top tracks."""
    owner, account = connected_account()
    return {"playlists": _lists(owner, account, fresh=query["fresh"])}


@blueprint.post("/api/spotify/import")
@blueprint.input(ImportBody, arg_name="body", unknown=RAISE)
@blueprint.doc(responses={202: "The runs that bring them in", 409: "Not connected"})
def bring_in(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Bring lists of the connected account in, each by a run of its own."""
    here = services()
    owner, _ = connected_account()
    accounts, database = all_accounts(), here.database
    names = {one["id"]: one["name"] for one in accounts.document(owner).get("listing", {}).get("rows", [])}
    under_way = {
        run["request"]["list"]: run["_id"]
        for run in (*database.unfinished_runs(), *database.waiting_runs())
        if run["kind"] == SOURCE and run["owner"] == owner
    }
    _trim(owner)
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
    owner, account = connected_account()
    scope = scope_for(body["public"])
    if scope not in account.scope:
        raise ApiError(
            403,
            "consent_needed",
            "Spotify has not been asked yet whether Tastemap may write playlists.",
            "Agree at Spotify, then write it again.",
            url=login_url(scope),
        )
    with told():
        written = write_playlist(
            services().database,
            Session(all_accounts(), owner, channel()),
            account,
            playlist,
            name=body.get("name") or playlist.name,
            public=body["public"],
        )
    return {"id": written.id, "url": written.url, "written": written.written, "skipped": written.skipped}, 201


def _trim(owner: str) -> None:
    """Let the account name the runs that have not ended alone; the others are found by their owner."""
    database, accounts = services().database, all_accounts()
    noted = accounts.document(owner).get("runs", {})
    ended = [one for one in noted if (run := database.load_run(one)) is None or run["state"] in ENDED]
    if ended:
        accounts.note(owner, {}, unset=tuple(f"runs.{one}" for one in ended))


def _lists(owner: str, account: Account, *, fresh: bool) -> list[dict[str, Any]]:
    accounts = all_accounts()
    kept = accounts.document(owner).get("listing")
    if kept and not fresh and datetime.now(UTC) - kept["at"] < _LISTING:
        return list(kept["rows"])
    with told():
        rows = lists_of(Session(accounts, owner, channel()), account.user_id)
    accounts.note(owner, {"listing": {"at": datetime.now(UTC), "rows": rows}})
    return rows
