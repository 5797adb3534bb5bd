"""A path from one track to another in even steps through the audio features.

The track of each step is the nearest by sound to the point of that step.
"""

from dataclasses import dataclass, replace

from services.container import Services
from services.errors import no_features
from services.sound.demo import synthetic_beside
from services.subject.resolve import by_id
from services.viewer import Viewer
from services.views import TrackSummary
from store.domain import AudioFeatures, Track, usable_features

# Features that have no meaningful values in between: a path changes from one key to the other at its middle.
_LEAPS = frozenset({"key", "mode", "time_signature"})
_SOUND_ALONE = {"artist": 0.0, "genre": 0.0, "popularity": 0.0}


@dataclass(frozen=True)
class PathStep:
    """A track of the path, and how close it sounds to the point of its step (0 to 1; 1 for the two ends)."""

    track: TrackSummary
    score: float
    features: dict[str, float]


@dataclass(frozen=True)
class Path:
    steps: list[PathStep]


def find_path(services: Services, start_id: str, end_id: str, between: int, viewer: Viewer) -> Path:
    """Return a path from one known track to another with ``between`` tracks between them, fewer if no more are found.

    Raises
    ------
    ServiceError
        404 for an unknown track, 422 for one whose audio features are not known.
    """
    snapshot = services.catalogue.current(viewer.owner)
    ends = [by_id(services, snapshot, track_id, viewer).track for track_id in (start_id, end_id)]
    sounds = [usable_features(track) for track in ends]
    for track, sound in zip(ends, sounds, strict=True):
        if sound is None:
            raise no_features(f"No audio features of “{track.title}” are known.", "Choose a track with audio features.")
    first, last = (sound.values for sound in sounds if sound is not None)
    used = {start_id, end_id} | synthetic_beside(snapshot, ends)
    found: list[tuple[Track, float]] = []
    for step in range(1, between + 1):
        share = step / (between + 1)
        values = {
            name: (first if share < 0.5 else last)[name]
            if name in _LEAPS
            else (1 - share) * first[name] + share * last[name]
            for name in first.keys() & last.keys()
        }
        seed = replace(ends[0], id="", artists=(), features=AudioFeatures(values=values, source="path"))
        near = services.neighbours.recommend(
            snapshot, seed, limit=1, exclude=used, artist_cap=1, weights=_SOUND_ALONE, corrected=False
        )
        for neighbour in near:
            track = snapshot.track(neighbour.ref)
            used.add(track.id)
            found.append((track, neighbour.score))
    steps = [(ends[0], 1.0), *found, (ends[1], 1.0)]
    return Path([_step(track, score) for track, score in steps])


def _step(track: Track, score: float) -> PathStep:
    features = usable_features(track)
    return PathStep(TrackSummary.of(track), round(score, 3), dict(features.values) if features else {})
