"""The settings of the clusters' training and its results: the steps of the sweep, the chosen fit, the scores."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.cluster import AffinityPropagation

from ml.clusters.model import Clusters
from ml.clusters.train.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``per_genre`` tracks of each genre are clustered and counted; the messages pass among ``subsample`` of each.

    ``preferences`` are multiples of the median similarity, the lowest preference (fewest clusters) first.
    ``scored`` of each genre are scored on.
    """

    per_genre: int = 89
    subsample: int = 18
    scored: int = 18
    preferences: tuple[float, ...] = (96, 48, 32, 24, 16, 12, 8, 4, 2, 1)
    damping: float = 0.8
    rounds: int = 600
    refits: int = 2


QUICK = Settings(per_genre=20, subsample=5, scored=8, preferences=(32, 16, 8, 4, 2), refits=1)


@dataclass(frozen=True, kw_only=True)
class SweepStep:
    """One preference of the sweep; ``preference`` is absolute, ``rounds`` how many its messages took to settle."""

    preference: float
    rounds: int
    valid: Scores
    test: Scores


@dataclass(frozen=True, kw_only=True)
class ClustersFit:
    """The fit that was chosen, the sweep, the scores on ``test`` and how many tracks were used.

    ``points`` is the number of tracks clustered and counted, ``subsample`` of those that messages passed among.
    """

    clusters: Clusters
    model: AffinityPropagation
    sweep: list[SweepStep]
    chosen: int
    results: dict[str, Scores]
    points: int
    subsample: int


def format_sweep(found: ClustersFit) -> str:
    """Return the sweep as a Markdown table, the elbow marked."""
    lines = ["| preference | clusters | silhouette | genre purity | family purity | spread | |", "|" + "---|" * 7]
    for at, step in enumerate(found.sweep):
        mark = "elbow, chosen" if at == found.chosen else ""
        test = step.test
        lines.append(
            f"| {step.preference:.1f} | {test.clusters} | {test.silhouette:.3f} | {test.purity:.3f} | "
            f"{test.family_purity:.3f} | {test.spread:.3f} | {mark} |"
        )
    return "\n".join(lines)
