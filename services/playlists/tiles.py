"""The pictures of playlists: four tracks of each, and their moods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.container import Services
from services.playlists.moods import Mood, moods
from services.playlists.playlists import visible_playlists, with_tracks
from services.viewer import Viewer
from services.views import audio_url
from store.domain import Playlist, Track

# The newest playlists have a tile each, which is drawn from the tracks at the playlist's beginning.
MOST_PLAYLISTS, MOST_ROWS = 60, 50
_TILES = 4


@dataclass(frozen=True)
class TileTrack:
    """A track in a playlist's picture.

    The page shows its cover, found by its id, or else a drawing made from its names and audio features.
    """

    id: str
    title: str
    artists: tuple[str, ...]
    audio_url: str | None
    features: Mapping[str, float]


@dataclass(frozen=True)
class PlaylistTile:
    """Four of the first 50 tracks, spread evenly, and how many of these 50 have which mood.

    Only tracks of known energy are chosen, if there are at least four.
    """

    id: str
    tiles: list[TileTrack]
    moods: dict[Mood, int]


def tiles_of(services: Services, viewer: Viewer) -> list[PlaylistTile]:
    """Return the tiles of the newest playlists that a viewer sees."""
    return [_tile(services, playlist) for playlist in visible_playlists(services, viewer)[:MOST_PLAYLISTS]]


def _tile(services: Services, playlist: Playlist) -> PlaylistTile:
    rows = with_tracks(services, playlist, services.database.playlist_items(playlist.id, limit=MOST_ROWS))
    tracks = list({track.id: track for _, track in rows}.values())
    return PlaylistTile(playlist.id, picture_of(tracks), moods(tracks))


def picture_of(tracks: Sequence[Track]) -> list[TileTrack]:
    """Return the four tracks that stand for a playlist, chosen among its first 50; empty if it has none."""
    tracks = list({track.id: track for track in tracks[:MOST_ROWS]}.values())
    with_sound = [track for track in tracks if "energy" in track.feature_values]
    chosen = with_sound if len(with_sound) >= _TILES else tracks
    four = [chosen[at * len(chosen) // _TILES] for at in range(_TILES)] if chosen else []
    return [TileTrack(track.id, track.title, track.artists, audio_url(track), track.feature_values) for track in four]
