"""Maps of a playlist and of the catalogue, as they were computed last; later tracks are placed among the others."""

from typing import Any, Literal

from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from marshmallow import RAISE

import services.maps as use
from api.current import services
from api.schemas import MAX_QUERY

blueprint = APIBlueprint("projection", __name__, tag="Models")

MapOrNone = use.ProjectionMap | tuple[Literal[""], Literal[204]]
_NONE: tuple[Literal[""], Literal[204]] = ("", 204)


class ProjectionQuery(Schema):
    track_id = String(validate=Length(min=1, max=MAX_QUERY), metadata={"description": "A track to place on it."})


@blueprint.get("/api/projection")
@blueprint.input(ProjectionQuery, location="query", arg_name="query", unknown=RAISE)
@blueprint.doc(responses={204: "None has been computed"})
def catalogue_projection(query: dict[str, Any]) -> MapOrNone:
    """The map of the catalogue: columns of equal length, one entry per track; `placed` ones came later."""
    return use.catalogue_map(services(), query.get("track_id")) or _NONE


@blueprint.get("/api/playlists/<playlist_id>/projection")
@blueprint.input(ProjectionQuery, location="query", arg_name="query", unknown=RAISE)
@blueprint.doc(responses={204: "No map has been computed of it", 404: "No such playlist"})
def playlist_projection(playlist_id: str, query: dict[str, Any]) -> MapOrNone:
    """The map of a playlist; tracks that came after it was computed are `placed` among their nearest."""
    return use.playlist_map(services(), playlist_id, query.get("track_id")) or _NONE
