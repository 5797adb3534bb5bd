"""Measures of the clusters within families on tracks of held-out artists."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score

from ml.sound import Floats
from ml.train.card import markdown_table

Ints = npt.NDArray[np.intp]
SAMPLE = 2000  # larger families are sampled, because silhouettes need all pairs of tracks


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of one family's clusters.

    ``silhouette`` is -1 to 1. ``ami`` is the adjusted mutual information of cluster and artist, 0 by chance for any
    number of clusters. ``together`` is how many times as often two tracks of one artist share a cluster as any two do.
    """

    clusters: float
    silhouette: float
    ami: float
    together: float


def score(places: Floats, cluster: Ints, artist: Ints, count: int, seed: int) -> Scores:
    """Score ``count`` clusters of (n, 12) ``places``; silhouette and mutual information on at most :data:`SAMPLE`."""
    sample = np.random.default_rng(seed).permutation(len(places))[:SAMPLE]
    several = 1 < len(np.unique(cluster[sample])) < len(sample)
    return Scores(
        clusters=count,
        silhouette=float(silhouette_score(places[sample], cluster[sample])) if several else 0.0,
        ami=float(adjusted_mutual_info_score(artist[sample], cluster[sample])),
        together=_together(cluster, artist),
    )


def _together(cluster: Ints, artist: Ints) -> float:
    """Return P(same cluster | same artist) / P(same cluster) over all pairs of tracks."""
    any_two = _pairs(np.unique(cluster, return_counts=True)[1]) / max(_pairs(np.array([len(cluster)])), 1.0)
    codes = np.unique(artist, return_inverse=True)[1] * (int(cluster.max()) + 1) + cluster
    same_artist = _pairs(np.unique(artist, return_counts=True)[1])
    if not same_artist or not any_two:
        return 1.0
    return float(_pairs(np.unique(codes, return_counts=True)[1]) / same_artist / any_two)


def _pairs(sizes: npt.NDArray[np.integer]) -> float:
    return float((sizes.astype(float) * (sizes - 1) / 2).sum())


def mean(by_family: Mapping[str, Scores]) -> Scores:
    """Return the unweighted mean over families, of which there is at least one."""
    rows = [asdict(scores) for scores in by_family.values()]
    return Scores(**{name: float(np.mean([row[name] for row in rows])) for name in rows[0]})


def format_table(results: Mapping[str, Scores], heading: str = "model, mean over families") -> str:
    """Return the scores as a Markdown table."""
    return markdown_table(
        (heading, "k", "silhouette", "AMI with artist", "same artist together"),
        (
            (name, f"{scores.clusters:.1f}", scores.silhouette, scores.ami, f"{scores.together:.2f} x")
            for name, scores in results.items()
        ),
    )
