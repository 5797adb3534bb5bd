"""What a run of the clusters' training is told and what it finds: settings, steps of the sweep, scores."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.cluster import AffinityPropagation

from ml.clusters.model import Clusters
from ml.clusters.train.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``per_genre`` tracks of each genre are clustered and counted; the messages pass among ``heard`` of each.

    ``preferences`` are multiples of the median similarity, the lowest preference (fewest clusters) first.
    ``scored`` of each genre are scored on.
    """

    per_genre: int = 89
    heard: int = 18
    scored: int = 18
    preferences: tuple[float, ...] = (96, 48, 32, 24, 16, 12, 8, 4, 2, 1)
    damping: float = 0.8
    rounds: int = 600
    refits: int = 2


QUICK = Settings(per_genre=20, heard=5, scored=8, preferences=(32, 16, 8, 4, 2), refits=1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One preference of the sweep; ``preference`` is absolute, ``rounds`` how many its messages took to settle."""

    preference: float
    rounds: int
    valid: Scores
    test: Scores


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What a run found: the fit that was chosen, the sweep, the scores on ``test`` and how many tracks were used."""

    clusters: Clusters
    model: AffinityPropagation
    sweep: list[Step]
    chosen: int
    results: dict[str, Scores]
    points: int
    heard: int


def format_sweep(found: Fitted) -> str:
    """Return the sweep as a Markdown table, the elbow marked."""
    lines = ["| preference | clusters | silhouette | genre purity | family purity | spread | |", "|" + "---|" * 7]
    for at, one in enumerate(found.sweep):
        mark = "elbow, chosen" if at == found.chosen else ""
        test = one.test
        lines.append(
            f"| {one.preference:.1f} | {test.clusters} | {test.silhouette:.3f} | {test.purity:.3f} | "
            f"{test.family_purity:.3f} | {test.spread:.3f} | {mark} |"
        )
    return "\n".join(lines)
