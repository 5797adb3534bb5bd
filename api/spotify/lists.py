"""Imports lists of the connected Spotify account, and writes playlists to it."""

from dataclasses import dataclass
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
from etl.spotify.lists import is_list
from etl.spotify.writing import scope_for
from services.errors import ServiceError
from services.playlists.playlists import check_complete, find_playlist
from services.sources.spotify_lists import SpotifyList, import_lists, list_lists, write_playlist

blueprint = Blueprint("spotify_lists", __name__, tag="Spotify")


class ListsQuery(Schema):
    fresh = Boolean(load_default=False, metadata={"description": "Ask Spotify again."})


def _list_id(value: str) -> None:
    if not is_list(value):
        raise ValidationError("Not the id of a list.")


class ImportBody(Schema):
    ids = List(
        String(
            validate=_list_id, metadata={"description": "A playlist's id, `saved`, or one such as `top:short_term`."}
        ),
        required=True,
        validate=Length(min=1, max=200),
    )


class WriteBody(Schema):
    name = String(validate=Length(min=1, max=100), metadata={"description": "What it is to be called at Spotify."})
    public = Boolean(load_default=False)


@dataclass(frozen=True)
class SpotifyListsAnswer:
    playlists: list[SpotifyList]


@blueprint.get("/api/spotify/playlists")
@blueprint.query(ListsQuery)
@blueprint.doc(responses={403: "Spotify refuses", 409: "Not connected", 502: "Spotify does not answer"})
def lists(query: dict[str, Any]) -> SpotifyListsAnswer:
    """The playlists of the connected account, and its saved and top tracks."""
    owner, account = connected_account()
    accounts = all_accounts()
    session = Session(accounts, owner, channel())
    return SpotifyListsAnswer(list_lists(session, accounts, owner, account, fresh=query["fresh"]))


@blueprint.post("/api/spotify/import")
@blueprint.body(ImportBody)
@blueprint.doc(responses={202: "The runs that import them", 409: "Not connected"})
def bring_in(body: dict[str, Any]) -> tuple[RunsAnswer, Literal[202]]:
    """Import lists of the connected account, each by its own run."""
    owner, _ = connected_account()
    return RunsAnswer(import_lists(services(), all_accounts(), owner, body["ids"])), 202


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
    check_complete(playlist)
    scope = scope_for(body["public"])
    if scope not in account.scope:
        raise ServiceError(
            403,
            "consent_needed",
            "Spotify has not been asked yet whether Tastemap may write playlists.",
            "Agree at Spotify, then write it again.",
            url=login_url(scope),
        )
    name = body.get("name") or playlist.name
    run = write_playlist(services(), all_accounts(), owner, account, playlist, name, public=body["public"])
    return RunAnswer(run), 202
