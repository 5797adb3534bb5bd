"""Playlists: the list of them, rows, people, next tracks, and who added a track."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import AwareDateTime, Boolean, Dict, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range, Regexp
from marshmallow import ValidationError

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.bounds import LARGEST_BODY, takes
from api.limits.expensive import expensive
from api.schemas import RunAnswer, SubjectQuery, excluded, text, track_id
from ml.continuation.model import MAX_LIMIT
from services.playlists import next as continuation
from services.playlists import playlists as use
from services.playlists import who_added as authorship
from store.domain import MAX_PEOPLE, MAX_PERSON_ID, MAX_PERSON_NAME, MAX_PLAYS, SHAPES

blueprint = Blueprint("playlists", __name__, tag="Playlists")

_LONGEST_NAME = 200
_LONGEST_FILE = 4096


class PlaylistQuery(Schema):
    playlist = String(required=True, validate=text)
    page = Integer(load_default=1, validate=Range(min=1))
    page_size = Integer(load_default=500, validate=Range(1, 1000))


class NextQuery(Schema):
    limit = Integer(load_default=20, validate=Range(1, MAX_LIMIT))
    artist_cap = Integer(load_default=3, validate=Range(1, 50), metadata={"description": "Tracks per artist at most."})
    exclude = excluded  # type: ignore[assignment]
    spoken = Boolean(load_default=True, metadata={"description": "Leave out spoken word (speechiness above 0.66)."})
    explicit = Boolean(load_default=False, metadata={"description": "Leave out what is marked as explicit."})
    seasonal = Boolean(load_default=True, metadata={"description": "Leave out Christmas and Halloween, by title."})
    without = String(
        load_default="",
        validate=text,
        metadata={"description": "Families of genres to leave out, with | between; `families` in the answer has them."},
    )
    longest_s = Float(
        load_default=None,
        allow_none=True,
        validate=Range(1, 86_400),
        metadata={"description": "Leave out longer tracks; one of unknown length stays."},
    )
    novelty = Float(load_default=0.0, validate=Range(0, 1), metadata={"description": "0: what fits; 1: what is new."})


class ChosenTrack(Schema):
    id = String(required=True, validate=track_id)
    person = String(
        load_default=None,
        allow_none=True,
        validate=text,
        metadata={"description": "Id of the person whom it is for; the playlist shows it as theirs."},
    )


class PersonGiven(Schema):
    name = String(load_default=None, allow_none=True, validate=Length(max=MAX_PERSON_NAME))
    colour = String(
        load_default=None,
        allow_none=True,
        validate=Regexp(r"#[0-9A-Fa-f]{6}\Z", error="A colour is written #rrggbb."),
    )
    shape = String(load_default=None, allow_none=True, validate=OneOf(SHAPES))


class NewPlaylist(Schema):
    name = String(required=True, validate=Length(1, _LONGEST_NAME))
    tracks = List(Nested(ChosenTrack), required=True, validate=Length(max=use.MAX_TRACKS))
    people = Dict(
        keys=String(validate=Length(1, MAX_PERSON_ID)),
        values=Nested(PersonGiven),
        load_default=dict,
        validate=Length(max=MAX_PEOPLE),
        metadata={
            "description": "Name, colour and shape of each person by id, so that they are the same as elsewhere."
        },
    )


class NameGiven(Schema):
    name = String(
        required=True, validate=[Length(1, _LONGEST_NAME), Regexp(r"\s*\S", error="A name needs a letter at least.")]
    )


class TrackGiven(Schema):
    track = String(required=True, validate=track_id, metadata={"description": "Its id."})


_position = Range(0, 10_000_000)


class TracksGiven(Schema):
    tracks = List(String(validate=track_id), required=True, validate=Length(1, use.MAX_TRACKS))
    positions = List(
        Integer(validate=_position),
        load_default=None,
        allow_none=True,
        validate=Length(1, use.MAX_TRACKS),
        metadata={"description": "From 0: only the rows there; without it, all rows of the tracks."},
    )


def _exists_in_utc(moment: datetime) -> None:
    try:
        moment.astimezone(UTC)
    except OverflowError as fault:  # the last hours of the year 9999 in the west
        raise ValidationError("This time is out of range.") from fault


class RowGiven(Schema):
    position = Integer(required=True, validate=_position)
    track_id = String(required=True, validate=track_id)
    added_by = String(load_default=None, allow_none=True, validate=Length(1, MAX_PERSON_ID))
    added_at = AwareDateTime(load_default=None, allow_none=True, default_timezone=UTC, validate=_exists_in_utc)
    plays = Integer(load_default=None, allow_none=True, validate=Range(0, MAX_PLAYS))
    file = String(load_default=None, allow_none=True, validate=Length(max=_LONGEST_FILE))


class RowsGiven(Schema):
    rows = List(Nested(RowGiven), required=True, validate=Length(1, use.MAX_TRACKS))


class MoveGiven(Schema):
    track = String(required=True, validate=track_id, metadata={"description": "Its id."})
    position = Integer(required=True, validate=_position, metadata={"description": "Where it is, from 0."})
    to = Integer(required=True, validate=_position)


class SharedGiven(Schema):
    shared = Boolean(required=True)


class PeopleGiven(Schema):
    people = Dict(
        keys=String(validate=Length(1, MAX_PERSON_ID)),
        values=Nested(PersonGiven),
        required=True,
        validate=Length(max=MAX_PEOPLE),
        metadata={"description": "By contributor id; people who are not named do not change, null resets a value."},
    )


@dataclass(frozen=True)
class PlaylistsAnswer:
    playlists: list[use.PlaylistSummary]


@dataclass(frozen=True)
class PlaylistAnswer:
    playlist: use.PlaylistSummary


@dataclass(frozen=True)
class RemovedAnswer:
    playlist: use.PlaylistSummary
    removed: list[use.RemovedRow]


@blueprint.get("/api/playlists")
def playlists() -> PlaylistsAnswer:
    """The playlists that this browser imported, and those of the operator."""
    return PlaylistsAnswer(use.playlists_of(services(), session.viewer()))


@blueprint.post("/api/playlists")
@takes(LARGEST_BODY)
@blueprint.body(NewPlaylist)
@blueprint.doc(responses={201: "The playlist", 404: "A track is not known here"})
def new_playlist(body: dict[str, Any]) -> tuple[PlaylistAnswer, Literal[201]]:
    """Make a playlist of this browser from tracks that are known here."""
    session.start()
    viewer = session.viewer()
    rows = [(track["id"], track["person"]) for track in body["tracks"]]
    return PlaylistAnswer(use.create_playlist(services(), viewer, body["name"], rows, body["people"])), 201


@blueprint.post("/api/playlists/<playlist_id>/tracks")
@blueprint.body(TrackGiven)
@blueprint.doc(responses={403: "Another browser's playlist", 404: "No such track", 409: "It is still arriving"})
def add_track(playlist_id: str, body: dict[str, str]) -> PlaylistAnswer:
    """Append a track that is known here to a playlist of this browser."""
    return PlaylistAnswer(use.add_track(services(), playlist_id, session.viewer(), body["track"]))


@blueprint.get("/data")
@blueprint.query(PlaylistQuery)
@blueprint.doc(responses={404: "No such playlist"})
@expensive
def data(query: dict[str, Any]) -> use.PlaylistPage:
    """One page of a playlist's rows with names, audio features and who added each.

    Everybody who knows the id of a playlist may read it. The id cannot be guessed, and its address is the way to share
    it.
    """
    return use.read_page(services(), query["playlist"], session.viewer(), query["page"], query["page_size"])


@blueprint.delete("/api/playlists/<playlist_id>")
@blueprint.output({}, status_code=204)
def delete(playlist_id: str) -> str:
    """Delete a playlist and the tracks imported with it; only the browser that imported it may."""
    use.delete_playlist(services(), playlist_id, session.viewer())
    return ""


@blueprint.post("/api/playlists/<playlist_id>/remove")
@takes(LARGEST_BODY)
@blueprint.body(TracksGiven)
@blueprint.doc(responses={403: "Another browser's playlist", 409: "It is still arriving"})
def remove(playlist_id: str, body: dict[str, Any]) -> RemovedAnswer:
    """Remove tracks from a playlist of this browser; tracks that are not in it are ignored.

    `removed` has the rows, as `restore` takes them.
    """
    return RemovedAnswer(
        *use.remove_tracks(services(), playlist_id, session.viewer(), body["tracks"], body["positions"])
    )


@blueprint.post("/api/playlists/<playlist_id>/restore")
@takes(LARGEST_BODY)
@blueprint.body(RowsGiven)
@blueprint.doc(responses={403: "Another browser's playlist", 404: "No such track", 409: "It is still arriving"})
def restore(playlist_id: str, body: dict[str, Any]) -> PlaylistAnswer:
    """Put rows that were removed back to where they were."""
    return PlaylistAnswer(use.restore_rows(services(), playlist_id, session.viewer(), body["rows"]))


@blueprint.post("/api/playlists/<playlist_id>/move")
@blueprint.body(MoveGiven)
@blueprint.doc(responses={403: "Another browser's playlist", 409: "It is still arriving, or the track is elsewhere"})
def move(playlist_id: str, body: dict[str, Any]) -> PlaylistAnswer:
    """Move a row of a playlist of this browser to another position; beyond the last one is the end."""
    row = body["track"], body["position"], body["to"]
    return PlaylistAnswer(use.move_row(services(), playlist_id, session.viewer(), *row))


@blueprint.post("/api/playlists/<playlist_id>/give")
@blueprint.doc(responses={202: "The run that gives it", 403: "Not the operator, or not the browser that imported it"})
def give(playlist_id: str) -> tuple[RunAnswer, Literal[202]]:
    """Give a playlist to the installation for good: everybody sees it, and everybody finds its tracks."""
    return RunAnswer(use.give_playlist(services(), playlist_id, session.viewer())), 202


@blueprint.put("/api/playlists/<playlist_id>/shared")
@blueprint.body(SharedGiven)
@blueprint.doc(responses={403: "Not the operator, or not a playlist of the installation"})
def share(playlist_id: str, body: dict[str, bool]) -> PlaylistAnswer:
    """Set whether everybody sees a playlist of the installation; everybody finds its tracks in any case."""
    summary = use.share_playlist(services(), playlist_id, session.viewer(), shared=body["shared"])
    return PlaylistAnswer(summary)


@blueprint.put("/api/playlists/<playlist_id>/name")
@blueprint.body(NameGiven)
@blueprint.doc(responses={403: "Not the browser that imported it"})
def rename(playlist_id: str, body: dict[str, str]) -> PlaylistAnswer:
    """Give a playlist another name; a repeated import keeps it."""
    return PlaylistAnswer(
        use.rename_playlist(services(), playlist_id, session.viewer(), " ".join(body["name"].split()))
    )


@blueprint.put("/api/playlists/<playlist_id>/people")
@takes(LARGEST_BODY)
@blueprint.body(PeopleGiven)
@blueprint.doc(responses={403: "Not the browser that imported it", 404: "No such playlist, or no such person in it"})
def put_people(playlist_id: str, body: dict[str, Any]) -> PlaylistAnswer:
    """Set names, colours and shapes of a playlist's contributors; they are stored only on this installation."""
    return PlaylistAnswer(use.name_people(services(), playlist_id, session.viewer(), body["people"]))


@blueprint.get("/api/playlists/<playlist_id>/next")
@blueprint.query(NextQuery)
@expensive
def next_tracks(playlist_id: str, query: dict[str, Any]) -> continuation.NextAnswer:
    """Tracks of the catalogue that continue a playlist, best first, without the recordings in it.

    For a playlist without tracks, the genres and artists in its name decide (`method` is `name`). Otherwise `method` is
    the ranking that did best on held-out playlists, and `method_score` its score there. Tracks with `fits` false are
    further afield: of such tracks, fewer than one in five was in the hidden half of held-out playlists.
    """
    return continuation.next_tracks(services(), playlist_id, session.viewer(), query)


@blueprint.get("/api/playlists/<playlist_id>/who-added")
@blueprint.query(SubjectQuery)
@expensive
def who_added(playlist_id: str, query: dict[str, Any]) -> authorship.WhoAdded | authorship.WhoAddedState:
    """Who would have added a track, by a model that was trained on this playlist.

    With `q`, `track_id`, or `track` and `artist`: the probability of each contributor, and who probably added it
    (`who`, null if it is uncertain). Without: how good that model is, its confusion matrix, and its tracks on a map.
    """
    if query:
        return authorship.who_added(services(), playlist_id, query, session.viewer())
    return authorship.state(services(), playlist_id, session.viewer())
