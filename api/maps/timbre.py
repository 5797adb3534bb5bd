"""Sound-alikes and the timbre map of the tracks whose analyses are stored here."""

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, String
from apiflask.validators import Length, Range
from marshmallow import RAISE

import services.timbre as use
from api.current import services
from api.schemas import MAX_QUERY

blueprint = APIBlueprint("timbre", __name__, tag="Timbre")


class AlikeQuery(Schema):
    track_id = String(required=True, validate=Length(min=1, max=MAX_QUERY), metadata={"description": "See the map."})
    limit = Integer(load_default=10, validate=Range(1, 50))


@blueprint.get("/api/timbre/map")
def timbre_map() -> use.TimbreMap:
    """Every analysed track on the map, its cluster, and how well the served embedding finds a track's other half."""
    return use.timbre_map(services())


@blueprint.get("/api/timbre/alike")
@blueprint.input(AlikeQuery, location="query", arg_name="query", unknown=RAISE)
@blueprint.doc(responses={404: "The track has no analysis here"})
def timbre_alike(query: dict[str, Any]) -> use.TimbreAlike:
    """The analysed tracks that sound most like one of them, with the cosine of their embeddings (-1 to 1)."""
    return use.timbre_alike(services(), query["track_id"], query["limit"])
