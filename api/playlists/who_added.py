"""GET /api/playlists/<id>/who-added: who of a playlist's contributors would have added a track."""

from typing import Any

from apiflask import APIBlueprint
from marshmallow import RAISE

import services.who_added as use
from api import session
from api.current import services
from api.schemas import SubjectQuery

blueprint = APIBlueprint("who_added", __name__, tag="Playlists")


@blueprint.get("/api/playlists/<playlist_id>/who-added")
@blueprint.input(SubjectQuery, location="query", arg_name="query", unknown=RAISE)
def who_added(playlist_id: str, query: dict[str, Any]) -> use.WhoAdded | use.WhoAddedState:
    """Who would have added a track, by a model that was trained on this playlist.

    With `q`, `track_id`, or `track` and `artist`: the odds of each contributor, or "not sure" (`who` is null).
    Without: how good that model is, its confusion matrix, and its tracks on a map.
    """
    if query:
        return use.who_added(services(), playlist_id, query)
    return use.state(services(), playlist_id, session.owner())
