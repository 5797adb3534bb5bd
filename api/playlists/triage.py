"""Triage: sorting a heap of tracks (liked songs, a history, any playlist) into one's own playlists."""

from dataclasses import dataclass
from typing import Any

from apiflask import Schema
from apiflask.fields import Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.bounds import LARGEST_BODY, takes
from api.limits.expensive import expensive
from api.schemas import track_id
from services.triage import triage as use
from services.triage.answer import TriageAnswer
from store.playlists.triages import Action

blueprint = Blueprint("triage", __name__, tag="Playlists")

_id = String(validate=track_id)
_confidence = Range(0, 1)


class TriageQuery(Schema):
    limit = Integer(load_default=20, validate=Range(1, use.MOST_CARDS))
    at_least = Float(
        load_default=0.0,
        validate=_confidence,
        metadata={"description": "Above 0: only proposals of a playlist of at least this confidence."},
    )


class TriageBody(Schema):
    playlists = List(
        _id,
        required=True,
        validate=Length(1, use.MOST_PLAYLISTS),
        metadata={"description": "The playlists that it is sorted into; this browser must have imported them."},
    )
    person = String(
        load_default=None,
        allow_none=True,
        validate=track_id,
        metadata={"description": "Id of the contributor as whom tracks are added; null: whoever has added most."},
    )


class DecisionBody(Schema):
    track = String(required=True, validate=track_id)
    action = String(required=True, validate=OneOf([action.value for action in Action]))
    playlist = String(load_default=None, allow_none=True, validate=track_id)


class DecisionsBody(Schema):
    decisions = List(Nested(DecisionBody), required=True, validate=Length(1, use.MOST_AT_ONCE))


class AcceptBody(Schema):
    at_least = Float(required=True, validate=_confidence)


@dataclass(frozen=True)
class TriageState:
    """``triage`` is null if this browser has not started to sort this playlist."""

    triage: TriageAnswer | None


@blueprint.get("/api/playlists/<playlist_id>/triage")
@blueprint.query(TriageQuery)
@blueprint.doc(responses={404: "No such playlist"})
@expensive
def triage(playlist_id: str, query: dict[str, Any]) -> TriageState:
    """How far this browser has sorted a playlist, and the next tracks with proposals and their reasons."""
    viewer = session.viewer()
    return TriageState(use.triage_state(services(), playlist_id, viewer, query["limit"], query["at_least"]))


@blueprint.put("/api/playlists/<playlist_id>/triage")
@blueprint.body(TriageBody)
@blueprint.doc(responses={403: "A playlist of another browser", 404: "No such playlist"})
@expensive
def put_triage(playlist_id: str, body: dict[str, Any]) -> TriageState:
    """Start to sort a playlist, or choose other playlists to sort it into; earlier decisions are kept."""
    session.start()
    viewer = session.viewer()
    use.start_triage(services(), playlist_id, viewer, body["playlists"], body["person"])
    return TriageState(use.triage_state(services(), playlist_id, viewer))


@blueprint.delete("/api/playlists/<playlist_id>/triage")
@blueprint.output({}, status_code=204)
def delete_triage(playlist_id: str) -> str:
    """Delete the decisions; accepted tracks stay in the playlists."""
    use.forget(services(), playlist_id, session.viewer())
    return ""


@blueprint.post("/api/playlists/<playlist_id>/triage/decisions")
@takes(LARGEST_BODY)
@blueprint.body(DecisionsBody)
@blueprint.doc(responses={404: "No such track or playlist here", 409: "A track is decided already"})
@expensive
def decide(playlist_id: str, body: dict[str, Any]) -> TriageState:
    """Decide about tracks; undo takes all decisions of one request back.

    `accept` adds a track to `playlist`. `reject` excludes it from that playlist, and the next best is proposed. `none`
    leaves it out of all playlists. `skip` moves it to the end. The next proposals take the decisions into account.
    """
    return TriageState(use.decide_tracks(services(), playlist_id, session.viewer(), body["decisions"]))


@blueprint.post("/api/playlists/<playlist_id>/triage/accept")
@blueprint.body(AcceptBody)
@blueprint.doc(responses={404: "This browser does not sort this playlist"})
@expensive
def accept(playlist_id: str, body: dict[str, Any]) -> TriageState:
    """Accept every proposal with at least this confidence, except skipped tracks; undo takes all of them back."""
    return TriageState(use.accept_above(services(), playlist_id, session.viewer(), body["at_least"]))


@blueprint.post("/api/playlists/<playlist_id>/triage/undo")
@blueprint.doc(responses={404: "This browser does not sort this playlist", 409: "Nothing is decided"})
@expensive
def undo(playlist_id: str) -> TriageState:
    """Undo the last step; the tracks that it added are removed from their playlists."""
    return TriageState(use.undo_last(services(), playlist_id, session.viewer()))
