"""Fitting the expert: a linear model from an artist's genres and place to the 114 genres and to the broad genres."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from ml.artist_genre.model import INPUTS, KNOWN_BY, NO_GENRE, ArtistGenres
from ml.artist_genre.train.data import ArtistTable, Settings
from ml.genre.encoder import Floats
from ml.genre.train.data import Rows, first_columns, rows_of
from ml.taxonomy.model import Taxonomy
from store.catalogue.segment import id_hash

_FULL_WEIGHT = 255


def strongest(counts: sp.csr_matrix, kept: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Return (m, kept) columns and weights, 0 to 255, of the most frequent genres of each artist that has any.

    The artists with genres are the first rows of ``counts``.
    """
    rows = int((counts.getnnz(axis=1) > 0).sum())
    genres = np.full((rows, kept), NO_GENRE, np.uint16)
    weights = np.zeros((rows, kept), np.uint8)
    for row in range(rows):
        start, end = counts.indptr[row : row + 2]
        columns, values = counts.indices[start:end], counts.data[start:end]
        best = np.lexsort((columns, -values))[:kept]
        genres[row, : len(best)] = columns[best]
        weights[row, : len(best)] = np.maximum(np.rint(_FULL_WEIGHT * values[best] / values[best[0]]), 1)
    return genres, weights


def describe(model_arrays: dict[str, npt.NDArray[Any]], width: int, places: Floats) -> sp.csr_matrix:
    """Return (n, width + d): unit rows of each artist's genres, and the places, as the expert reads them."""
    genres, weights = model_arrays["genres"], model_arrays["weights"]
    rows, at = np.nonzero(genres != NO_GENRE)
    entries = (weights[rows, at].astype(np.float64), (rows, genres[rows, at].astype(int)))
    bags = normalize(sp.csr_matrix(entries, shape=(len(places), width)))
    return sp.hstack([bags, sp.csr_matrix(places)]).tocsr()


def fit(table: ArtistTable, taxonomy: Taxonomy, settings: Settings, version: str) -> ArtistGenres:
    """Fit on the training artists; the pool's weights are even until :func:`~ml.artist_genre.train.train.calibrate`."""
    genres, weights = strongest(table.counts, settings.genres_kept)
    arrays: dict[str, npt.NDArray[Any]] = {"genres": genres, "weights": weights}
    described = describe(arrays, len(table.names), table.places)
    tracks = table.tracks
    broad = sorted({labels[0] for labels in tracks.broad if labels})
    coefficients = np.hstack(
        [
            coefficients_of(described, table, tracks.labels, taxonomy.genres, settings),
            coefficients_of(described, table, tracks.broad, broad, settings),
        ]
    )
    codes = {**table.aliases, **{key: row for row, key in enumerate(table.keys)}}
    hashed = sorted((id_hash(key), row) for key, row in codes.items())
    arrays |= {
        "keys": np.array([key for key, _ in hashed], np.uint64),
        "rows": np.array([row for _, row in hashed], np.uint32),
        "vectors": table.vectors,
        "known_by": table.known_by,
        "coefficients": coefficients.astype(np.float16),
    }
    even = {inputs: {known_by: [1.0, 1.0] for known_by in KNOWN_BY} for inputs in INPUTS}
    described_as = {
        "version": version,
        "taxonomy": taxonomy.version,
        "names": list(table.names),
        "broad": broad,
        "pool": {"genre": even, "broad": even},
    }
    return ArtistGenres(described_as, arrays, taxonomy)


def coefficients_of(
    described: sp.csr_matrix,
    table: ArtistTable,
    labels: Sequence[tuple[str, ...]],
    names: Sequence[str],
    settings: Settings,
) -> Floats:
    """Return (width + 1, names) coefficients of the first of each track's ``labels``; the last row is the intercept.

    Each artist is shown twice, with and without a place, since of some only genres are known.
    """
    rows = rows_of(table.tracks, "train", labels)
    rows = rows[table.of_track[rows] >= 0]
    artists, classes, weights = shares_of(table.of_track[rows], first_columns(labels, rows, names), settings.repeats)
    shown = described[artists]
    unplaced = sp.hstack([shown[:, : len(table.names)], sp.csr_matrix((len(artists), table.vectors.shape[1]))])
    samples = np.concatenate([weights, settings.unplaced_weight * weights])
    model = LogisticRegression(C=1.0 / settings.penalty, max_iter=settings.iterations, tol=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of iterations is a setting
        model.fit(sp.vstack([shown, unplaced]).tocsr(), np.tile(classes, 2), sample_weight=samples / samples.sum())
    found = np.zeros((described.shape[1] + 1, len(names)))
    found[-1] = np.log(1e-6)  # a genre without a training artist
    both = np.vstack([model.coef_.T, model.intercept_])
    if len(model.classes_) == 2:  # scikit-learn keeps one column of the two
        both = np.hstack([-both, both]) / 2.0
    found[:, model.classes_] = both
    return found


def shares_of(artists: Rows, classes: Rows, repeats: float) -> tuple[Rows, Rows, npt.NDArray[np.float64]]:
    """Return the distinct pairs of artist and class, and their weights: of an artist n ** ``repeats`` in all."""
    pairs, counts = np.unique(np.stack([artists, classes]), axis=1, return_counts=True)
    total = np.bincount(artists, minlength=artists.max() + 1)[pairs[0]]
    return pairs[0], pairs[1], counts * total ** (repeats - 1.0)
