"""Who added what, by name: Spotify tells ids alone, so the listener says what the people are called."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Dict, Nested, String
from apiflask.validators import Length, Regexp
from marshmallow import RAISE

from api.current import services
from api.errors import ApiError
from api.playlists import describe, find_playlist, may_name
from store.domain import MAX_PERSON_NAME, Person, person_colour, person_name

blueprint = APIBlueprint("people", __name__, tag="Playlists")


# Whoever adds to a playlist has an id of a service; while rows arrive nobody knows yet who they all are.
_LONGEST_ID, _MOST_PEOPLE = 256, 1000


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
        validate=Length(max=_MOST_PEOPLE),
        metadata={"description": "By contributor id; who is not named here stays as they are, null takes back."},
    )


@blueprint.put("/api/playlists/<playlist_id>/people")
@blueprint.input(PeopleGiven, arg_name="given", unknown=RAISE)
@blueprint.doc(responses={403: "Not the browser that brought it in", 404: "No such playlist, or no such person in it"})
def put_people(playlist_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """Name and colour contributors of a playlist; the names stay on this installation."""
    playlist = find_playlist(playlist_id)
    if not may_name(playlist):
        raise ApiError(
            403,
            "not_yours",
            "Only the browser that brought this playlist in can name its people.",
            "Bring the file in here, too.",
        )
    # Who they all are is known when the last row has arrived.
    strangers = given["people"].keys() - playlist.contributors.keys() if playlist.complete else ()
    if strangers:
        raise ApiError(404, "not_found", f"Nobody called {min(strangers)!r} added anything here.", "See contributors.")
    told = {
        person: Person(name=person_name(one["name"]), colour=person_colour(one["colour"]))
        for person, one in given["people"].items()
    }
    people = {person: known for person, known in {**playlist.people, **told}.items() if known != Person()}
    if len(people) > max(_MOST_PEOPLE, len(playlist.contributors)):
        raise ApiError(422, "invalid_value", f"people: at most {_MOST_PEOPLE}.", "Wait until all rows have arrived.")
    services().database.put_people(playlist.id, people)
    return {"playlist": describe(find_playlist(playlist.id))}
