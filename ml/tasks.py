"""The registry of tasks: how each is trained, what training needs, and by which measures versions are compared.

Training code is named, not imported, because TensorFlow and scikit-learn take seconds to load. The class that serves a
task is named in ``services.container.Services``, which loads it, so that its type is known there.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from types import ModuleType
from typing import Any

from ml import needs


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure in a row of scores: its ``key`` in the row, and its ``label`` for people.

    ``higher``: whether higher values are better; None where neither higher nor lower ones are.
    """

    key: str
    label: str
    higher: bool | None = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A kind of model.

    Attributes
    ----------
    name : str
        The name of its folder of versions. A task with a model per playlist has a folder ``<name>-<digest>`` for each.
    training : str
        The module for maintainers: ``train(data, models, *, seed, quick)`` and ``evaluate(data, models)``, which raise
        FileNotFoundError when the training data are absent. Empty for a task that does not ship.
    in_stages : bool
        Whether that ``train`` stores its finished stages and takes ``resume``.
    user_training : str
        ``module:function`` that trains it on the user's data. The function takes an :class:`ml.jobs.Job` and returns
        the result that the run shows, with "version" if one was written. It registers the version without activating
        it: serving it is the user's decision. Empty for a task that only ships.
    needs : callable or None
        Returns what training on the user's data needs (:mod:`ml.needs`).
    measures : tuple of Measure
        The measures by which versions are compared, the main one first.
    served_row : str
        The row of the table of scores that is served; empty where each version names its own.
    described_in : str
        The file of a version that names the version of another task that it depends on.
    depends_on : str
        That other task.
    """

    name: str
    training: str = ""
    in_stages: bool = False
    user_training: str = ""
    needs: Callable[[needs.Available], needs.Needs] | None = None
    measures: tuple[Measure, ...] = ()
    served_row: str = ""
    described_in: str = ""
    depends_on: str = ""

    def training_module(self) -> ModuleType:
        """Import and return the module for maintainers."""
        module: ModuleType = _loaded(self.training)
        return module

    def user_training_function(self) -> Callable[[Any], dict[str, Any]]:
        """Import and return the function that trains on the user's data.

        Raises ModuleNotFoundError if the training packages are not installed.
        """
        function: Callable[[Any], dict[str, Any]] = _loaded(self.user_training)
        return function


def _loaded(name: str) -> Any:
    """Load a part of training without garbage collection, which takes a tenth of the time to load TensorFlow."""
    gc.disable()
    try:
        return resolve_name(name)
    finally:
        gc.enable()


_GENRE_MEASURES = (
    Measure("top1", "Right at once (top-1)"),
    Measure("top3", "Right among three (top-3)"),
    Measure("macro_f1", "Every genre counts alike (macro-F1)"),
    Measure("ece", "Odds are off by (calibration error)", higher=False),
    Measure("nll", "Sure of what is wrong (log-loss)", higher=False),
)
# In the order in which the page shows them: what answers most questions first.
_ALL = (
    Task(
        name="genre",
        training="ml.genre.train.train",
        in_stages=True,
        user_training="ml.genre.train.user_trained:train_own",
        needs=needs.genre,
        measures=_GENRE_MEASURES,
        served_row="genre model",
        described_in="genre.json",
        depends_on="taxonomy",
    ),
    Task(
        name="artist_genre",
        training="ml.artist_genre.train.train",
        measures=_GENRE_MEASURES,
        described_in="artist_genre.json",
        depends_on="genre",
    ),
    Task(
        name="taxonomy",
        training="ml.taxonomy.train.train",
        measures=(
            Measure("right_family", "In a right family"),
            Measure("best_family", "In the best family"),
            Measure("genre", "With a right genre"),
        ),
    ),
    Task(
        name="artists",
        training="ml.artists.train.train",
        in_stages=True,
        measures=(
            Measure("recall", "Artists of the playlist found (recall)"),
            Measure("recall_cold", "The same from unlisted artists (recall)"),
        ),
    ),
    Task(
        name="artist_map",
        training="ml.artist_map.train.train",
        measures=(
            Measure("same_genre", "Neighbours share a genre"),
            Measure("trustworthiness", "Neighbours on the map are alike (trustworthiness)"),
            Measure("continuity", "Similar artists are neighbours on the map (continuity)"),
        ),
        served_row="UMAP",
        described_in="artist_map.json",
        depends_on="artists",
    ),
    Task(
        name="continuation",
        training="ml.continuation.train.train",
        in_stages=True,
        user_training="ml.continuation.train.user_trained:train_own",
        needs=needs.continuation,
        measures=(
            Measure("ndcg", "Finds hidden songs early (NDCG)"),
            Measure("r_precision", "Finds hidden songs (R-precision)"),
            Measure("clicks", "Pages until a hit (clicks)", higher=False),
        ),
    ),
    Task(
        name="contributors",
        training="ml.contributors.train.train",
        user_training="ml.contributors.train.train:train_own",
        needs=needs.contributors,
        measures=(
            Measure("auc", "Tells people apart (ROC AUC)"),
            Measure("f1", "Every person counts alike (macro-F1)"),
            Measure("accuracy", "Right (accuracy)"),
            Measure("log_loss", "Sure of what is wrong (log-loss)", higher=False),
            Measure("ece", "Odds are off by (calibration error)", higher=False),
        ),
        served_row="network",
        described_in="contributors.json",
        depends_on="genre",
    ),
    Task(
        name="triage",
        training="ml.triage.train.train",
        measures=(
            Measure("right", "Right proposals"),
            Measure("playlist", "Right playlist, where there is one"),
            Measure("sure_right", "Right when 80 % sure"),
            Measure("sure", "80 % sure"),
            Measure("ece", "Confidence is off by (calibration error)", higher=False),
            Measure("log_loss", "Sure of what is wrong (log-loss)", higher=False),
        ),
        served_row="triage model",
    ),
    Task(
        name="clusters",
        training="ml.clusters.train.train",
        measures=(
            Measure("silhouette", "Groups stand apart (silhouette)"),
            Measure("purity", "Groups are of one genre (purity)"),
            Measure("family_purity", "Groups are of one family (purity)"),
            Measure("ami", "Groups tell genres (mutual information)"),
            Measure("stability", "The same from other tracks (stability)"),
            Measure("spread", "Distance from the middle", higher=False),
        ),
        served_row="affinity propagation",
    ),
    Task(
        name="families",
        training="ml.families.train.train",
        user_training="ml.families.train.train:train_own",
        needs=needs.families,
        measures=(
            Measure("silhouette", "Groups stand apart (silhouette)"),
            Measure("together", "Artists stay together, times chance"),
            Measure("ami", "Groups tell artists (mutual information)"),
            Measure("clusters", "Groups for each family", higher=None),
        ),
        served_row="own scaler, own k",
        described_in="families.json",
        depends_on="taxonomy",
    ),
    Task(
        name="projection",
        user_training="ml.projection.train.train:train_own",
        needs=needs.projection,
    ),
    Task(
        name="timbre",
        training="ml.timbre.train.train",
        user_training="ml.timbre.train.train:train_own",
        needs=needs.timbre,
        measures=(
            Measure("halves @1", "Finds its other half"),
            Measure("halves @10", "Other half in ten"),
            Measure("quarters @1", "Finds another quarter"),
            Measure("15 s @1", "Finds another 15 s"),
        ),
        served_row="described statistics, whitened",
    ),
    Task(
        name="tagger",
        training="ml.tagger.train.train",
        measures=(
            Measure("album_p5", "Five nearest of the same album"),
            Measure("album_first", "Nearest of the same album"),
            Measure("album_p5_macro", "Every album counts alike"),
        ),
    ),
    Task(
        name="perception",
        user_training="ml.perception.train.train:train_own",
        needs=needs.perception,
        measures=(
            Measure("error", "Mean error of an attribute", higher=False),
            Measure("rank", "Orders tracks as the provider does (rank correlation)"),
        ),
        served_row="calibration",
    ),
)
TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}


def find_task(name: str) -> Task | None:
    """Return the task of a folder of versions, such as ``contributors`` for ``contributors-<digest>``; else None."""
    return TASKS.get(name.split("-")[0])


def shipped() -> list[str]:
    """Return the names of the tasks whose models ship; maintainers train them."""
    return [task.name for task in _ALL if task.training]


def trained_here() -> list[str]:
    """Return the names of the tasks whose scored versions are all trained here."""
    return [task.name for task in _ALL if task.user_training and task.measures and not task.training]


def trainable() -> list[str]:
    """Return the names of the tasks that can be trained on the user's data."""
    return [task.name for task in _ALL if task.user_training]
