"""Name pieces in training: which ones are kept, which track has which, and the vectors they learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from ml.genre_encoder import Floats
from ml.text_features import PARTS, Vocabulary, hashes
from ml.train.genre_data import TrackTable

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Bags:
    """Each track's name pieces as rows of the vocabulary: per part a CSR of ``start`` (n + 1,) and ``rows``."""

    start: Sequence[npt.NDArray[np.intp]]
    rows: Sequence[npt.NDArray[np.int32]]

    def of(self, part: int, tracks: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
        """Return the pieces of ``tracks`` and, beside each, which of ``tracks`` it belongs to."""
        first, last = self.start[part][tracks], self.start[part][tracks + 1]
        counts = last - first
        offsets = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        return self.rows[part][offsets + np.arange(counts.sum())], np.repeat(np.arange(len(tracks)), counts)


def hash_names(table: TrackTable) -> tuple[list[npt.NDArray[np.intp]], list[npt.NDArray[np.uint32]]]:
    """Return per part the number of pieces of each track, and all pieces one after the other."""
    counts = [np.zeros(len(table), np.intp) for _ in PARTS]
    found: list[list[int]] = [[] for _ in PARTS]
    for row in range(len(table)):
        for part, names in enumerate(table.names(row)):
            pieces = hashes(names, part)
            counts[part][row] = len(pieces)
            found[part].extend(pieces)
    return counts, [np.array(f, np.uint32) for f in found]


def choose_pieces(
    table: TrackTable,
    counts: Sequence[npt.NDArray],
    pieces: Sequence[npt.NDArray],
    use: npt.NDArray[np.bool_],
    most: int,
    least_artists: int,
) -> tuple[Vocabulary, Floats]:
    """Return the ``most`` pieces that most artists of the tracks in ``use`` share, and each one's weight (its rarity).

    A piece of fewer than ``least_artists`` says nothing about anybody else's music.
    """
    artists = np.unique([a[0] if a else "" for a in table.artists], return_inverse=True)[1].astype(np.uint64)
    known, spread = [], []
    for count, piece in zip(counts, pieces, strict=True):
        track = np.repeat(np.arange(len(table)), count)
        wanted = use[track]
        pairs = np.unique((piece[wanted].astype(np.uint64) << np.uint64(32)) | artists[track[wanted]])
        values, artists_of = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
        known.append(values)
        spread.append(artists_of)
    every, counted = np.concatenate(known), np.concatenate(spread)
    best = np.argsort(-counted, kind="stable")[:most]
    best = best[counted[best] >= least_artists]
    order = np.unique(every[best], return_index=True)[1]
    rarity = np.log(len(np.unique(artists[use])) / counted[best][order])
    return Vocabulary(every[best][order]), np.maximum(rarity, 0.1).astype(np.float32)


def index_names(vocabulary: Vocabulary, counts: Sequence[npt.NDArray], pieces: Sequence[npt.NDArray]) -> Bags:
    """Look every piece up, dropping those not kept."""
    start, rows = [], []
    for count, piece in zip(counts, pieces, strict=True):
        found = vocabulary.rows(piece)
        kept = found >= 0
        track = np.repeat(np.arange(len(count)), count)[kept]
        start.append(np.concatenate([[0], np.cumsum(np.bincount(track, minlength=len(count)))]))
        rows.append(found[kept])
    return Bags(start, rows)


@dataclass(frozen=True)
class NameBatch:
    """The names of n tracks: ``pieces`` (u,) distinct rows of the table, and the (3 * n, u) matrix that weighs them.

    Row ``part * n + i`` of ``matrix`` makes the bag of that part of track ``i``.
    """

    pieces: npt.NDArray[np.int32]
    matrix: csr_matrix

    @classmethod
    def gather(
        cls, bags: Bags, weight: Floats, tracks: Rows, shown: Sequence[npt.NDArray[np.bool_]] | None = None
    ) -> NameBatch:
        """Collect the pieces of ``tracks``; ``shown`` says per part which of them are not left out."""
        n, rows, columns, values = len(tracks), [], [], []
        for part in range(len(PARTS)):
            piece, owner = bags.of(part, tracks)
            if shown is not None:
                piece, owner = piece[shown[part]], owner[shown[part]]
            mass = np.bincount(owner, weights=weight[piece] ** 2, minlength=n)
            rows.append(part * n + owner)
            columns.append(piece)
            values.append(weight[piece] / np.sqrt(mass)[owner])
        pieces, column = np.unique(np.concatenate(columns), return_inverse=True)
        entries = (np.concatenate(values).astype(np.float32), (np.concatenate(rows), column))
        return cls(pieces, csr_matrix(entries, shape=(len(PARTS) * n, len(pieces))))


class PieceTable:
    """One vector per piece, trained by Adam on the rows that a batch uses.

    Kept outside Keras, whose optimisers touch every row at every step: with 100,000 rows that is most of the time.
    """

    def __init__(self, pieces: int, width: int, seed: int, spread: float = 1e-3) -> None:
        self.values = np.random.default_rng(seed).normal(0.0, spread, (pieces, width)).astype(np.float32)
        self._mean, self._square = np.zeros_like(self.values), np.zeros_like(self.values)
        self._steps = 0

    def bags(self, batch: NameBatch) -> Floats:
        """Return (n, 3 * width) bags, the parts side by side."""
        flat = batch.matrix @ self.values[batch.pieces]
        return np.hstack(np.split(flat, len(PARTS)))

    def descend(self, batch: NameBatch, gradient: Floats, rate: float) -> None:
        """Follow the gradient of a summed loss with respect to :meth:`bags`, (n, 3 * width), by one step of Adam."""
        self._steps += 1
        per_piece = batch.matrix.T @ np.vstack(np.split(gradient, len(PARTS), axis=1))
        mean = 0.9 * self._mean[batch.pieces] + 0.1 * per_piece
        square = 0.999 * self._square[batch.pieces] + 0.001 * per_piece**2
        self._mean[batch.pieces], self._square[batch.pieces] = mean, square
        step = (mean / (1.0 - 0.9**self._steps)) / (np.sqrt(square / (1.0 - 0.999**self._steps)) + 1e-6)
        self.values[batch.pieces] -= rate * step
