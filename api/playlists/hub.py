"""The data of a playlist's page: its rows in one answer, and an overview."""

from dataclasses import dataclass
from typing import Any

from apiflask import Schema
from apiflask.fields import Integer
from apiflask.validators import Range

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.expensive import expensive
from services.playlists import columns as rows
from services.playlists import gathered as origin
from services.playlists import overview as glance
from services.playlists import tiles as drawn

blueprint = Blueprint("hub", __name__, tag="Playlists")


class ColumnsQuery(Schema):
    start = Integer(load_default=0, validate=Range(min=0), metadata={"description": "Position of the first row."})


@dataclass(frozen=True)
class TilesAnswer:
    tiles: list[drawn.PlaylistTile]


@blueprint.get("/api/playlists/tiles")
@expensive
def tiles() -> TilesAnswer:
    """The data for the tiles of the newest playlists: four tracks of each, and moods."""
    return TilesAnswer(drawn.tiles_of(services(), session.viewer()))


@blueprint.get("/api/playlists/<playlist_id>/columns")
@blueprint.query(ColumnsQuery)
@expensive
def columns(playlist_id: str, query: dict[str, Any]) -> rows.PlaylistColumns:
    """All rows of a playlist as columns, 20,000 in one answer: a list for each value, an entry for each row."""
    return rows.playlist_columns(services(), playlist_id, session.viewer(), query["start"])


@blueprint.get("/api/playlists/<playlist_id>/overview")
@expensive
def overview(playlist_id: str) -> glance.Overview:
    """A playlist at a glance: genres, decades, moods, sources of features, facts worth telling, its people."""
    return glance.overview(services(), playlist_id, session.viewer())


@blueprint.get("/api/playlists/<playlist_id>/gathered")
@expensive
def gathered(playlist_id: str) -> origin.Gathered:
    """Where the data of a playlist are from: which sources described which tracks, and what they recommended."""
    return origin.gathered(services(), playlist_id, session.viewer())
