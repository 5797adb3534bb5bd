"""GET /api/playlists/<id>/next: what may come next in a playlist, each with the songs it goes with."""

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, String
from apiflask.validators import Range
from marshmallow import RAISE

import services.next as use
from api import session
from api.current import services
from ml.continuation.model import MAX_LIMIT

blueprint = APIBlueprint("continuation", __name__, tag="Playlists")


class NextQuery(Schema):
    limit = Integer(load_default=20, validate=Range(1, MAX_LIMIT))
    artist_cap = Integer(load_default=3, validate=Range(1, 50), metadata={"description": "Tracks per artist at most."})
    # As in api.schemas: marshmallow's metaclass takes the field away before the class attribute matters.
    exclude = String(  # type: ignore[assignment]
        load_default="", metadata={"description": "Track ids that must not come back, with commas."}
    )


@blueprint.get("/api/playlists/<playlist_id>/next")
@blueprint.input(NextQuery, location="query", arg_name="query", unknown=RAISE)
def next_tracks(playlist_id: str, query: dict[str, Any]) -> use.NextAnswer:
    """Tracks of the catalogue that go on with a playlist, best first, none of its own recordings among them.

    `method` is the way to rank that did best on held-out playlists, `method_score` what it scored there.
    """
    exclude = {part.strip() for part in query["exclude"].split(",") if part.strip()}
    return use.next_tracks(
        services(),
        playlist_id,
        session.owner(),
        limit=query["limit"],
        artist_cap=query["artist_cap"],
        exclude=exclude,
    )
