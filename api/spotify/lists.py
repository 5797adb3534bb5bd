"""Lists of the connected Spotify account in, and playlists out to it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Boolean, List, String
from apiflask.validators import Length
from marshmallow import ValidationError

from api import session as browser
from api.application import Blueprint
from api.current import services
from api.schemas import RunAnswer, RunsAnswer
from api.spotify.account import all_accounts, channel, connected_account, login_url
from etl.spotify.accounts import Session
from etl.spotify.importing import new_import
from etl.spotify.lists import is_list, lists_of
from etl.spotify.writing import new_write, scope_for
from services.errors import ServiceError
from services.playlists import find_playlist
from services.runs import RunView, start_runs
from store.runs import Run

blueprint = Blueprint("spotify_lists", __name__, tag="Spotify")

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


@dataclass(frozen=True, kw_only=True)
class SpotifyList:
    """A playlist of the account, or its saved or top tracks; ``tracks`` is their number where Spotify says it."""

    id: str
    name: str
    kind: str
    tracks: int | None
    mine: bool
    collaborative: bool


@dataclass(frozen=True)
class SpotifyListsAnswer:
    playlists: list[SpotifyList]


@blueprint.get("/api/spotify/playlists")
@blueprint.query(ListsQuery)
def lists(query: dict[str, Any]) -> SpotifyListsAnswer:
    """The playlists of the connected account, and its saved and top tracks."""
    owner, account = connected_account()
    accounts, now = all_accounts(), datetime.now(UTC)
    kept = accounts.document(owner).get("listing")
    if query["fresh"] or not kept or now - kept["at"] >= _LISTING:
        kept = {"at": now, "rows": lists_of(Session(accounts, owner, channel()), account.user_id)}
        accounts.note(owner, {"listing": kept})
    return SpotifyListsAnswer([SpotifyList(**row) for row in kept["rows"]])


@blueprint.post("/api/spotify/import")
@blueprint.body(ImportBody)
@blueprint.doc(responses={202: "The runs that bring them in", 409: "Not connected"})
def bring_in(body: dict[str, Any]) -> tuple[RunsAnswer, Literal[202]]:
    """Bring lists of the connected account in, each by a run of its own."""
    owner, _ = connected_account()
    names = {row["id"]: row["name"] for row in all_accounts().document(owner).get("listing", {}).get("rows", [])}
    imports = [
        new_import(owner, list_id, names.get(list_id, "Spotify playlist")) for list_id in dict.fromkeys(body["ids"])
    ]
    return RunsAnswer(_queued(owner, imports)), 202


@blueprint.post("/api/playlists/<playlist_id>/spotify")
@blueprint.body(WriteBody)
@blueprint.doc(
    responses={
        202: "The run that writes it; its `result` has the address at Spotify",
        403: "Spotify has to be asked first; `error.url` is where to agree",
        409: "Not connected, or still arriving",
    }
)
def write_back(playlist_id: str, body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Write a playlist to the connected account as a new one, by a run."""
    playlist = find_playlist(services(), playlist_id, browser.viewer())
    owner, account = connected_account()
    if not playlist.complete:
        raise ServiceError(409, "arriving", "The playlist is still arriving.", "Try again when its import has ended.")
    scope = scope_for(body["public"])
    if scope not in account.scope:
        raise ServiceError(
            403,
            "consent_needed",
            "Spotify has not been asked yet whether Tastemap may write playlists.",
            "Agree at Spotify, then write it again.",
            url=login_url(scope),
        )
    run = new_write(owner, account, playlist, name=body.get("name") or playlist.name, public=body["public"])
    return RunAnswer(_queued(owner, [run])[0]), 202


def _queued(owner: str, wanted: list[Run]) -> list[RunView]:
    """Queue runs of the owner's account and return them; where the same is under way, that one."""
    accounts = all_accounts()
    _trim(owner)
    accounts.note(owner, {f"runs.{run.id}": True for run in wanted})  # first, so that disconnecting finds them
    queued: list[RunView] = []
    try:
        queued = start_runs(services(), *wanted)
    finally:
        unused = {run.id for run in wanted} - {run.id for run in queued}
        if unused:
            accounts.note(owner, {}, unset=tuple(f"runs.{run_id}" for run_id in sorted(unused)))
    return queued


def _trim(owner: str) -> None:
    """Let the account name the runs that have not ended alone; the others are found by their owner."""
    database, accounts = services().database, all_accounts()
    noted = accounts.document(owner).get("runs", {})
    ended = [one for one in noted if (run := database.get_run(one)) is None or run.ended]
    if ended:
        accounts.note(owner, {}, unset=tuple(f"runs.{one}" for one in ended))
