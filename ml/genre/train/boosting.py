"""A gradient booster beside the genre network, on the same inputs, chosen and stopped on the validation artists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from ml.genre.encoder import Floats
from ml.genre.train.baselines import linear_names
from ml.genre.train.subwords import Bags, Rows

# Leaves, tracks in a leaf at the least, L2. The rate is fixed: early stopping finds the number of trees that goes
# with it, and a tree for each of 114 genres at every step is what the time goes into.
SEARCH = ((7, 20, 1.0), (15, 40, 1.0), (31, 40, 10.0))
TUNED_ON = 4_000  # training tracks, drawn at random, of the search with many classes
COMPONENTS = 24  # principal components of the text's log-probabilities
TEXT_ON = 20_000  # training tracks of the booster that has the text scores as well
RATE, ROUNDS = 0.2, 30  # with many classes
# What the card says of it all.
BUDGET = {
    "rate": RATE,
    "rounds": ROUNDS,
    "search": SEARCH,
    "tuned_on": TUNED_ON,
    "text_on": TEXT_ON,
    "components": COMPONENTS,
}
_FEW = 20  # classes up to which the search is made on all training tracks


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Rows of each split with their classes (columns from 0)."""

    train: Rows
    valid: Rows
    test: Rows
    of_train: Rows
    of_valid: Rows
    of_test: Rows
    classes: int


@dataclass(frozen=True, kw_only=True)
class Boosted:
    """Probabilities of the valid and test rows, (n, classes), and the settings that were chosen."""

    valid: Floats
    test: Floats
    chosen: str


def tuned_booster(values: Floats, task: Answers, seed: int, most: int | None = None) -> Boosted:
    """Choose on the valid rows, fit on the training rows (``most`` of them), stop early on the valid rows.

    ``values`` (tracks, features) may hold NaN. With more than a few classes the choice is made on ``TUNED_ON``
    training tracks.
    """
    values = values[:, ~np.isnan(values[task.train]).all(axis=0)]
    order, many = np.random.default_rng(seed).permutation(len(task.train)), task.classes > _FEW
    losses = []
    for settings in SEARCH:
        model = _fit(values, task, order[: TUNED_ON if many else most], settings, seed)
        told = _told(model, values[task.valid], task.classes)
        losses.append(-np.log(told[np.arange(len(told)), task.of_valid]).mean())
    leaves, least, l2 = best = SEARCH[int(np.argmin(losses))]
    model = _fit(values, task, order[:most], best, seed)
    valid, test = (_told(model, values[rows], task.classes) for rows in (task.valid, task.test))
    capped = " (the cap)" if model.n_iter_ == model.max_iter else ""
    chosen = f"{model.n_iter_} rounds{capped} of {leaves} leaves, at least {least} tracks a leaf, L2 {l2:g}"
    return Boosted(valid=valid, test=test, chosen=chosen)


def _fit(
    values: Floats, task: Answers, some: Rows, settings: tuple[int, int, float], seed: int
) -> HistGradientBoostingClassifier:
    leaves, least, l2 = settings
    many = task.classes > _FEW
    model = HistGradientBoostingClassifier(
        learning_rate=RATE if many else 0.1,
        max_iter=ROUNDS if many else 200,
        max_leaf_nodes=leaves,
        min_samples_leaf=least,
        l2_regularization=l2,
        max_bins=127,
        early_stopping=True,
        n_iter_no_change=3 if many else 10,
        random_state=seed,
    )
    wanted = task.of_train[some]
    known = np.isin(task.of_valid, wanted)  # early stopping asks for classes that the training tracks have
    shown = values[task.valid[known]]
    return model.fit(values[task.train[some]], wanted, X_val=shown, y_val=task.of_valid[known])


def _told(model: HistGradientBoostingClassifier, asked: Floats, classes: int) -> Floats:
    out = np.full((len(asked), classes), 1e-6, np.float32)
    out[:, model.classes_] = np.maximum(model.predict_proba(asked), 1e-6)
    return out / out.sum(axis=1, keepdims=True)


@dataclass(frozen=True, kw_only=True)
class TextScores:
    """What the linear text model tells: ``columns`` (tracks, components) for a booster, NaN in rows not asked, and
    its probabilities of the valid and test rows.
    """

    columns: Floats
    valid: Floats
    test: Floats


def text_scores(bags: Bags, weight: Floats, task: Answers, artists: Sequence[tuple[str, ...]], seed: int) -> TextScores:
    """Fit the linear text model on all training rows, and twice on half of their artists.

    The scores of training rows come from the half without the row's artist, so that a booster sees the text model
    about as good as it is on artists it has never seen.
    """
    told = np.zeros((len(artists), task.classes), np.float32)
    names = [artists[row][0] if artists[row] else "" for row in task.train]
    for learn, held in GroupKFold(2).split(task.train, groups=np.unique(names, return_inverse=True)[1]):
        rows = task.train[learn], task.of_train[learn], task.train[held]
        told[task.train[held]] = linear_names(bags, weight, *rows, task.classes, seed)
    asked = np.concatenate([task.valid, task.test])
    told[asked] = linear_names(bags, weight, task.train, task.of_train, asked, task.classes, seed)
    logs = np.log(np.maximum(told, 1e-6))
    reduced = PCA(min(COMPONENTS, task.classes), random_state=seed).fit(logs[task.train])
    columns = np.full((len(artists), reduced.n_components_), np.nan, np.float32)
    used = np.concatenate([task.train, asked])
    columns[used] = reduced.transform(logs[used])
    return TextScores(columns=columns, valid=told[task.valid], test=told[task.test])
