"""The settings of the families' training and its results: the numbers of clusters chosen, the models, the scores."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from ml.families.model import Families
from ml.families.train.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``counts`` of clusters are tried where each would hold ``per_cluster`` tracks, on a sample of ``tried`` tracks;
    the chosen number is fitted on ``fitted`` with ``starts`` beginnings. ``study`` is the study's fixed number, a
    baseline."""

    counts: tuple[int, ...] = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
    per_cluster: int = 30
    tried: int = 3000
    fitted: int = 12_000
    starts: int = 3
    study: int = 60


QUICK = Settings(counts=(2, 4, 8, 16), tried=1000, fitted=2000, starts=1, study=20)


@dataclass(frozen=True, kw_only=True)
class ClusterCountChoice:
    """How a family's number of clusters came about: spread and silhouette of held-out tracks at each number tried."""

    clusters: int
    tried: tuple[int, ...]
    spread: tuple[float, ...]
    silhouette: tuple[float, ...]
    tracks: int


@dataclass(frozen=True, kw_only=True)
class FamiliesFit:
    """The models learnt; ``record`` holds each family's scikit-learn pipeline, ``results`` the scores by model and
    family on ``test``."""

    families: Families
    record: dict[str, Pipeline]
    choices: dict[str, ClusterCountChoice]
    results: dict[str, dict[str, Scores]]
