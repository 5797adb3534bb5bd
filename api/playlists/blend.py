"""One list for several people, from what each of them chose."""

from collections.abc import Mapping
from typing import Any

from apiflask import Schema
from apiflask.fields import Boolean, Dict, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range
from marshmallow import ValidationError, validates_schema

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.expensive import expensive
from api.schemas import track_id
from ml.blend.fairness import Method
from ml.blend.model import MOST_PEOPLE, MOST_TRACKS
from services.playlists import blend as use
from services.playlists.never import MAX_NEVER

blueprint = Blueprint("blend", __name__, tag="Playlists")

_id = String(validate=track_id)


class Filters(Schema):
    spoken = Boolean(load_default=True, metadata={"description": "Leave out spoken word (speechiness above 0.66)."})
    explicit = Boolean(load_default=False, metadata={"description": "Leave out what is marked as explicit."})
    seasonal = Boolean(load_default=True, metadata={"description": "Leave out Christmas and Halloween, by title."})
    known = Boolean(load_default=True, metadata={"description": "Leave out every recording on these playlists."})
    shortest_s = Float(load_default=0.0, validate=Range(0), metadata={"description": "Leave out shorter tracks."})
    longest_s = Float(
        load_default=None, allow_none=True, validate=Range(0), metadata={"description": "Leave out longer tracks."}
    )

    @validates_schema
    def _not_crossed(self, given: Mapping[str, Any], **_more: Any) -> None:
        longest = given["longest_s"]
        if longest is not None and given["shortest_s"] > longest:
            raise ValidationError("No track is longer than shortest_s and shorter than this.", "longest_s")


class BlendBody(Schema):
    playlist = String(validate=track_id, metadata={"description": "Its contributors are blended."})
    playlists = List(
        _id, validate=Length(1, MOST_PEOPLE), metadata={"description": "Or: each playlist stands for one person."}
    )
    people = List(_id, validate=Length(1, MOST_PEOPLE), metadata={"description": "Only these contributors."})
    method = String(load_default=Method.FAIR.value, validate=OneOf([method.value for method in Method]))
    length = Integer(load_default=20, validate=Range(1, MOST_TRACKS))
    weights = Dict(
        keys=String(),
        values=Float(validate=Range(0, 1000)),
        load_default=dict,
        metadata={"description": "How much each person counts, in any unit; a person who is not named counts nothing."},
    )
    artist_cap = Integer(load_default=2, validate=Range(1, 50))
    filters = Nested(Filters, load_default=lambda: Filters().load({}))
    novelty = Float(load_default=0.0, validate=Range(0, 1), metadata={"description": "0: what fits; 1: what is new."})
    never = List(_id, load_default=list, validate=Length(max=MAX_NEVER))


@blueprint.post("/api/blend")
@blueprint.body(BlendBody)
@blueprint.doc(responses={404: "No such playlist or person", 422: "Nothing is known of their tracks"})
@expensive
def post_blend(body: dict[str, Any]) -> use.BlendAnswer:
    """Tracks of the catalogue for several people: whom each is for and why, and how well the list suits everybody.

    `fairness` is that of this list, `average` that of the list by plain average. Tracks in `never`, and tracks that
    this browser does not want now or ever, are left out.
    """
    return use.blend_playlists(services(), body, session.viewer())
