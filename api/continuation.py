"""GET /api/playlists/<id>/next: what may come next in a playlist, each with the songs it goes with."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, String
from apiflask.validators import Range
from marshmallow import RAISE

from api import session
from api.current import services
from api.errors import ApiError
from ml.continuation.model import MAX_LIMIT, MOST_SEEDS, ContinuationQuery
from services.library import with_features
from services.playlists import describe, find_playlist
from services.views import track_summary

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
def next_tracks(playlist_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """Tracks of the catalogue that go on with a playlist, best first, none of its own recordings among them.

    `method` is the way to rank that did best on held-out playlists, `method_score` what it scored there.
    """
    playlist = find_playlist(services(), playlist_id)
    here = services()
    snapshot = here.catalogue.current()
    start = max(0, playlist.item_count - MOST_SEEDS)
    items = here.database.playlist_items(playlist.id, start=start, limit=MOST_SEEDS)
    known = with_features(here, here.database.get_tracks({item.track_id for item in items}))
    tracks = [known[item.track_id] for item in items if item.track_id in known]
    if not tracks:
        raise ApiError(422, "no_seeds", "No track of this playlist is known yet.", "Wait until its import is done.")
    if not len(snapshot):
        raise ApiError(
            422, "no_catalogue", "There is no track to choose from yet.", "Bring in playlists, or a table of tracks."
        )
    model = here.continuation
    exclude = {part.strip() for part in query["exclude"].split(",") if part.strip()}
    found = model.next(
        snapshot,
        ContinuationQuery(tracks=tracks, name=playlist.name),
        limit=query["limit"],
        exclude=exclude,
        artist_cap=query["artist_cap"],
    )
    return {
        "playlist": describe(playlist, session.owner()),
        "method": model.method,
        "method_score": model.scores.get("served_score"),
        "split": model.scores.get("split"),
        "scores": model.scores.get("table", []),
        "version": model.version,
        "tracks": [
            {**track_summary(snapshot.track(one.ref)), "score": round(one.score, 4), "reason": one.reason}
            for one in found
        ],
    }
