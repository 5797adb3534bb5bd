"""The settings and the results of the clusters' training: the steps of the sweep, the chosen fit, the scores."""

from dataclasses import dataclass

from sklearn.cluster import AffinityPropagation

from ml.clusters.model import Clusters
from ml.clusters.train.scores import Scores
from ml.train.card import markdown_table


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the clusters are found.

    Attributes
    ----------
    per_genre, subsample, scored : int
        Tracks of each genre that are assigned to exemplars, that affinity propagation runs on, that are scored.
    preferences : tuple of float
        Multiples of the median similarity, from the fewest clusters to the most.
    damping, max_iter
        As in scikit-learn's ``AffinityPropagation``.
    refits : int
        Further fits on other subsamples, for the stability.
    """

    per_genre: int = 89
    subsample: int = 18
    scored: int = 18
    preferences: tuple[float, ...] = (96, 48, 32, 24, 16, 12, 8, 4, 2, 1)
    damping: float = 0.8
    max_iter: int = 600
    refits: int = 2


QUICK = Settings(per_genre=20, subsample=5, scored=8, preferences=(32, 16, 8, 4, 2), refits=1)


@dataclass(frozen=True, kw_only=True)
class SweepStep:
    """Scores at one ``preference`` (absolute), and the iterations until convergence."""

    preference: float
    n_iter: int
    valid: Scores
    test: Scores


@dataclass(frozen=True, kw_only=True)
class ClustersFit:
    """The chosen fit, the sweep with the index of the ``chosen`` step, and the scores on ``test`` by model.

    ``points`` tracks were assigned to exemplars; affinity propagation ran on ``subsample`` of them.
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
    rows = []
    for at, step in enumerate(found.sweep):
        test, mark = step.test, "elbow, chosen" if at == found.chosen else ""
        figures = (test.clusters, test.silhouette, test.purity, test.family_purity, test.spread)
        rows.append((f"{step.preference:.1f}", *figures, mark))
    return markdown_table(("preference", "clusters", "silhouette", "genre purity", "family purity", "spread", ""), rows)
