"""All rows of a playlist in one answer, as columns: the page draws the playlist's map and table from them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from services.container import Services
from services.playlists.groups import clusters_of, main_families
from services.playlists.playlists import PlaylistSummary, describe, find_playlist, with_tracks
from services.playlists.tiles import TileTrack, picture_of
from services.viewer import Viewer
from services.views import audio_url
from store.domain import AUDIO_FEATURES
from store.feature_rows import feature_rows

# Rows of one answer; a longer playlist takes several. Their tracks are held a part at a time.
MOST_ROWS = 20_000
_AT_ONCE = 2_000
_OF_ITEM = ("position", "added_at", "plays")
_OF_TRACK = ("id", "title", "artists", "album", "year", "popularity", "explicit", "duration_ms", "labels")


@dataclass(frozen=True, kw_only=True)
class RowColumns:
    """One entry for each row, null where it is not known.

    Four columns are positions in lists of the answer: ``added_by`` in ``people``, ``source`` (of the audio features) in
    ``sources``, ``family`` (of genres) in ``families`` and ``cluster`` (of sound) in ``clusters``. ``audio_url`` plays
    the row's own file. ``artist_point`` is the (x, y), each -1 to 1, of the first known artist on the map of artists.
    """

    position: list[int]
    id: list[str]
    title: list[str]
    artists: list[tuple[str, ...]]
    album: list[str | None]
    year: list[int | None]
    popularity: list[float | None]
    explicit: list[bool | None]
    duration_ms: list[int | None]
    labels: list[tuple[str, ...]]
    audio_url: list[str | None]
    added_by: list[int | None]
    added_at: list[datetime | None]
    plays: list[int | None]
    source: list[int | None]
    family: list[int | None]
    cluster: list[int | None]
    artist_point: list[tuple[float, float] | None]
    features: dict[str, list[float | None]]


@dataclass(frozen=True, kw_only=True)
class PlaylistColumns:
    """Rows of a playlist from ``start`` on; ``end`` is the position after the last one of them.

    ``tiles`` are the four tracks of the playlist's picture; empty unless ``start`` is 0.
    """

    playlist: PlaylistSummary
    start: int
    end: int
    people: list[str]
    sources: list[str]
    families: list[str]
    clusters: list[str]
    tiles: list[TileTrack]
    columns: RowColumns


def playlist_columns(services: Services, playlist_id: str, viewer: Viewer, start: int) -> PlaylistColumns:
    """Return up to 20,000 rows of a playlist as columns, from position ``start`` on; raises ServiceError 404."""
    playlist = find_playlist(services, playlist_id, viewer)
    people, sources, families, clusters = _Numbers(), _Numbers(), _Numbers(), _Numbers()
    point_of = cache(services.artist_points)
    columns: dict[str, list[Any]] = {column.name: [] for column in fields(RowColumns) if column.name != "features"}
    sounds: list[npt.NDArray[np.float32]] = []
    tiles: list[TileTrack] = []
    end = start
    # Tracks take ten times the memory of their columns, so only some are held at a time.
    while end < start + MOST_ROWS:
        items = services.database.playlist_items(playlist.id, start=end, limit=min(_AT_ONCE, start + MOST_ROWS - end))
        rows = with_tracks(services, playlist, items)
        tracks = [track for _, track in rows]
        if not end:
            tiles = picture_of(tracks)
        sounds.append(feature_rows([track.features for track in tracks]))
        added: dict[str, Iterable[Any]] = {
            **{name: map(attrgetter(name), tracks) for name in _OF_TRACK},
            **{name: [getattr(item, name) for item, _ in rows] for name in _OF_ITEM},
            "added_by": (people.of(item.added_by) for item, _ in rows),
            "audio_url": map(audio_url, tracks),
            "source": (sources.of(track.features.source if track.features else None) for track in tracks),
            "family": map(families.of, main_families(services, tracks)),
            "cluster": map(clusters.of, clusters_of(services, sounds[-1])),
            "artist_point": (_rounded(point_of(track.artists)) for track in tracks),
        }
        for name, values in added.items():
            columns[name] += values
        end += len(items)
        if len(items) < _AT_ONCE:
            break
    return PlaylistColumns(
        playlist=describe(playlist, viewer),
        start=start,
        end=end,
        columns=RowColumns(features=_feature_columns(np.concatenate(sounds)), **columns),
        people=people.names,
        sources=sources.names,
        families=families.names,
        clusters=clusters.names,
        tiles=tiles,
    )


def _feature_columns(values: npt.NDArray[np.float32]) -> dict[str, list[float | None]]:
    """Return the columns of (n, 13) features by name, null where a value is unknown."""
    rounded = np.round(values.astype(np.float64), 4).T.tolist()
    columns = zip(AUDIO_FEATURES, rounded, strict=True)
    return {name: [None if value != value else value for value in column] for name, column in columns}


def _rounded(point: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if point is None else (round(point[0], 4), round(point[1], 4))


class _Numbers:
    """Gives each new name the next number, from 0."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}

    def of(self, name: str | None) -> int | None:
        return None if name is None else self._number.setdefault(name, len(self._number))

    @property
    def names(self) -> list[str]:
        return list(self._number)
