"""Nearest-neighbour recommendation from playlists: item-kNN and user-kNN over a sparse matrix of lists and items.

Both are one computation with different weights: every list that shares songs with the seeds gets a weight, and the
score of a song is the sum of the weights of the lists that hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from store.feature_rows import Floats

Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Knn:
    """The weights of neighbouring lists."""

    rarity: float = 1.0  # power of a shared song's inverse frequency (log lists / lists that hold it)
    length: float = 0.5  # a list's weight is divided by its summed rarity to this power; 0.5 makes it a cosine
    sharpness: float = 1.0  # power of the similarity: above 1 the nearest lists count more than many distant ones
    nearest: int = 1000  # the number of nearest lists used
    fame: float = 0.0  # a song's score is divided by the number of lists that hold it, to this power


class Lists:
    """L lists over n items (songs, or artists), by list and by item; immutable, arrays may be mapped.

    Parameters
    ----------
    start, item, share
        (L + 1,) where each list begins in ``item`` (entries,); ``share`` (entries,) is the weight of each, above 0
        and at most 1.
    items : int
        n.
    """

    def __init__(self, start: Ints, item: Ints, share: Floats, items: int) -> None:
        self.start, self.item, self.share = start, item, share
        self.muted: Ints = np.empty(0, np.int64)
        order = np.argsort(item, kind="stable")
        self.count = self._whole_count = np.bincount(item, minlength=items)
        self.item_start = np.concatenate([[0], np.cumsum(self.count)])
        self.list = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))[order]
        self.list_share = share[order]
        self._rarity_by_power: dict[float, tuple[Floats, Floats]] = {}

    @classmethod
    def of(cls, lists: Sequence[Ints], items: int, shares: Sequence[Floats] | None = None) -> Lists:
        """Build from the items of each list."""
        start = np.concatenate([[0], np.cumsum([len(items_of_list) for items_of_list in lists])]).astype(np.int64)
        item = np.concatenate(lists).astype(np.int32) if lists else np.empty(0, np.int32)
        share = np.concatenate(shares) if shares else np.ones(len(item))
        return cls(start, item, share.astype(np.float32), items)

    def __len__(self) -> int:
        return len(self.start) - 1

    def without(self, left_out: npt.NDArray[np.bool_]) -> Lists:
        """Return these lists with those marked in ``left_out`` (L,) emptied; numbers of lists stay."""
        kept = np.repeat(~left_out, np.diff(self.start))
        start = np.concatenate([[0], np.cumsum(np.diff(self.start) * ~left_out)])
        return Lists(start, self.item[kept], self.share[kept], len(self.count))

    def muting(self, lists: Ints) -> Lists:
        """Return these lists without those numbered ``lists``; the arrays are shared, only the counts are new."""
        other = copy(self)
        other.muted = np.asarray(lists, np.int64)
        at, _ = ranges(self.start, other.muted)
        other.count = self.count - np.bincount(self.item[at], minlength=len(self.count))
        return other

    def rarity(self, power: float = 1.0) -> Floats:
        """Return (n,) the rarity of each item: log(lists / lists with the item) to the power ``power``."""
        return self._known(power)[0]

    def _known(self, power: float) -> tuple[Floats, Floats]:
        """Return (n,) rarities and (L,) the summed rarity of each list; muted lists still count."""
        if power not in self._rarity_by_power:
            rarity = np.log((1.0 + len(self)) / (1.0 + self._whole_count)) ** power
            total = np.add.reduceat(np.append(rarity[self.item], 0.0), self.start[:-1]) if len(self) else np.empty(0)
            self._rarity_by_power[power] = rarity, np.where(np.diff(self.start) > 0, np.maximum(total, 1e-9), 1.0)
        return self._rarity_by_power[power]

    def weights(self, seeds: Ints, how: Knn, amounts: Floats | None = None) -> Floats:
        """Return (L,) the similarity of each list to ``seeds`` to the power of ``how``; 0 for lists without a seed.

        ``amounts`` (len(seeds),) are weights of the seeds, 1 by default.
        """
        rarity, length = self._known(how.rarity)
        seed_weights = rarity[seeds] * (1.0 if amounts is None else amounts)
        at, lengths = ranges(self.item_start, seeds)
        shared = np.bincount(
            self.list[at], weights=self.list_share[at] * np.repeat(seed_weights, lengths), minlength=len(self)
        )
        shared[self.muted] = 0.0
        touched = np.flatnonzero(shared)
        like = shared[touched] / length[touched] ** how.length
        if len(touched) > how.nearest:
            nearest = np.argpartition(-like, how.nearest)[: how.nearest]
            touched, like = touched[nearest], like[nearest]
        weights = np.zeros(len(self))
        weights[touched] = like**how.sharpness
        return weights

    def scores(self, weights: Floats, fame: float = 0.0) -> Floats:
        """Return (n,) the summed weights of the lists with each item, over its count to the power ``fame``."""
        touched = np.flatnonzero(weights)
        at, lengths = ranges(self.start, touched)
        found = np.bincount(
            self.item[at], weights=np.repeat(weights[touched], lengths) * self.share[at], minlength=len(self.count)
        )
        return np.asarray(found / np.maximum(self.count, 1.0) ** fame, float)

    def neighbours(self, seeds: Ints, how: Knn) -> Floats:
        """Return (n,) the scores of user-kNN: the summed weights of the lists with an item."""
        return self.scores(self.weights(seeds, how), how.fame)

    def item_neighbours(self, seeds: Ints, power: float = 0.5) -> Floats:
        """Return (n,) the scores of item-kNN: the summed cosine of every item's lists with those of each seed."""
        at, lengths = ranges(self.item_start, seeds)
        per_entry = np.repeat(np.maximum(self.count[seeds], 1.0) ** -power, lengths)
        weights = np.bincount(self.list[at], weights=per_entry * self.list_share[at], minlength=len(self))
        list_weights = np.asarray(weights, float)
        list_weights[self.muted] = 0.0
        return self.scores(list_weights, power)


def ranges(start: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return the positions ``start[r]`` to ``start[r + 1]`` of every row, concatenated, and how many each row has."""
    lengths = np.asarray(start[np.asarray(rows) + 1] - start[rows], np.int64)
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.arange(int(lengths.sum())) - before + np.repeat(start[rows], lengths), lengths
