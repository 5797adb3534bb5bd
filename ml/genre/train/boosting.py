"""Gradient boosters on the inputs of the genre network; settings and early stopping use the validation artists."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from ml.genre.encoder import Floats
from ml.genre.train.baselines import linear_names
from ml.genre.train.data import Answers, Rows
from ml.genre.train.subwords import Bags

# Candidates of (leaves, fewest tracks in a leaf, L2). The learning rate is fixed, because early stopping finds the
# number of trees that suits it, and growing a tree for each of 114 genres at every iteration takes long.
SEARCH = ((7, 20, 1.0), (15, 40, 1.0), (31, 40, 10.0))
TUNED_ON = 4_000  # random training tracks for the search with many classes
COMPONENTS = 24  # principal components of the text's log-probabilities
TEXT_ON = 20_000  # training tracks of the booster that also gets the text scores
RATE, MAX_ITER = 0.2, 30  # with many classes
# The settings that the card shows.
BUDGET = {
    "rate": RATE,
    "max_iter": MAX_ITER,
    "search": SEARCH,
    "tuned_on": TUNED_ON,
    "text_on": TEXT_ON,
    "components": COMPONENTS,
}
_FEW = 20  # with at most this many classes, the search uses all training tracks


@dataclass(frozen=True, kw_only=True)
class Boosted:
    """Probabilities of the valid and test rows, (n, classes), and the settings that were chosen."""

    valid: Floats
    test: Floats
    chosen: str


def tuned_booster(values: Floats, answers: Answers, seed: int, most: int | None = None) -> Boosted:
    """Choose on the valid rows, fit on the training rows (``most`` of them), stop early on the valid rows.

    ``values`` (tracks, features) may hold NaN. With many classes the candidates are fitted on ``TUNED_ON`` training
    tracks.
    """
    values = values[:, ~np.isnan(values[answers.train]).all(axis=0)]
    order, many = np.random.default_rng(seed).permutation(len(answers.train)), answers.classes > _FEW
    losses = []
    for settings in SEARCH:
        model = _fit(values, answers, order[: TUNED_ON if many else most], settings, seed)
        predicted = _probabilities(model, values[answers.valid], answers.classes)
        losses.append(-np.log(predicted[np.arange(len(predicted)), answers.of_valid]).mean())
    leaves, least, l2 = best = SEARCH[int(np.argmin(losses))]
    model = _fit(values, answers, order[:most], best, seed)
    valid, test = (_probabilities(model, values[rows], answers.classes) for rows in (answers.valid, answers.test))
    capped = " (the cap)" if model.n_iter_ == model.max_iter else ""
    chosen = f"{model.n_iter_} iterations{capped} of {leaves} leaves, at least {least} tracks a leaf, L2 {l2:g}"
    return Boosted(valid=valid, test=test, chosen=chosen)


def _fit(
    values: Floats, answers: Answers, rows: Rows, settings: tuple[int, int, float], seed: int
) -> HistGradientBoostingClassifier:
    leaves, least, l2 = settings
    many = answers.classes > _FEW
    model = HistGradientBoostingClassifier(
        learning_rate=RATE if many else 0.1,
        max_iter=MAX_ITER if many else 200,
        max_leaf_nodes=leaves,
        min_samples_leaf=least,
        l2_regularization=l2,
        max_bins=127,
        early_stopping=True,
        n_iter_no_change=3 if many else 10,
        random_state=seed,
    )
    wanted = answers.of_train[rows]
    known = np.isin(answers.of_valid, wanted)  # early stopping fails on classes that no training track has
    shown = values[answers.valid[known]]
    return model.fit(values[answers.train[rows]], wanted, X_val=shown, y_val=answers.of_valid[known])


def _probabilities(model: HistGradientBoostingClassifier, rows: Floats, classes: int) -> Floats:
    out = np.full((len(rows), classes), 1e-6, np.float32)
    out[:, model.classes_] = np.maximum(model.predict_proba(rows), 1e-6)
    return out / out.sum(axis=1, keepdims=True)


@dataclass(frozen=True, kw_only=True)
class TextScores:
    """Scores of the linear text model.

    ``columns`` (tracks, components) are inputs for a booster, NaN for rows in no split; ``valid`` and ``test``
    (n, classes) are the probabilities of these rows.
    """

    columns: Floats
    valid: Floats
    test: Floats


def text_scores(
    bags: Bags, weight: Floats, answers: Answers, artists: Sequence[tuple[str, ...]], seed: int
) -> TextScores:
    """Fit the linear text model on all training rows, and once on each half of their artists.

    A training row is scored by the half without the row's artist, so that its scores are about as good as those of
    unseen artists.
    """
    probabilities = np.zeros((len(artists), answers.classes), np.float32)
    names = [artists[row][0] if artists[row] else "" for row in answers.train]
    for learn, held in GroupKFold(2).split(answers.train, groups=np.unique(names, return_inverse=True)[1]):
        rows = answers.train[learn], answers.of_train[learn], answers.train[held]
        probabilities[answers.train[held]] = linear_names(bags, weight, *rows, answers.classes, seed)
    scored = np.concatenate([answers.valid, answers.test])
    probabilities[scored] = linear_names(bags, weight, answers.train, answers.of_train, scored, answers.classes, seed)
    logs = np.log(np.maximum(probabilities, 1e-6))
    reduced = PCA(min(COMPONENTS, answers.classes), random_state=seed).fit(logs[answers.train])
    columns = np.full((len(artists), reduced.n_components_), np.nan, np.float32)
    used = np.concatenate([answers.train, scored])
    columns[used] = reduced.transform(logs[used])
    return TextScores(columns=columns, valid=probabilities[answers.valid], test=probabilities[answers.test])
