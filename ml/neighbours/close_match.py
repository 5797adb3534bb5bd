"""Whether two tracks are alike enough to go together, or one is merely the nearest that a small catalogue holds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ml.artists.model import ArtistEmbedding
from ml.neighbours.model import ARTIST_POWER, SOUND_WIDTH, Weights
from ml.neighbours.reasons import known_artist
from ml.sound import coordinates, squared_distances
from store.domain import Track, usable_features
from store.feature_rows import feature_rows
from store.text import normalise

# Likeness, by what it could be judged by, from which two tracks by different artists are on one playlist at least four
# times as often as chance has it; so are those whose artists share a genre. Chosen on the playlists of split `valid`;
# bench/founded.py reports `test`.
LEAST: Mapping[frozenset[str], float] = {
    frozenset({"sound", "artist"}): 0.40,
    frozenset({"sound"}): 0.92,
    frozenset({"artist"}): 0.30,
}
_PLAIN: Mapping[str, float] = {}


def founded(seed: Track, other: Track, artists: ArtistEmbedding, weights: Mapping[str, float] = _PLAIN) -> bool:
    """Tell whether ``other`` goes with ``seed``: by the same artist, of one genre by name, or alike enough.

    ``weights`` are those of :func:`~ml.neighbours.model.weights_from`; a kind of similarity of weight 0 proves nothing.
    """
    counted = {kind for kind in ("sound", "artist", "genre") if weights.get(kind, 1.0) > 0}
    firsts = {normalise(track.artists[0]) if track.artists else track.id for track in (seed, other)}
    if "artist" in counted and len(firsts) == 1:
        return True
    if "genre" in counted and genres(seed) & genres(other):
        return True
    value, by = likeness(seed, other, artists, counted)
    return bool(by) and value >= LEAST[by]


def genres(track: Track) -> set[str]:
    """Return the genres that were given to a track and its artists, as they are compared."""
    return {normalise(name) for name in (*track.labels, *track.artist_genres)}


def likeness(seed: Track, other: Track, artists: ArtistEmbedding, counted: set[str]) -> tuple[float, frozenset[str]]:
    """Return how alike two tracks are, 0 to 1, and by what of sound and artist that could be judged; popularity apart.

    Nothing is known, and the likeness 0, where that is empty.
    """
    parts = {"sound": _sound(seed, other), "artist": _artist(seed, other, artists)}
    told = {kind: part for kind, part in parts.items() if part is not None and kind in counted}
    usual = {kind: getattr(Weights(), kind) for kind in told}
    total = sum(usual.values())
    return (sum(usual[kind] * part for kind, part in told.items()) / total if total else 0.0), frozenset(told)


def _sound(seed: Track, other: Track) -> float | None:
    features = usable_features(seed), usable_features(other)
    if None in features:
        return None
    places = coordinates(feature_rows(features))
    squared = float(squared_distances(places[:1], places[1])[0])
    return None if math.isnan(squared) else math.exp(-squared / (2 * SOUND_WIDTH**2))


def _artist(seed: Track, other: Track, artists: ArtistEmbedding) -> float | None:
    found = known_artist(seed.artists, artists), known_artist(other.artists[:1], artists)
    places = [artists.unit(one[0]) for one in found if one]
    if len(places) < 2 or not all(place.any() for place in places):
        return None
    return max(float(places[0] @ places[1]), 0.0) ** ARTIST_POWER
