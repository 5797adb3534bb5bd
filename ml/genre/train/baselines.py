"""Baselines of the genre model, fitted on the same training tracks."""

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.neighbors import NearestNeighbors

from ml.genre.encoder import Floats
from ml.genre.heads import softmax
from ml.genre.text_features import PARTS
from ml.genre.train.data import Rows
from ml.genre.train.scores import average_precision
from ml.genre.train.subwords import Bags, NameBatch
from ml.vectors import unit
from store.domain import AUDIO_FEATURES

# The features that older genre predictors use: Spotify's 0 to 1 descriptors and the loudness.
EIGHT_FEATURES = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
)
# Nearest neighbours: candidate numbers, and candidate weights of the names' unit vectors beside standardised numbers.
NEIGHBOURS = (10, 30, 100, 300)
NAME_WEIGHTS = (0.0, 3.0, 8.0)
LATENT = 48


def majority(answers: Rows, classes: int, count: int) -> Floats:
    """Return (count, classes): the share of each class in ``answers``, the same for each track."""
    shares = np.bincount(answers, minlength=classes) / len(answers)
    return np.repeat(shares[None].astype(np.float32), count, axis=0)


def _filled(values: Floats, train: Rows) -> Floats:
    return np.where(np.isnan(values), np.nanmedian(values[train], axis=0), values)


def eight_feature_mlp(values: Floats, train: Rows, answers: Rows, rows: Rows, classes: int, seed: int) -> Floats:
    """Return the probabilities of two ReLU layers and a softmax on eight MinMax-scaled features."""
    eight = _filled(values, train)[:, [AUDIO_FEATURES.index(name) for name in EIGHT_FEATURES]]
    low, high = eight[train].min(axis=0), eight[train].max(axis=0)
    scaled = (eight - low) / np.maximum(high - low, 1e-9)
    keras.utils.set_random_seed(seed)
    dense = keras.layers.Dense
    net = keras.Sequential([dense(128, "relu"), dense(64, "relu"), dense(classes, "softmax")])
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(scaled[train], answers, batch_size=256, epochs=15, verbose=0)
    return net.predict(scaled[rows], batch_size=4096, verbose=0)


def forest(values: Floats, train: Rows, answers: Rows, rows: Rows, classes: int, seed: int) -> Floats:
    """Return the probabilities of a random forest on all 13 features."""
    filled = _filled(values, train)
    trees = RandomForestClassifier(100, min_samples_leaf=5, max_features=4, n_jobs=2, random_state=seed)
    trees.fit(filled[train], answers)
    out = np.zeros((len(rows), classes), np.float32)
    out[:, trees.classes_] = trees.predict_proba(filled[rows])
    return out


def _names(bags: Bags, weight: Floats, tracks: Rows) -> csr_matrix:
    """Return the (n, all subwords) matrix of subwords, rarity-weighted, each part of length 1."""
    batch = NameBatch.gather(bags, weight, tracks)
    n = len(tracks)
    parts = sum(batch.matrix[part * n : (part + 1) * n] for part in range(len(PARTS))).tocsr()
    return csr_matrix((parts.data, batch.subwords[parts.indices], parts.indptr), shape=(n, len(weight)))


def linear_names(bags: Bags, weight: Floats, train: Rows, answers: Rows, rows: Rows, classes: int, seed: int) -> Floats:
    """Return the probabilities of a linear model on the subwords alone."""
    model = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=8, tol=None, n_jobs=2, random_state=seed, average=True)
    model.fit(_names(bags, weight, train), answers)
    out = np.zeros((len(rows), classes), np.float32)
    out[:, model.classes_] = softmax(model.decision_function(_names(bags, weight, rows)))
    return out


def sound_and_names(values: Floats, bags: Bags, weight: Floats, train: Rows, scored: Rows, seed: int) -> list[Floats]:
    """Return [numbers, names, scored numbers, scored names] of the ``train`` and the ``scored`` rows.

    Numbers are standard scores with the median for unknown ones, names unit vectors by latent semantic analysis.
    """
    filled = _filled(values[:, ~np.isnan(values[train]).all(axis=0)], train)
    mean, spread = filled[train].mean(axis=0), np.maximum(filled[train].std(axis=0), 1e-6)
    subwords = _names(bags, weight, train)
    model = TruncatedSVD(min(LATENT, subwords.shape[1] - 1), n_iter=2, random_state=seed).fit(subwords)
    found = []
    for rows, words in ((train, subwords), (scored, _names(bags, weight, scored))):
        latent = unit(model.transform(words).astype(np.float32))
        found += [((filled[rows] - mean) / spread).astype(np.float32), latent]
    return found


def nearest_labels(
    parts: Sequence[Floats], wanted: csr_matrix, valid: Rows, truth: npt.NDArray[np.bool_]
) -> tuple[Floats, str]:
    """Return (n, labels), the share of each scored row's nearest training rows with each label, and the settings.

    ``parts`` are those of :func:`sound_and_names`; ``wanted`` (train, labels) are zeros and ones. The number of
    neighbours and the weight of the names are chosen by mean average precision over the scored rows ``valid`` (row
    numbers), whose labels are ``truth`` (valid, labels).
    """
    best: tuple[float, float, int] = (-1.0, 0.0, 0)
    for weight in NAME_WEIGHTS:
        near = _nearest(parts, weight, valid, max(NEIGHBOURS))
        for count in NEIGHBOURS:
            shares = _mean_labels(near[:, :count], wanted)
            best = max(best, (float(np.nanmean(average_precision(shares, truth))), weight, count))
    _, weight, count = best
    near = _nearest(parts, weight, np.arange(len(parts[2])), count)
    return _mean_labels(near, wanted), f"{count} neighbours, weight of names {weight:g}"


def _nearest(parts: Sequence[Floats], weight: float, rows: Rows, count: int) -> npt.NDArray[np.intp]:
    numbers, names, query_numbers, query_names = parts
    learnt, queries = np.hstack([numbers, weight * names]), np.hstack([query_numbers[rows], weight * query_names[rows]])
    search = NearestNeighbors(n_neighbors=min(count, len(learnt)), algorithm="brute").fit(learnt)
    return search.kneighbors(queries, return_distance=False)


def _mean_labels(near: npt.NDArray[np.intp], wanted: csr_matrix) -> Floats:
    n, count = near.shape
    owner = csr_matrix(
        (np.full(near.size, 1.0 / count, np.float32), near.ravel(), np.arange(0, near.size + 1, count)),
        shape=(n, wanted.shape[0]),
    )
    return (owner @ wanted).toarray()
