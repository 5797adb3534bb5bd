"""The rankers: gradient-boosted trees over the columns of a candidate, with monotonic constraints."""

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.continuation.model import RANKED_BY as SHIPPED
from ml.continuation.train.world import NEURAL, Ranked
from ml.trees import Trees

# The rankers that ship, and the one with the neural part, which is only scored.
RANKED_BY = {**SHIPPED, "ensemble": SHIPPED["playlists"] + NEURAL}
# Columns that may only lower a score, and columns without a constraint; all others may only raise it. This keeps the
# trees from singling out the value that stands for "unknown".
_DECREASING = {"popularity_apart"}
_UNCONSTRAINED = {"seeds", "artists_per_seed", "user_strength", "seeds_listed", "artist_prior"}


def fit_ranker(
    tables: Sequence[Ranked], kind: str, seed: int = 1, max_iter: int = 100
) -> HistGradientBoostingClassifier:
    """Fit the ranker ``kind`` (of :data:`RANKED_BY`) on tables whose first columns are its columns, in their order.

    Each row weighs one over the square root of its query's number of hits, so that long playlists do not dominate.
    """
    names = RANKED_BY[kind]
    weights = [np.full(len(table.hit), 1.0 / max(1, table.hit.sum()) ** 0.5) for table in tables]
    model = HistGradientBoostingClassifier(
        max_iter=max_iter,
        learning_rate=0.1,
        max_leaf_nodes=12,
        min_samples_leaf=min(100, max(2, sum(len(table.hit) for table in tables) // 100)),
        l2_regularization=5.0,
        early_stopping=False,
        monotonic_cst=[-1 if name in _DECREASING else 0 if name in _UNCONSTRAINED else 1 for name in names],
        random_state=seed,
    )
    columns = np.vstack([table.columns[:, : len(names)] for table in tables])
    return model.fit(columns, np.concatenate([table.hit for table in tables]), sample_weight=np.concatenate(weights))


def thinned(table: Ranked, rng: np.random.Generator) -> Ranked:
    """Return all hits of a table and about 400 of the rest."""
    kept = table.hit | (rng.random(len(table.hit)) < 400 / max(1, len(table.hit)))
    return Ranked(songs=table.songs[kept], columns=table.columns[kept], hit=table.hit[kept])


def as_trees(model: HistGradientBoostingClassifier) -> Trees:
    """Return the fitted trees as plain arrays; raises ValueError if their scores differ from scikit-learn's."""
    nodes = [predictors[0].nodes for predictors in model._predictors]
    width = max(len(tree) for tree in nodes)
    shape = (len(nodes), width)
    feature, left, right = np.full(shape, -1, np.int16), np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    threshold, value = np.zeros(shape), np.zeros(shape)
    for row, tree in enumerate(nodes):
        leaf, n = tree["is_leaf"].astype(bool), len(tree)
        feature[row, :n] = np.where(leaf, -1, tree["feature_idx"])
        threshold[row, :n] = tree["num_threshold"]
        left[row, :n] = np.where(leaf, np.arange(n), tree["left"])
        right[row, :n] = np.where(leaf, np.arange(n), tree["right"])
        value[row, :n] = tree["value"]
    baseline = np.asarray(model._baseline_prediction, float).ravel()
    trees = Trees(feature=feature, threshold=threshold, left=left, right=right, value=value, baseline=baseline)
    rows = np.random.default_rng(0).normal(0, 3, (500, model.n_features_in_)).astype(np.float32)
    if not np.allclose(trees.decide(rows), model.decision_function(rows), atol=1e-6):
        raise ValueError("the exported trees score differently from the fitted ones")
    return trees
