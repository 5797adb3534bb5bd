"""Maps of a playlist and of the catalogue as last computed; tracks added since then are placed among the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.projection.model import CATALOGUE, NEIGHBOURS, NoProjection, Projection, map_of_catalogue
from ml.sound import coordinates
from services.container import Services
from services.errors import not_found
from services.playlists.playlists import find_playlist
from services.viewer import Viewer
from store.domain import Track
from store.feature_rows import feature_rows
from store.library import tracks_by_id

_MOST_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class ProjectionMap:
    """A map by several methods, made with ``seed`` from at most ``sampled_from`` tracks.

    ``columns`` are lists with one entry per track: id, title, artists, family (position in ``families``, -1 for none),
    person, placed (added after the map was computed), and x and y by method. ``not_shown`` tracks lack audio features.
    """

    made_at: str
    seed: int
    sampled_from: int
    methods: dict[str, dict[str, float]]
    families: list[str]
    not_shown: int
    columns: dict[str, list[Any]]


@dataclass(frozen=True)
class FarNeighbour:
    """A track that is near a given one on a map without sounding like it.

    A share ``nearer_share`` (0 to 1) of the map's tracks sound more like the given one. ``artists`` are one text.
    """

    id: str
    title: str
    artists: str
    nearer_share: float


@dataclass(frozen=True)
class FarNeighbours:
    """Which of the ``neighbours`` that are nearest to a track on a map are far from it in sound."""

    neighbours: int
    far: list[FarNeighbour]


def catalogue_map(services: Services, track_id: str | None, viewer: Viewer) -> ProjectionMap | None:
    """Return the map of the catalogue with ``track_id`` placed on it; None where none has been computed."""
    projection = _of_catalogue(services, viewer)
    return _answer(services, projection, [track_id] if track_id else [], {}, viewer) if projection else None


def playlist_map(services: Services, playlist_id: str, track_id: str | None, viewer: Viewer) -> ProjectionMap | None:
    """Return the map of a playlist with later tracks and ``track_id`` placed on it; None where none has been computed.

    Raises ServiceError 404 for an unknown playlist.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    projection = _load(services, playlist.id)
    if projection is None:
        return None
    items = services.database.playlist_items(playlist.id, limit=min(playlist.item_count or 1, _MOST_ROWS))
    added_by = {item.track_id: item.added_by for item in reversed(items) if item.added_by}  # the first of several
    wanted = [*(item.track_id for item in items), *([track_id] if track_id else [])]
    return _answer(services, projection, wanted, added_by, viewer, playlist.owner)


def far_neighbours(
    services: Services, track_id: str, method: str, playlist_id: str | None, viewer: Viewer
) -> FarNeighbours:
    """Return the tracks that a map shows next to ``track_id`` though they do not sound like it.

    The map is that of the playlist ``playlist_id``, or the catalogue's for None. Raises ServiceError 404 for an unknown
    playlist, a map that has not been computed by ``method``, and a track that is not on it.
    """
    if playlist_id is None:
        projection = _of_catalogue(services, viewer)
    else:
        projection = _load(services, find_playlist(services, playlist_id, viewer).id)
    if projection is None or method not in projection.maps or track_id not in projection.ids:
        raise not_found("This track is not on such a map.", "See /api/projection for the tracks and methods.")
    found = projection.far_neighbours(projection.ids.index(track_id), method)
    return FarNeighbours(
        neighbours=min(NEIGHBOURS, len(projection.ids) - 1),
        far=[
            FarNeighbour(projection.ids[at], projection.titles[at], projection.artists[at], round(share, 3))
            for at, share in found
        ],
    )


def _of_catalogue(services: Services, viewer: Viewer) -> Projection | None:
    name = map_of_catalogue(services.catalogue.current(viewer.owner), viewer.owner)
    return _load(services, name) or _load(services, CATALOGUE)


def _load(services: Services, name: str) -> Projection | None:
    try:
        return Projection.load(services.config.var, name)
    except NoProjection:
        return None


def _answer(
    services: Services,
    projection: Projection,
    wanted: Sequence[str],
    people: dict[str, str],
    viewer: Viewer,
    brought_by: str | None = None,
) -> ProjectionMap:
    mapped = set(projection.ids)
    later = [track_id for track_id in dict.fromkeys(wanted) if track_id not in mapped]
    snapshot = services.catalogue.current(viewer.owner)
    known = tracks_by_id(snapshot, services.database, later, brought_by or viewer.owner)
    placed = [(known[track_id], _place(known[track_id])) for track_id in later if track_id in known]
    new = [(track, place) for track, place in placed if place is not None]
    places = np.stack([place for _, place in new]) if new else np.empty((0, projection.places.shape[1]), np.float32)
    ids = [*projection.ids, *(track.id for track, _ in new)]
    families = sorted({family for family in projection.families if family})
    code = {family: at for at, family in enumerate(families)}
    return ProjectionMap(
        **projection.about,
        families=families,
        not_shown=len(later) - len(new),
        columns={
            "id": ids,
            "title": [*projection.titles, *(track.title for track, _ in new)],
            "artists": [*projection.artists, *(", ".join(track.artists) for track, _ in new)],
            "family": [*(code.get(family, -1) for family in projection.families), *(-1 for _ in new)],
            "person": [people.get(track_id) for track_id in ids],
            "placed": [*(False for _ in projection.ids), *(True for _ in new)],
            **{
                method: np.concatenate([points, projection.place(places, method)]).round(4).tolist()
                for method, points in projection.maps.items()
            },
        },
    )


def _place(track: Track) -> np.ndarray | None:
    """Return the (12,) coordinates of a track's sound, ``None`` where less than half of it is known."""
    if track.features is None:
        return None
    place = coordinates(feature_rows([track.features]))[0]
    return place if np.isnan(place).mean() <= 0.5 else None
