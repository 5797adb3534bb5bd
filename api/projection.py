"""Maps of a playlist and of the catalogue, as they were computed last; later tracks are placed among the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from marshmallow import RAISE

from api.current import services
from api.never import tracks_by_id
from api.playlists import find_playlist
from api.schemas import MAX_QUERY
from ml.projection.model import CATALOGUE, NoProjection, Projection
from ml.sound import coordinates
from store.domain import PlaylistItem, Track
from store.feature_rows import feature_rows

blueprint = APIBlueprint("projection", __name__, tag="Models")

Told = dict[str, Any] | tuple[str, int]
_MOST_ROWS = 20_000
_NONE = ("", 204)


class ProjectionQuery(Schema):
    track_id = String(validate=Length(min=1, max=MAX_QUERY), metadata={"description": "A track to place on it."})


@blueprint.get("/api/projection")
@blueprint.input(ProjectionQuery, location="query", arg_name="query", unknown=RAISE)
@blueprint.doc(responses={204: "None has been computed"})
def catalogue_projection(query: dict[str, Any]) -> Told:
    """The map of the catalogue: columns of equal length, one entry per track; `placed` ones came later."""
    projection = _load(CATALOGUE)
    return _answer(projection, list(query.values()), {}) if projection else _NONE


@blueprint.get("/api/playlists/<playlist_id>/projection")
@blueprint.input(ProjectionQuery, location="query", arg_name="query", unknown=RAISE)
@blueprint.doc(responses={204: "No map has been computed of it", 404: "No such playlist"})
def playlist_projection(playlist_id: str, query: dict[str, Any]) -> Told:
    """The map of a playlist; tracks that came after it was computed are `placed` among their nearest."""
    playlist = find_playlist(playlist_id)
    projection = _load(playlist.id)
    if projection is None:
        return _NONE
    items = services().database.playlist_items(playlist.id, limit=min(playlist.item_count or 1, _MOST_ROWS))
    return _answer(projection, [*(item.track_id for item in items), *query.values()], _added_by(items))


def _load(name: str) -> Projection | None:
    try:
        return Projection.load(services().config.var, name)
    except NoProjection:
        return None


def _added_by(items: Sequence[PlaylistItem]) -> dict[str, str]:
    """Return who added each track, the first where several did."""
    return {item.track_id: item.added_by for item in reversed(items) if item.added_by}


def _answer(projection: Projection, wanted: Sequence[str], people: dict[str, str]) -> dict[str, Any]:
    mapped = set(projection.ids)
    later = [one for one in dict.fromkeys(wanted) if one not in mapped]
    known = tracks_by_id(services(), later)
    heard = [(known[one], _place(known[one])) for one in later if one in known]
    new = [(track, place) for track, place in heard if place is not None]
    places = np.stack([place for _, place in new]) if new else np.empty((0, projection.places.shape[1]), np.float32)
    ids = [*projection.ids, *(track.id for track, _ in new)]
    families = sorted({family for family in projection.families if family})
    code = {family: at for at, family in enumerate(families)}
    return {
        **projection.about,
        "families": families,
        "not_shown": len(later) - len(new),
        "columns": {
            "id": ids,
            "title": [*projection.titles, *(track.title for track, _ in new)],
            "artists": [*projection.artists, *(", ".join(track.artists) for track, _ in new)],
            "family": [*(code.get(one, -1) for one in projection.families), *(-1 for _ in new)],
            "person": [people.get(one) for one in ids],
            "placed": [*(False for _ in projection.ids), *(True for _ in new)],
            **{
                method: np.concatenate([points, projection.place(places, method)]).round(4).tolist()
                for method, points in projection.maps.items()
            },
        },
    }


def _place(track: Track) -> np.ndarray | None:
    """Return the (12,) coordinates of a track's sound, ``None`` where less than half of it is known."""
    if track.features is None:
        return None
    place = coordinates(feature_rows([track.features]))[0]
    return place if np.isnan(place).mean() <= 0.5 else None
