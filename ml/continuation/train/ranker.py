"""The learned blend: boosted trees over the columns of a candidate, each column going only the way it must."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.continuation.model import RANKED_BY
from ml.continuation.train.world import Ranked
from ml.trees import Trees

# What may only count against a song, and what may count either way; everything else only for it. So a value that
# stands for "unknown" cannot be singled out.
_AGAINST = {"popularity_apart"}
_EITHER = {"seeds", "artists_per_seed", "user_strength", "seeds_listed", "artist_prior"}


def fit_ranker(tables: Sequence[Ranked], kind: str, seed: int = 1, rounds: int = 100) -> HistGradientBoostingClassifier:
    """Fit the ranker ``kind`` (of :data:`RANKED_BY`) on tables that have at least its columns, in its order.

    A question counts by the root of its number of hits, so that long playlists do not decide alone.
    """
    names = RANKED_BY[kind]
    weights = [np.full(len(one.hit), 1.0 / max(1, one.hit.sum()) ** 0.5) for one in tables]
    model = HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=0.1,
        max_leaf_nodes=12,
        min_samples_leaf=min(100, max(2, sum(len(one.hit) for one in tables) // 100)),
        l2_regularization=5.0,
        early_stopping=False,
        monotonic_cst=[-1 if name in _AGAINST else 0 if name in _EITHER else 1 for name in names],
        random_state=seed,
    )
    columns = np.vstack([one.columns[:, : len(names)] for one in tables])
    return model.fit(columns, np.concatenate([one.hit for one in tables]), sample_weight=np.concatenate(weights))


def thinned(table: Ranked, rng: np.random.Generator, most: int = 400) -> Ranked:
    """Return all hits of a table and about ``most`` of the rest."""
    kept = table.hit | (rng.random(len(table.hit)) < most / max(1, len(table.hit)))
    return Ranked(songs=table.songs[kept], columns=table.columns[kept], hit=table.hit[kept])


def as_trees(model: HistGradientBoostingClassifier) -> Trees:
    """Return the fitted trees as plain arrays.

    Raises
    ------
    ValueError
        They do not decide what scikit-learn's do.
    """
    nodes = [predictors[0].nodes for predictors in model._predictors]
    width = max(len(one) for one in nodes)
    shape = (len(nodes), width)
    feature, left, right = np.full(shape, -1, np.int16), np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    threshold, value = np.zeros(shape), np.zeros(shape)
    for row, one in enumerate(nodes):
        leaf, n = one["is_leaf"].astype(bool), len(one)
        feature[row, :n] = np.where(leaf, -1, one["feature_idx"])
        threshold[row, :n] = one["num_threshold"]
        left[row, :n] = np.where(leaf, np.arange(n), one["left"])
        right[row, :n] = np.where(leaf, np.arange(n), one["right"])
        value[row, :n] = one["value"]
    baseline = np.asarray(model._baseline_prediction, float).ravel()
    trees = Trees(feature=feature, threshold=threshold, left=left, right=right, value=value, baseline=baseline)
    asked = np.random.default_rng(0).normal(0, 3, (500, model.n_features_in_)).astype(np.float32)
    if not np.allclose(trees.decide(asked), model.decision_function(asked), atol=1e-6):
        raise ValueError("the exported trees do not decide what the fitted ones do")
    return trees
