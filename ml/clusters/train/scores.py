"""How good clusters are on tracks that they were not made from: compact, and of few genres each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, silhouette_score

from ml.sound import Floats

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of one assignment.

    ``silhouette`` is -1 to 1 (Rousseeuw, 1987). ``purity`` is the share of tracks whose genre is the one most frequent
    in their cluster among the training tracks, ``family_purity`` the same of families, ``ami`` the adjusted mutual
    information of cluster and genre (0 = chance, whatever the number of clusters), ``spread`` the mean squared
    distance from the cluster's centre in spreads. ``stability`` is the mean adjusted Rand index between fits on
    different tracks, NaN where there was one.
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
    """Tracks to score on: (n, 12) places, (n,) genre and (n,) family by number."""

    places: npt.NDArray[np.float32]
    genre: Ints
    family: Ints


def nearest(places: Floats, centres: Floats) -> Ints:
    """Return (n,) the nearest of (k, 12) centres."""
    return np.argmin(np.square(centres).sum(axis=1) - 2 * places @ centres.T, axis=1)


def score(learnt: Sample, learnt_cluster: Ints, asked: Sample, cluster: Ints, centres: Floats) -> Scores:
    """Score the clusters of ``asked``; each cluster's genre and family are those most frequent in ``learnt``."""
    count = len(centres)
    several = len(np.unique(cluster)) > 1
    return Scores(
        clusters=count,
        silhouette=float(silhouette_score(asked.places, cluster)) if several else 0.0,
        purity=_purity(learnt.genre, learnt_cluster, asked.genre, cluster, count),
        family_purity=_purity(learnt.family, learnt_cluster, asked.family, cluster, count),
        ami=float(adjusted_mutual_info_score(asked.genre, cluster)),
        spread=float(np.square(asked.places - centres[cluster]).sum(axis=1).mean()),
    )


def _purity(learnt: Ints, learnt_cluster: Ints, asked: Ints, cluster: Ints, count: int) -> float:
    most = np.zeros((count, int(max(learnt.max(), asked.max())) + 1), int)
    np.add.at(most, (learnt_cluster, learnt), 1)
    return float((most.argmax(axis=1)[cluster] == asked).mean())


def agreement(assignments: Sequence[Ints]) -> float:
    """Return the mean adjusted Rand index over all pairs of assignments of the same tracks."""
    pairs = [adjusted_rand_score(one, other) for at, one in enumerate(assignments) for other in assignments[at + 1 :]]
    return float(np.mean(pairs)) if pairs else float("nan")


def format_table(results: Mapping[str, Scores]) -> str:
    """Return the scores as a Markdown table."""
    lines = [
        "| clusters by | k | silhouette | genre purity | family purity | AMI with genre | spread | stability |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in results.items():
        stability = "-" if np.isnan(one.stability) else f"{one.stability:.3f}"
        figures = (one.silhouette, one.purity, one.family_purity, one.ami, one.spread)
        lines.append(
            f"| {name} | {one.clusters} | " + " | ".join(f"{value:.3f}" for value in figures) + f" | {stability} |"
        )
    return "\n".join(lines)
