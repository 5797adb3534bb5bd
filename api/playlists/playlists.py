"""Playlists: the list of them, the rows of one, making, naming people, and deleting."""

from dataclasses import dataclass
from typing import Any, Literal

from apiflask import APIBlueprint, Schema
from apiflask.fields import Dict, List, Nested, String
from apiflask.validators import Length, Regexp
from marshmallow import RAISE

import services.playlists as use
from api import session
from api.current import services
from api.schemas import MAX_QUERY, PlaylistQuery
from store.database import PAGE_ITEMS
from store.domain import MAX_PERSON_NAME

blueprint = APIBlueprint("playlists", __name__, tag="Playlists")

# Whoever adds to a playlist has an id of a service.
_LONGEST_ID = 256


class ChosenTrack(Schema):
    id = String(required=True, validate=Length(min=1, max=MAX_QUERY))
    person = String(
        load_default=None,
        allow_none=True,
        validate=Length(max=MAX_QUERY),
        metadata={"description": "Id of the person whom it is for; the playlist shows it as theirs."},
    )


class NewPlaylist(Schema):
    name = String(required=True, validate=Length(1, 200))
    tracks = List(Nested(ChosenTrack(unknown=RAISE)), required=True, validate=Length(1, PAGE_ITEMS))
    people = Dict(keys=String(), values=String(validate=Length(max=MAX_PERSON_NAME)), load_default=dict)


class PersonGiven(Schema):
    name = String(load_default=None, allow_none=True, validate=Length(max=MAX_PERSON_NAME))
    colour = String(
        load_default=None,
        allow_none=True,
        validate=Regexp(r"#[0-9A-Fa-f]{6}\Z", error="A colour is written #rrggbb."),
    )


class PeopleGiven(Schema):
    people = Dict(
        keys=String(validate=Length(1, _LONGEST_ID)),
        values=Nested(PersonGiven(unknown=RAISE)),
        required=True,
        validate=Length(max=use.MAX_PEOPLE),
        metadata={"description": "By contributor id; who is not named here stays as they are, null takes back."},
    )


@dataclass(frozen=True)
class PlaylistsAnswer:
    playlists: list[use.PlaylistSummary]


@dataclass(frozen=True)
class PlaylistAnswer:
    playlist: use.PlaylistSummary


@blueprint.get("/api/playlists")
def playlists() -> PlaylistsAnswer:
    """The playlists that this browser brought in, and those that the operator imported."""
    return PlaylistsAnswer(use.playlists_of(services(), session.owner()))


@blueprint.post("/api/playlists")
@blueprint.input(NewPlaylist, arg_name="given", unknown=RAISE)
@blueprint.doc(responses={201: "The playlist", 404: "A track is not known here"})
def new_playlist(given: dict[str, Any]) -> tuple[PlaylistAnswer, Literal[201]]:
    """Make a playlist of this browser's from tracks that are known here; it is exported like every other."""
    rows = [(track["id"], track["person"]) for track in given["tracks"]]
    return PlaylistAnswer(use.create_playlist(services(), session.start(), given["name"], rows, given["people"])), 201


@blueprint.get("/data")
@blueprint.input(PlaylistQuery, location="query", arg_name="query", unknown=RAISE)
def data(query: dict[str, Any]) -> use.PlaylistPage:
    """One page of a playlist's rows with names, audio features and who added each.

    A playlist is open to whoever knows its id, which cannot be guessed: the address is the way to share it.
    """
    return use.read_page(
        services(), query["playlist"], session.owner(), page=query["page"], page_size=query["page_size"]
    )


@blueprint.delete("/api/playlists/<playlist_id>")
@blueprint.output({}, status_code=204)
def delete(playlist_id: str) -> str:
    """Delete a playlist; only the browser that brought it in may. Its tracks stay known."""
    use.delete_playlist(services(), playlist_id, session.owner())
    return ""


@blueprint.put("/api/playlists/<playlist_id>/people")
@blueprint.input(PeopleGiven, arg_name="given", unknown=RAISE)
@blueprint.doc(responses={403: "Not the browser that brought it in", 404: "No such playlist, or no such person in it"})
def put_people(playlist_id: str, given: dict[str, Any]) -> PlaylistAnswer:
    """Name and colour contributors of a playlist; the names stay on this installation."""
    return PlaylistAnswer(use.name_people(services(), playlist_id, session.owner(), given["people"]))
