"""What the genre model has to beat, each fitted on the same training tracks."""

from __future__ import annotations

import keras
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier

from ml.genre_encoder import Floats
from ml.text_features import PARTS
from ml.train.genre_pieces import Bags, NameBatch, Rows
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
    scores = model.decision_function(_names(bags, weight, asked))
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    out = np.zeros((len(asked), classes), np.float32)
    out[:, model.classes_] = powers / powers.sum(axis=1, keepdims=True)
    return out
