"""What the page of a playlist shows: its rows in one answer, and an overview of it."""

from typing import Any

from apiflask import Schema
from apiflask.fields import Integer, List, String
from apiflask.validators import Length, Range

from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import track_id
from services.hub import adding
from services.hub import columns as rows
from services.hub import gathered as origin
from services.hub import overview as glance
from services.playlists import PlaylistSummary
from store.database import PAGE_ITEMS

blueprint = Blueprint("hub", __name__, tag="Playlists")


class TracksAdded(Schema):
    tracks = List(String(validate=track_id), required=True, validate=Length(1, PAGE_ITEMS))


class ColumnsQuery(Schema):
    start = Integer(load_default=0, validate=Range(min=0), metadata={"description": "Position of the first row."})


@blueprint.get("/api/playlists/<playlist_id>/columns")
@blueprint.query(ColumnsQuery)
def columns(playlist_id: str, query: dict[str, Any]) -> rows.PlaylistColumns:
    """All rows of a playlist as columns, 20,000 in one answer: a list for each value, an entry for each row."""
    return rows.playlist_columns(services(), playlist_id, session.viewer(), query["start"])


@blueprint.get("/api/playlists/<playlist_id>/overview")
def overview(playlist_id: str) -> glance.Overview:
    """A playlist at a glance: genres, decades, moods, sources of features, facts worth telling, its people."""
    return glance.overview(services(), playlist_id, session.viewer())


@blueprint.get("/api/playlists/<playlist_id>/gathered")
def gathered(playlist_id: str) -> origin.Gathered:
    """How the data of a playlist came here: which sources told of which tracks, and what they recommended for them."""
    return origin.gathered(services(), playlist_id, session.viewer())


@blueprint.post("/api/playlists/<playlist_id>/tracks")
@blueprint.body(TracksAdded)
@blueprint.doc(responses={403: "Another browser's playlist", 404: "No such playlist or track", 409: "Still arriving"})
def add(playlist_id: str, body: dict[str, list[str]]) -> PlaylistSummary:
    """Add known tracks at the end of a playlist of this browser's; what is in it already is not repeated."""
    return adding.add_tracks(services(), playlist_id, session.viewer(), body["tracks"])
