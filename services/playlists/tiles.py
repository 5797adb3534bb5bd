"""What the tiles of the playlists are drawn from: the sound of some tracks of each, and their moods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.container import Services
from services.playlists.moods import Mood, moods
from services.playlists.playlists import visible_playlists
from services.viewer import Viewer
from store.domain import Playlist, Track
from store.library import shown_tracks

# Playlists that have a tile, the newest ones, and the tracks at their beginning that it is drawn from.
MOST_PLAYLISTS, MOST_ROWS = 60, 50
_TILES = 4


@dataclass(frozen=True)
class PlaylistTile:
    """The audio features of up to four tracks, spread evenly, and how many of the first 50 tracks have which mood."""

    id: str
    tiles: list[Mapping[str, float]]
    moods: dict[Mood, int]


def tiles_of(services: Services, viewer: Viewer) -> list[PlaylistTile]:
    """Return the tiles of the newest playlists that a viewer sees."""
    return [_tile(services, playlist) for playlist in visible_playlists(services, viewer)[:MOST_PLAYLISTS]]


def _tile(services: Services, playlist: Playlist) -> PlaylistTile:
    ids = [item.track_id for item in services.database.playlist_items(playlist.id, limit=MOST_ROWS)]
    known = shown_tracks(services.catalogue, services.database, playlist.owner, set(ids))
    tracks = [known[track_id] for track_id in dict.fromkeys(ids) if track_id in known]
    return PlaylistTile(playlist.id, _spread(tracks), moods(tracks))


def _spread(tracks: Sequence[Track]) -> list[Mapping[str, float]]:
    sounds = [track.features.values for track in tracks if track.features]
    return [sounds[int(at)] for at in np.unique(np.linspace(0, len(sounds) - 1, _TILES, dtype=int))] if sounds else []
