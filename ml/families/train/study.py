"""The settings and the results of the families' training: the chosen numbers of clusters, the models, the scores."""

from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from ml.families.model import Families
from ml.families.train.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the clusters of a family are found.

    Attributes
    ----------
    counts : tuple of int
        Numbers of clusters to try, as long as a cluster has at least ``per_cluster`` tracks on average.
    tried, fitted : int
        The most tracks on which the numbers are tried, and on which the chosen number is fitted.
    n_init : int
        K-means starts of the final fit.
    study : int
        The fixed number of clusters of the original study, which is a baseline.
    """

    counts: tuple[int, ...] = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
    per_cluster: int = 30
    tried: int = 3000
    fitted: int = 12_000
    n_init: int = 3
    study: int = 60


QUICK = Settings(counts=(2, 4, 8, 16), tried=1000, fitted=2000, n_init=1, study=20)


@dataclass(frozen=True, kw_only=True)
class ClusterCountChoice:
    """A family's number of ``clusters``, and the held-out tracks' spread and silhouette at each number ``tried``.

    ``tracks`` is the number of training tracks.
    """

    clusters: int
    tried: tuple[int, ...]
    spread: tuple[float, ...]
    silhouette: tuple[float, ...]
    tracks: int


@dataclass(frozen=True, kw_only=True)
class FamiliesFit:
    """The trained models, with each family's scikit-learn pipeline (``record``).

    ``results`` are the scores on ``test`` by model and family.
    """

    families: Families
    record: dict[str, Pipeline]
    choices: dict[str, ClusterCountChoice]
    results: dict[str, dict[str, Scores]]
