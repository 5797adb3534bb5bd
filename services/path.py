"""A path from one track to another in even steps through the audio features.

The track of each step is near to the point of that step by sound, and its artist is like those of the two ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ml.neighbours.reasons import known_artist
from services.container import Services
from services.errors import no_features
from services.sound.demo import synthetic_to_exclude
from services.subject.resolve import by_id
from services.viewer import Viewer
from services.views import TrackSummary
from store.domain import AudioFeatures, Track, usable_features
from store.text import normalise

# Features that have no meaningful values in between: a path changes from one key to the other at its middle.
_LEAPS = frozenset({"key", "mode", "time_signature"})
# How many tracks nearest by sound are compared by artist, and what that counts beside the likeness of sound. Both were
# chosen on pairs of tracks of one playlist (split `valid`).
_CHOICE, _ARTIST = 50, 0.25
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
    used = {start_id, end_id} | synthetic_to_exclude(snapshot, ends)
    artists, fit = {normalise(end.first_artist) for end in ends}, _fit_of_artists(services, ends)
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
            snapshot, seed, limit=_CHOICE, exclude=used, artist_cap=1, weights=_SOUND_ALONE, corrected=False
        )
        # Each artist comes once, as long as there are others.
        others = [other for other in near if normalise(other.track.first_artist) not in artists] or near
        if others:
            best = max(others, key=lambda other: other.score + _ARTIST * fit(other.track, share))
            used.add(best.track.id)
            artists.add(normalise(best.track.first_artist))
            found.append((best.track, best.score))
    steps = [(ends[0], 1.0), *found, (ends[1], 1.0)]
    return Path([_step(track, score) for track, score in steps])


def _fit_of_artists(services: Services, ends: Sequence[Track]) -> Callable[[Track, float], float]:
    """Return a function that says how well a track's artist goes with the ends, 0 to 1, at a share of the way."""
    known = [known_artist(end.artists, services.artists) for end in ends]
    first, last = (services.artists.likeness(artist[0]) if artist else None for artist in known)

    def fit(track: Track, share: float) -> float:
        artist = known_artist(track.artists[:1], services.artists)
        if artist is None:
            return 0.0
        likeness = [0.0 if of_end is None else float(of_end[artist[0]]) for of_end in (first, last)]
        return (1 - share) * likeness[0] + share * likeness[1]

    return fit


def _step(track: Track, score: float) -> PathStep:
    features = usable_features(track)
    return PathStep(TrackSummary.of(track), round(score, 3), dict(features.values) if features else {})
