"""Fits the expert: a linear model from an artist's genres and vector to the 114 genres and to the broad genres."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from ml.artist_genre.model import INPUTS, KEPT, KNOWN_BY, NO_GENRE, ArtistGenres
from ml.artist_genre.train.data import ArtistTable, Settings
from ml.genre.encoder import Floats
from ml.genre.train.data import Rows, first_columns, rows_of
from ml.taxonomy.model import Taxonomy
from store.catalogue.segment import id_hash

_FULL_WEIGHT = 255
_BLOCK = 2048  # artists compared at a time


def strongest(counts: sp.csr_matrix) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Return (n, KEPT) columns and weights, 0 to 255, of the most frequent genres of each artist."""
    genres = np.full((counts.shape[0], KEPT), NO_GENRE, np.uint16)
    weights = np.zeros((counts.shape[0], KEPT), np.uint8)
    for row in np.flatnonzero(counts.getnnz(axis=1)):
        start, end = counts.indptr[row : row + 2]
        columns, values = counts.indices[start:end], counts.data[start:end]
        best = np.lexsort((columns, -values))[:KEPT]
        genres[row, : len(best)] = columns[best]
        weights[row, : len(best)] = np.maximum(np.rint(_FULL_WEIGHT * values[best] / values[best[0]]), 1)
    return genres, weights


def genres_alike(
    own: sp.csr_matrix, places: Floats, known_by: npt.NDArray[np.uint8], settings: Settings
) -> sp.csr_matrix:
    """Return (n, genres): ``own``, to which artists without own tracks add the mean of the nearest artists with some.

    ``own`` (n, genres) are unit rows. Artists known "alike" have no genres but the mean.
    """
    named = np.flatnonzero(known_by == KNOWN_BY.index("own"))
    blocks = [own[named]]
    lacking = np.flatnonzero(known_by != KNOWN_BY.index("own"))
    for start in range(0, len(lacking), _BLOCK):
        rows = lacking[start : start + _BLOCK]
        cosine = places[rows] @ places[named].T
        near = np.argpartition(-cosine, min(settings.alike, len(named) - 1), axis=1)[:, : settings.alike]
        close = np.take_along_axis(cosine, near, axis=1)
        weights = np.where(close >= settings.least_alike, close, 0.0) ** settings.alike_power
        at = np.repeat(np.arange(len(rows)), near.shape[1])
        mean = sp.csr_matrix((weights.ravel(), (at, near.ravel())), shape=cosine.shape) @ own[named]
        blocks.append(normalize(mean) + own[rows])
    order = np.argsort(np.concatenate([named, lacking]))
    return sp.vstack(blocks).tocsr()[order]


def described(genres: npt.NDArray[np.uint16], weights: npt.NDArray[np.uint8], table: ArtistTable) -> sp.csr_matrix:
    """Return the expert's inputs, (n, names + d): unit rows of each artist's genres, and the unit vectors."""
    alike = table.known_by == KNOWN_BY.index("alike")
    rows, at = np.nonzero((genres != NO_GENRE) & ~alike[:, None])
    entries = (weights[rows, at].astype(np.float64), (rows, genres[rows, at].astype(int)))
    bags = normalize(sp.csr_matrix(entries, shape=(len(genres), len(table.names))))
    return sp.hstack([bags, sp.csr_matrix(table.places)]).tocsr()


def readings(names: Sequence[str], taxonomy: Taxonomy) -> npt.NDArray[np.uint8]:
    """Return the column of the one of the 114 genres that each name is read as, 255 where the taxonomy only guesses."""
    columns = {genre: column for column, genre in enumerate(taxonomy.genres)}
    return np.array(
        [columns[taxonomy.predict(name).genre] if taxonomy.family_of(name) else 255 for name in names], np.uint8
    )


def fit(table: ArtistTable, taxonomy: Taxonomy, settings: Settings, version: str) -> ArtistGenres:
    """Fit on the training artists; the pool's weights are even until :func:`~ml.artist_genre.train.train.calibrate`."""
    own = normalize(table.counts)
    genres, weights = strongest(genres_alike(own, table.places, table.known_by, settings))
    artists, tracks = described(genres, weights, table), table.tracks
    broad = sorted({labels[0] for labels in tracks.broad if labels})
    coefficients = np.hstack(
        [
            coefficients_of(artists, table, tracks.labels, taxonomy.genres, settings),
            coefficients_of(artists, table, tracks.broad, broad, settings),
        ]
    )
    codes = {**table.aliases, **{key: row for row, key in enumerate(table.keys)}}
    hashed = sorted((id_hash(key), row) for key, row in codes.items())
    arrays: dict[str, npt.NDArray[Any]] = {
        "keys": np.array([key for key, _ in hashed], np.uint64),
        "rows": np.array([row for _, row in hashed], np.uint32),
        "vectors": table.vectors,
        "known_by": table.known_by,
        "genres": genres,
        "weights": weights,
        "readings": readings(table.names, taxonomy),
        "coefficients": coefficients.astype(np.float16),
    }
    even = {inputs: {known_by: [1.0, 1.0] for known_by in KNOWN_BY} for inputs in INPUTS}
    description = {
        "version": version,
        "taxonomy": taxonomy.version,
        "names": list(table.names),
        "broad": broad,
        "reading": dict.fromkeys(KNOWN_BY, 0.0),
        "pool": {"genre": even, "broad": even},
    }
    return ArtistGenres(description, arrays, taxonomy)


def coefficients_of(
    artists: sp.csr_matrix,
    table: ArtistTable,
    labels: Sequence[tuple[str, ...]],
    names: Sequence[str],
    settings: Settings,
) -> Floats:
    """Return (width + 1, names) coefficients for the first of each track's ``labels``; the last row is the intercept.

    Each artist is used twice, with and without a vector, because of some artists only genres are known.
    """
    rows = rows_of(table.tracks, "train", labels)
    rows = rows[table.of_track[rows] >= 0]
    numbers, classes, weights = shares_of(table.of_track[rows], first_columns(labels, rows, names), settings.repeats)
    shown = artists[numbers]
    unplaced = sp.hstack([shown[:, : len(table.names)], sp.csr_matrix((len(numbers), table.vectors.shape[1]))])
    samples = np.concatenate([weights, settings.unplaced_weight * weights])
    model = LogisticRegression(C=1.0 / settings.penalty, max_iter=settings.iterations, tol=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of iterations is a setting
        model.fit(sp.vstack([shown, unplaced]).tocsr(), np.tile(classes, 2), sample_weight=samples / samples.sum())
    found = np.zeros((artists.shape[1] + 1, len(names)))
    found[-1] = np.log(1e-6)  # for genres without a training artist
    both = np.vstack([model.coef_.T, model.intercept_])
    if len(model.classes_) == 2:  # scikit-learn keeps one column of the two
        both = np.hstack([-both, both]) / 2.0
    found[:, model.classes_] = both
    return found


def shares_of(artists: Rows, classes: Rows, repeats: float) -> tuple[Rows, Rows, npt.NDArray[np.float64]]:
    """Return the distinct pairs of artist and class with weights; those of an artist of n tracks sum to n**repeats."""
    pairs, counts = np.unique(np.stack([artists, classes]), axis=1, return_counts=True)
    total = np.bincount(artists, minlength=artists.max() + 1)[pairs[0]]
    return pairs[0], pairs[1], counts * total ** (repeats - 1.0)
