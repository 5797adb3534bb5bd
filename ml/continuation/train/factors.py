"""Baselines that learn from the lists alone: ALS and BPR (package implicit), and EASE on the most frequent songs.

Y. Hu, Y. Koren and C. Volinsky, "Collaborative filtering for implicit feedback datasets", 2008; S. Rendle et al.,
"BPR: Bayesian personalized ranking from implicit feedback", 2009; H. Steck, "Embarrassingly shallow autoencoders
for sparse data", 2019.
"""

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking

from ml.continuation.interactions import Ints, Lists
from ml.vectors import unit
from store.feature_rows import Floats

_FACTORS = 64
_EASE_SONGS = 4000  # the most frequent: its matrix is dense
_EASE_PENALTY = 100.0


class FactorModels:
    """ALS and BPR over the songs in at least two lists, EASE over the most frequent ones; new lists are folded in."""

    def __init__(self, lists: Lists, seed: int = 1) -> None:
        self._songs = len(lists.count)
        self._known = np.flatnonzero(lists.count >= 2)
        whole = sp.csr_matrix((lists.share, lists.item, lists.start), shape=(len(lists), self._songs), dtype=np.float32)
        held = whole[:, self._known]
        held = held[np.diff(held.indptr) > 1].tocsr()
        self._als = AlternatingLeastSquares(
            factors=_FACTORS, regularization=0.1, alpha=10.0, iterations=8, random_state=seed
        )
        self._als.fit(held, show_progress=False)
        # With two threads, updates overwrite each other and the same seed gives other scores.
        self._bpr = BayesianPersonalizedRanking(factors=_FACTORS, iterations=60, random_state=seed, num_threads=1)
        self._bpr.fit(held, show_progress=False)
        frequent = np.argsort(-lists.count[self._known], kind="stable")[:_EASE_SONGS]
        self._frequent = frequent
        gram = (held[:, frequent].T @ held[:, frequent]).toarray().astype(float)
        gram[np.diag_indices_from(gram)] += _EASE_PENALTY
        inverse = np.linalg.inv(gram)
        self._ease = -inverse / np.diag(inverse)
        np.fill_diagonal(self._ease, 0.0)

    def scores(self, seeds: Ints) -> dict[str, Floats]:
        """Return (n,) scores of every song by "ALS", "BPR" and "EASE"; 0 where nothing is known."""
        mine = np.flatnonzero(np.isin(self._known, seeds))
        found: dict[str, Floats] = {name: np.zeros(self._songs) for name in ("ALS", "BPR", "EASE")}
        if not len(mine):
            return found
        row = sp.csr_matrix((np.ones(len(mine), np.float32), mine, [0, len(mine)]), shape=(1, len(self._known)))
        user = np.asarray(self._als.recalculate_user(0, row)).ravel()
        found["ALS"][self._known] = _above_zero(self._als.item_factors @ user)
        # The last column, the item's bias, is left out: it would recommend the same hits for every list.
        items = unit(self._bpr.item_factors[:, :-1])
        found["BPR"][self._known] = _above_zero(items @ items[mine].mean(axis=0))
        scores = self._ease[np.isin(self._frequent, mine)].sum(axis=0)
        found["EASE"][self._known[self._frequent]] = np.maximum(scores, 0.0)
        return found


def _above_zero(scores: Floats) -> Floats:
    return scores - scores.min() + 1e-9
