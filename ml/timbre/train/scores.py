"""Scores of an embedding, cross-validated: how well one part of a track retrieves another part among all tracks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.train import bootstrap
from ml.train.bootstrap import Interval
from ml.train.card import markdown_table
from ml.vectors import unit
from store.feature_rows import Floats

_EXCERPT = 60  # segments: about 15 seconds

Ranks = npt.NDArray[np.intp]  # (tracks, 2): tracks ranked before the right one, with either part as the query
Embed = Callable[[Sequence[Floats]], Floats]
# Learns from the tracks with these indices and returns an embedding of parts of tracks, (n, d).
Learn = Callable[[npt.NDArray[np.intp]], Embed]


def _excerpts(timbre: Floats) -> tuple[Floats, Floats]:
    starts = (max(0, len(timbre) * part // 4 - _EXCERPT // 2) for part in (1, 3))
    first, second = (timbre[start : start + _EXCERPT] for start in starts)
    return first, second


PROTOCOLS: Mapping[str, Callable[[Floats], tuple[Floats, Floats]]] = {
    "halves": lambda timbre: (timbre[: len(timbre) // 2], timbre[len(timbre) // 2 :]),
    "quarters": lambda timbre: (timbre[: (n := len(timbre) // 4)], timbre[2 * n : 3 * n]),
    "15 s": _excerpts,
}


def cross_validate(
    timbres: Sequence[Floats], learn: Learn, *, folds: int, seed: int, euclidean: bool = False
) -> dict[str, Ranks]:
    """Return the ranks by protocol; each track is a query once, to the model trained without its fold.

    Parameters
    ----------
    timbres : sequence of np.ndarray
        (n, 12) segments of each track; a query retrieves among the parts of all tracks.
    learn : callable
        Trains a model on the tracks of given indices.
    folds : int
        Number of folds; 1 trains on no track.
    euclidean : bool
        Rank by Euclidean distance instead of cosine.
    """
    order = np.random.default_rng(seed).permutation(len(timbres))
    cuts = {name: [cut(timbre) for timbre in timbres] for name, cut in PROTOCOLS.items()}
    ranks = {name: np.zeros((len(timbres), 2), np.intp) for name in PROTOCOLS}
    for fold in range(folds):
        held_out = order[fold::folds]
        embed = learn(np.setdiff1d(order, held_out))
        for name, pairs in cuts.items():
            first, second = (embed([pair[side] for pair in pairs]) for side in (0, 1))
            ranks[name][held_out] = _ranks(first, second, held_out, euclidean)
    return ranks


def _ranks(first: Floats, second: Floats, held_out: npt.NDArray[np.intp], euclidean: bool) -> Ranks:
    if not euclidean:
        first, second = unit(first), unit(second)
    squared = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2.0 * first @ second.T
    right = np.diag(squared)
    # Ties rank before the right track: an embedding that maps all tracks to one point must have recall 0.
    forth = (squared <= right[:, None]).sum(axis=1) - 1
    back = (squared <= right[None, :]).sum(axis=0) - 1
    return np.column_stack([forth, back])[held_out]


def recall(ranks: Ranks, at: int, seed: int) -> Interval:
    """Return recall@``at``, 0 to 1, with its bootstrap interval over tracks."""
    return bootstrap.interval((ranks < at).mean(axis=1), seed)


def ratio(ours: Ranks, theirs: Ranks, seed: int) -> Interval:
    """Return recall@1 of ``ours`` over that of ``theirs``, with its paired bootstrap interval over tracks."""
    return bootstrap.ratio((ours < 1).mean(axis=1), (theirs < 1).mean(axis=1), seed)


def table(results: Mapping[str, Mapping[str, Ranks]], seed: int) -> list[dict[str, Any]]:
    """Return a row per model: its name, and the intervals ``PROTOCOL @1`` and ``PROTOCOL @10``."""
    return [
        {"model": name} | {f"{kind} @{at}": recall(ranks, at, seed) for kind, ranks in found.items() for at in (1, 10)}
        for name, found in results.items()
    ]


def format_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a Markdown table: recall@1 with intervals, recall@10 without."""
    headings = list(rows[0])
    return markdown_table(
        headings, ([row[name].mean if name.endswith("@10") else row[name] for name in headings] for row in rows)
    )
