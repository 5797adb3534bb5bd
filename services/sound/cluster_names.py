"""Names of the clusters of sound that people understand, such as "calm, acoustic classical" or "loud, fast metal"."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from ml.clusters.model import Clusters
from store.domain import AUDIO_FEATURES

# What little and much of a feature is called; an empty word is said of too many tracks to tell any apart.
_WORDS = {
    "energy": ("calm", "energetic"),
    "acousticness": ("", "acoustic"),
    "instrumentalness": ("", "instrumental"),
    "speechiness": ("", "spoken"),
    "liveness": ("", "live"),
    "valence": ("sad", "cheerful"),
    "danceability": ("", "danceable"),
    "tempo": ("slow", "fast"),
    "loudness": ("quiet", "loud"),
}
_SAME = [{"energy", "loudness"}]  # features of which a name needs only one
_NOTABLE = 0.3  # standard deviations of the exemplars, from which on a feature is worth a word
_SHORT = {"soul, funk & r&b": "soul", "children, stage & screen": "stage & screen"}
_MOST_WORDS = 3
_NAMED = 5  # genres named per cluster
ROWS = {"genre": "genres", "family": "families"}  # the setting of the model that names the rows of each heat map
_LEAST_SHARE = 0.02  # of a genre's tracks, below which its lift says nothing


@dataclass(frozen=True)
class Lift:
    """A genre or family: the share of its tracks in a cluster, and how many times the average share that is."""

    name: str
    share: float
    lift: float


@lru_cache(maxsize=2)
def cluster_names(model: Clusters) -> tuple[str, ...]:
    """Return a name for each cluster, no two equal: what is unusual in its exemplar's sound, and its first family."""
    z_scores = _z_scores(model)
    taken: list[str] = []
    for number in range(len(model)):
        taken.append(next(name for name in _candidates(model, number, z_scores[number]) if name not in taken))
    return tuple(taken)


def _z_scores(model: Clusters) -> np.ndarray:
    """Return the (n, 13) features of the exemplars in standard deviations from their mean, 0 where unknown."""
    spread = np.nanstd(model.exemplars, axis=0)
    centred = model.exemplars - np.nanmean(model.exemplars, axis=0)
    return np.nan_to_num(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))


def _candidates(model: Clusters, number: int, z_scores: np.ndarray) -> Iterator[str]:
    """Yield names for a cluster, the best first: two words of its sound and its family, then others and more."""
    words = _words(z_scores)
    families = [_SHORT.get(lift.name, lift.name) for lift in named(model, "family", number)] or ["music"]
    for family in families:
        for count in (2, _MOST_WORDS, 1):
            for some in combinations(words, count):
                yield f"{', '.join(some)} {family}"
    yield from families
    yield f"{families[0]} {number + 1}"


def _words(z_scores: np.ndarray) -> list[str]:
    """Return what is notable in a sound, the most unusual first."""
    words: list[str] = []
    said: set[str] = set()
    for at in np.argsort(-np.abs(z_scores), kind="stable"):
        feature = AUDIO_FEATURES[at]
        low, high = _WORDS.get(feature, ("", ""))
        word = high if z_scores[at] > 0 else low
        if word and abs(z_scores[at]) >= _NOTABLE and feature not in said:
            words.append(word)
            said |= next((same for same in _SAME if feature in same), {feature})
    return words


def named(model: Clusters, rows_of: str, number: int) -> list[Lift]:
    """Return the genres (or families) that are most over-represented in a cluster, the most so first."""
    rows, shares, lifts = (
        model.settings[ROWS[rows_of]],
        model.shares(rows_of)[:, number],
        model.lifts(rows_of)[:, number],
    )
    order = np.argsort(-np.where(shares >= _LEAST_SHARE, lifts, 0.0), kind="stable")[:_NAMED]
    return [Lift(rows[at], round(float(shares[at]), 4), round(float(lifts[at]), 2)) for at in order if lifts[at] > 1.0]
