"""Measures of clusters on held-out tracks: how compact they are, and how pure in genre."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, silhouette_score

from ml.sound import Floats
from ml.train.card import markdown_table

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of one assignment.

    Attributes
    ----------
    silhouette : float
        -1 to 1 (Rousseeuw, 1987).
    purity, family_purity : float
        Share of tracks whose genre (family) is the most frequent one of their cluster among the training tracks.
    ami : float
        Adjusted mutual information of cluster and genre; 0 is chance for any number of clusters.
    spread : float
        Mean squared distance from the cluster's centre in spreads.
    stability : float
        Mean adjusted Rand index between fits on different tracks; NaN where there was one fit.
    """

    clusters: int
    silhouette: float
    purity: float
    family_purity: float
    ami: float
    spread: float
    stability: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Tracks to score on: (n, 12) coordinates ``places``, (n,) genre and (n,) family by number."""

    places: npt.NDArray[np.float32]
    genre: Ints
    family: Ints


def nearest(places: Floats, centres: Floats) -> Ints:
    """Return (n,) indices: the nearest of (k, 12) ``centres`` for (n, 12) ``places``."""
    return np.argmin(np.square(centres).sum(axis=1) - 2 * places @ centres.T, axis=1)


def score(learnt: Sample, learnt_cluster: Ints, held_out: Sample, cluster: Ints, centres: Floats) -> Scores:
    """Score the clusters of ``held_out``; each cluster's genre and family are those most frequent in ``learnt``."""
    count = len(centres)
    several = len(np.unique(cluster)) > 1
    return Scores(
        clusters=count,
        silhouette=float(silhouette_score(held_out.places, cluster)) if several else 0.0,
        purity=_purity(learnt.genre, learnt_cluster, held_out.genre, cluster, count),
        family_purity=_purity(learnt.family, learnt_cluster, held_out.family, cluster, count),
        ami=float(adjusted_mutual_info_score(held_out.genre, cluster)),
        spread=float(np.square(held_out.places - centres[cluster]).sum(axis=1).mean()),
    )


def _purity(learnt: Ints, learnt_cluster: Ints, held_out: Ints, cluster: Ints, count: int) -> float:
    most = np.zeros((count, int(max(learnt.max(), held_out.max())) + 1), int)
    np.add.at(most, (learnt_cluster, learnt), 1)
    return float((most.argmax(axis=1)[cluster] == held_out).mean())


def agreement(assignments: Sequence[Ints]) -> float:
    """Return the mean adjusted Rand index over all pairs of assignments (n,) of the same tracks; NaN for one."""
    indices = [adjusted_rand_score(first, second) for first, second in combinations(assignments, 2)]
    return float(np.mean(indices)) if indices else float("nan")


def format_table(results: Mapping[str, Scores]) -> str:
    """Return the scores as a Markdown table."""
    headings = ("k", "silhouette", "genre purity", "family purity", "AMI with genre", "spread", "stability")
    return markdown_table(("clusters by", *headings), ((name, *astuple(row)) for name, row in results.items()))
