"""What the genre model has to beat, each fitted on the same training tracks."""

from __future__ import annotations

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
from ml.genre.train.scores import average_precision
from ml.genre.train.subwords import Bags, NameBatch, Rows
from store.domain import AUDIO_FEATURES

# The eight that older genre predictors use: Spotify's 0 to 1 descriptors and the loudness.
EIGHT = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
)
# Nearest neighbours: how many, and how far apart two names can be beside standard scores.
NEIGHBOURS = (10, 30, 100, 300)
NAMES_COUNT = (0.0, 3.0, 8.0)
LATENT = 48


def majority(answers: Rows, classes: int, asked: int) -> Floats:
    """Return the share of each class in ``answers`` for each of ``asked`` tracks."""
    shares = np.bincount(answers, minlength=classes) / len(answers)
    return np.repeat(shares[None].astype(np.float32), asked, axis=0)


def _filled(values: Floats, train: Rows) -> Floats:
    return np.where(np.isnan(values), np.nanmedian(values[train], axis=0), values)


def eight_feature_mlp(values: Floats, train: Rows, answers: Rows, asked: Rows, classes: int, seed: int) -> Floats:
    """Return the probabilities of two ReLU layers and a softmax on eight MinMax-scaled features."""
    eight = _filled(values, train)[:, [AUDIO_FEATURES.index(name) for name in EIGHT]]
    low, high = eight[train].min(axis=0), eight[train].max(axis=0)
    scaled = (eight - low) / np.maximum(high - low, 1e-9)
    keras.utils.set_random_seed(seed)
    dense = keras.layers.Dense
    net = keras.Sequential([dense(128, "relu"), dense(64, "relu"), dense(classes, "softmax")])
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(scaled[train], answers, batch_size=256, epochs=15, verbose=0)
    return net.predict(scaled[asked], batch_size=4096, verbose=0)


def forest(values: Floats, train: Rows, answers: Rows, asked: Rows, classes: int, seed: int) -> Floats:
    """Return the probabilities of a random forest on all 13 features."""
    filled = _filled(values, train)
    trees = RandomForestClassifier(100, min_samples_leaf=5, max_features=4, n_jobs=2, random_state=seed)
    trees.fit(filled[train], answers)
    out = np.zeros((len(asked), classes), np.float32)
    out[:, trees.classes_] = trees.predict_proba(filled[asked])
    return out


def _names(bags: Bags, weight: Floats, tracks: Rows) -> csr_matrix:
    """Return the (n, all pieces) matrix of name pieces, rarity-weighted, each part of length 1."""
    batch = NameBatch.gather(bags, weight, tracks)
    n = len(tracks)
    parts = sum(batch.matrix[part * n : (part + 1) * n] for part in range(len(PARTS))).tocsr()
    return csr_matrix((parts.data, batch.pieces[parts.indices], parts.indptr), shape=(n, len(weight)))


def linear_names(
    bags: Bags, weight: Floats, train: Rows, answers: Rows, asked: Rows, classes: int, seed: int
) -> Floats:
    """Return the probabilities of a linear model on the name pieces alone."""
    model = SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=8, tol=None, n_jobs=2, random_state=seed, average=True)
    model.fit(_names(bags, weight, train), answers)
    out = np.zeros((len(asked), classes), np.float32)
    out[:, model.classes_] = softmax(model.decision_function(_names(bags, weight, asked)))
    return out


def sound_and_names(values: Floats, bags: Bags, weight: Floats, train: Rows, asked: Rows, seed: int) -> list[Floats]:
    """Return numbers (standard scores, gaps at the median) and names (latent semantic analysis, length 1) of the
    ``train`` and of the ``asked`` rows: [numbers, names, asked numbers, asked names].
    """
    filled = _filled(values[:, ~np.isnan(values[train]).all(axis=0)], train)
    mean, spread = filled[train].mean(axis=0), np.maximum(filled[train].std(axis=0), 1e-6)
    pieces = _names(bags, weight, train)
    model = TruncatedSVD(min(LATENT, pieces.shape[1] - 1), n_iter=2, random_state=seed).fit(pieces)
    found = []
    for rows, words in ((train, pieces), (asked, _names(bags, weight, asked))):
        latent = model.transform(words).astype(np.float32)
        latent /= np.maximum(np.linalg.norm(latent, axis=1, keepdims=True), 1e-6)
        found += [((filled[rows] - mean) / spread).astype(np.float32), latent]
    return found


def nearest_labels(
    parts: Sequence[Floats], wanted: csr_matrix, valid: Rows, truth: npt.NDArray[np.bool_]
) -> tuple[Floats, str]:
    """Return for each asked row the share of its nearest training rows with each label, (n, labels), and what was
    chosen.

    ``parts`` as :func:`sound_and_names` gives them; ``wanted`` (train, labels) are zeros and ones; ``valid`` the
    asked rows, by number, whose ``truth`` (valid, labels) chooses how many neighbours there are and what the names
    count beside the numbers, by mean average precision over the rows.
    """
    best: tuple[float, float, int] = (-1.0, 0.0, 0)
    for pull in NAMES_COUNT:
        near = _nearest(parts, pull, valid, max(NEIGHBOURS))
        for count in NEIGHBOURS:
            told = _mean_labels(near[:, :count], wanted)
            best = max(best, (float(np.nanmean(average_precision(told, truth))), pull, count))
    _, pull, count = best
    near = _nearest(parts, pull, np.arange(len(parts[2])), count)
    return _mean_labels(near, wanted), f"{count} neighbours, names count {pull:g}"


def _nearest(parts: Sequence[Floats], pull: float, rows: Rows, count: int) -> npt.NDArray[np.intp]:
    numbers, names, asked_numbers, asked_names = parts
    learnt, asked = np.hstack([numbers, pull * names]), np.hstack([asked_numbers[rows], pull * asked_names[rows]])
    search = NearestNeighbors(n_neighbors=min(count, len(learnt)), algorithm="brute").fit(learnt)
    return search.kneighbors(asked, return_distance=False)


def _mean_labels(near: npt.NDArray[np.intp], wanted: csr_matrix) -> Floats:
    n, count = near.shape
    owner = csr_matrix(
        (np.full(near.size, 1.0 / count, np.float32), near.ravel(), np.arange(0, near.size + 1, count)),
        shape=(n, wanted.shape[0]),
    )
    return (owner @ wanted).toarray()
