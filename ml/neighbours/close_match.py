"""Close matches: whether two tracks go together, or one is merely the nearest in a small catalogue."""

import math
from collections.abc import Collection, Mapping

from ml.artists.model import ArtistEmbedding
from ml.neighbours.company import ARTIST_POWER
from ml.neighbours.model import SOUND_WIDTH, Weights
from ml.neighbours.reasons import Differences, differences, known_artist
from ml.sound import squared_distance
from store.domain import Track, usable_features
from store.text import normalise

# Least likeness of a close match, by the kinds of similarity that are known. Two tracks by different artists that reach
# it are in one playlist at least four times as often as by chance, like two tracks whose artists share a genre. Chosen
# on the playlists of split `valid`; bench/close_match.py reports `test`.
LEAST: Mapping[frozenset[str], float] = {
    frozenset({"sound", "artist"}): 0.40,
    frozenset({"sound"}): 0.92,
    frozenset({"artist"}): 0.30,
}
_NO_FACTORS: Mapping[str, float] = {}
_WEIGHTS = Weights()


def is_close_match(
    seed: Track,
    other: Track,
    artists: ArtistEmbedding,
    weights: Mapping[str, float] = _NO_FACTORS,
    apart: Differences | None = None,
) -> bool:
    """Return whether ``other`` goes with ``seed``: same first artist, a shared genre name, or enough likeness.

    ``weights`` are factors as :func:`~ml.neighbours.model.weights_from` returns them. A kind of similarity ("sound",
    "artist", "genre") with factor 0 is not considered. ``apart`` are the tracks'
    :func:`~ml.neighbours.reasons.differences` if they are known already.
    """
    kinds = {kind for kind in ("sound", "artist", "genre") if weights.get(kind, 1.0) > 0}
    first_artists = {normalise(track.artists[0]) if track.artists else track.id for track in (seed, other)}
    if "artist" in kinds and len(first_artists) == 1:
        return True
    if "genre" in kinds and genres(seed) & genres(other):
        return True
    value, judged_by = likeness(seed, other, artists, kinds, apart)
    return bool(judged_by) and value >= LEAST[judged_by]


def genres(track: Track) -> set[str]:
    """Return the normalised names of the genres of a track and of its artists."""
    return {normalise(name) for name in (*track.labels, *track.artist_genres)}


def likeness(
    seed: Track,
    other: Track,
    artists: ArtistEmbedding,
    kinds: Collection[str],
    apart: Differences | None = None,
) -> tuple[float, frozenset[str]]:
    """Return how alike two tracks are, 0 to 1, and by which of "sound" and "artist" this was judged.

    Only ``kinds`` are considered. Where neither can be judged, the likeness is 0 and the set is empty.
    """
    parts = {"sound": _sound(seed, other, apart), "artist": _artist(seed, other, artists)}
    known = {kind: part for kind, part in parts.items() if part is not None and kind in kinds}
    weights = {kind: getattr(_WEIGHTS, kind) for kind in known}
    total = sum(weights.values())
    return (sum(weights[kind] * part for kind, part in known.items()) / total if total else 0.0), frozenset(known)


def _sound(seed: Track, other: Track, apart: Differences | None) -> float | None:
    if usable_features(seed) is None or usable_features(other) is None:
        return None
    apart = differences(seed, other) if apart is None else apart
    squared = squared_distance((name, difference) for name, _, _, difference in apart)
    return None if math.isnan(squared) else math.exp(-squared / (2 * SOUND_WIDTH**2))


def _artist(seed: Track, other: Track, artists: ArtistEmbedding) -> float | None:
    found = known_artist(seed.artists, artists), known_artist(other.artists[:1], artists)
    vectors = [artists.unit(known[0]) for known in found if known]
    if len(vectors) < 2 or not all(vector.any() for vector in vectors):
        return None
    return max(float(vectors[0] @ vectors[1]), 0.0) ** ARTIST_POWER
