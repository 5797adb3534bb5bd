"""The subwords of names in training: the choice of subwords, those of each track, and their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags

from ml.genre.encoder import Floats
from ml.genre.text_features import PARTS, Vocabulary, hashes
from ml.genre.train.data import Rows, TrackTable

_PSEUDO_ARTISTS = 3.0  # smooth the classes of a subword's few artists towards those of all


@dataclass(frozen=True)
class Bags:
    """Each track's subwords as rows of the vocabulary: per part a CSR of ``start`` (n + 1,) and ``rows``."""

    start: Sequence[npt.NDArray[np.intp]]
    rows: Sequence[npt.NDArray[np.int32]]

    def of(self, part: int, tracks: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
        """Return the subwords of ``tracks`` and the index in ``tracks`` of the track of each."""
        first, last = self.start[part][tracks], self.start[part][tracks + 1]
        counts = last - first
        offsets = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        return self.rows[part][offsets + np.arange(counts.sum())], np.repeat(np.arange(len(tracks)), counts)


def hash_names(table: TrackTable) -> tuple[list[npt.NDArray[np.intp]], list[npt.NDArray[np.uint32]]]:
    """Return per part the number of subwords of each track, and all subwords one after the other."""
    counts = [np.zeros(len(table), np.intp) for _ in PARTS]
    found: list[list[int]] = [[] for _ in PARTS]
    for row in range(len(table)):
        for part, names in enumerate(table.names(row)):
            subwords = hashes(names)
            counts[part][row] = len(subwords)
            found[part].extend(subwords)
    return counts, [np.array(f, np.uint32) for f in found]


def choose_subwords(
    artists: Rows, counts: Sequence[Rows], subwords: Sequence[npt.NDArray], profiles: Sequence[csr_matrix], most: int
) -> tuple[Vocabulary, Floats]:
    """Return the ``most`` most informative subwords and the weight (rarity among artists) of each.

    ``artists`` (n,) numbers each track's first artist, -1 for a track not to learn from; ``counts`` and ``subwords``
    are those of :func:`hash_names`, ``profiles`` those of :func:`profiles_of`. A subword is counted once per artist
    over all parts, so that artists with many tracks do not weigh more. A subword of a single artist is never kept,
    since it says nothing about other artists.
    """
    owner = np.concatenate([np.repeat(artists, count) for count in counts])
    every = np.concatenate(subwords)[owner >= 0].astype(np.uint64)
    pairs = np.unique((every << np.uint64(32)) | owner[owner >= 0].astype(np.uint64))
    known, index, spread = np.unique(
        (pairs >> np.uint64(32)).astype(np.uint32), return_inverse=True, return_counts=True
    )
    shared = np.flatnonzero(spread > 1)
    entries = (np.ones(len(pairs), np.float32), (index, (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)))
    of_artist = csr_matrix(entries, shape=(len(known), profiles[0].shape[0]))[shared]
    telling = sum(informativeness(of_artist, profile) for profile in profiles)
    best = np.sort(shared[np.argsort(-telling, kind="stable")[:most]])
    rarity = np.log((artists.max() + 1) / spread[best])
    return Vocabulary(known[best]), np.maximum(rarity, 0.1).astype(np.float32)


def profiles_of(artists: Rows, targets: csr_matrix) -> csr_matrix:
    """Return each artist's mean distribution (artists, classes) over the tracks' ``targets`` (n, classes).

    An artist without targets has a zero row.
    """
    tracks = np.flatnonzero(artists >= 0)
    summing = csr_matrix(
        (np.ones(len(tracks), np.float32), (artists[tracks], tracks)), shape=(artists.max() + 1, len(artists))
    )
    sums = summing @ targets
    return csr_matrix(diags(1.0 / np.maximum(np.asarray(sums.sum(axis=1)).ravel(), 1e-9)) @ sums)


def informativeness(of_artist: csr_matrix, profile: csr_matrix) -> npt.NDArray[np.float64]:
    """Return for each subword (row of ``of_artist``) how much its artists' classes differ from those of all artists.

    The measure is the log-likelihood ratio ``n * KL(p || q)`` in nats. ``p`` is smoothed towards ``q`` by some
    pseudo-artists, since the classes of few artists differ by chance.
    """
    counts = csr_matrix(of_artist @ profile)
    n = np.asarray(counts.sum(axis=1)).ravel()
    prior = np.asarray(profile.sum(axis=0)).ravel()
    prior = prior / prior.sum()
    row = np.repeat(np.arange(len(n)), np.diff(counts.indptr))
    q = prior[counts.indices]
    p = (counts.data + _PSEUDO_ARTISTS * q) / (n[row] + _PSEUDO_ARTISTS)
    unseen = _PSEUDO_ARTISTS / (n + _PSEUDO_ARTISTS)  # p / q of a class that none of the subword's artists has
    of_seen = np.bincount(row, weights=p * np.log(p / q), minlength=len(n))
    of_unseen = (1.0 - np.bincount(row, weights=q, minlength=len(n))) * unseen * np.log(unseen)
    return n * (of_seen + of_unseen)


def index_names(vocabulary: Vocabulary, counts: Sequence[npt.NDArray], subwords: Sequence[npt.NDArray]) -> Bags:
    """Return each track's subwords that the vocabulary kept."""
    start, rows = [], []
    for count, subword in zip(counts, subwords, strict=True):
        found = vocabulary.rows(subword)
        kept = found >= 0
        track = np.repeat(np.arange(len(count)), count)[kept]
        start.append(np.concatenate([[0], np.cumsum(np.bincount(track, minlength=len(count)))]))
        rows.append(found[kept])
    return Bags(start, rows)


@dataclass(frozen=True)
class NameBatch:
    """The names of n tracks: ``subwords`` (u,) are distinct rows of the vectors, ``matrix`` (3 * n, u) their weights.

    Row ``part * n + i`` of ``matrix`` is the bag of that part of track ``i``.
    """

    subwords: npt.NDArray[np.int32]
    matrix: csr_matrix

    @classmethod
    def gather(
        cls, bags: Bags, weight: Floats, tracks: Rows, shown: Sequence[npt.NDArray[np.bool_]] | None = None
    ) -> NameBatch:
        """Return the names of ``tracks``; ``shown`` masks the subwords of each part, ``None`` keeps all."""
        n, rows, columns, values = len(tracks), [], [], []
        for part in range(len(PARTS)):
            subword, owner = bags.of(part, tracks)
            if shown is not None:
                subword, owner = subword[shown[part]], owner[shown[part]]
            mass = np.bincount(owner, weights=weight[subword] ** 2, minlength=n)
            rows.append(part * n + owner)
            columns.append(subword)
            values.append(weight[subword] / np.sqrt(mass)[owner])
        subwords, column = np.unique(np.concatenate(columns), return_inverse=True)
        entries = (np.concatenate(values).astype(np.float32), (np.concatenate(rows), column))
        return cls(subwords, csr_matrix(entries, shape=(len(PARTS) * n, len(subwords))))


class SubwordVectors:
    """One vector per subword, trained by gradient descent on the rows that a batch uses.

    The step is scaled by the gradient's size over the whole table. Adam would scale it by row, so that a subword of two
    artists would move as far as one of two thousand. This overfits to artists' names: top-1 by names alone, for unseen
    artists, was 0.24 instead of 0.26. It would also update every row at every step, which took most of the time.
    """

    def __init__(self, subwords: int, width: int, seed: int) -> None:
        self.values = np.random.default_rng(seed).normal(0.0, 1e-3, (subwords, width)).astype(np.float32)
        self._square, self._steps = 0.0, 0

    def bags(self, batch: NameBatch) -> Floats:
        """Return (n, 3 * width) bags, the parts side by side."""
        flat = batch.matrix @ self.values[batch.subwords]
        return np.hstack(np.split(flat, len(PARTS)))

    def descend(self, batch: NameBatch, gradient: Floats, rate: float) -> None:
        """Follow the gradient of a loss with respect to :meth:`bags`, (n, 3 * width), by one step."""
        self._steps += 1
        per_subword = batch.matrix.T @ np.vstack(np.split(gradient, len(PARTS), axis=1))
        self._square = 0.99 * self._square + 0.01 * float(np.square(per_subword).mean())
        size = np.sqrt(self._square / (1.0 - 0.99**self._steps))
        self.values[batch.subwords] -= (rate / max(size, 1e-12)) * per_subword
