"""How well one part of a track finds another part of it among all tracks, whole tracks left out of the training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.timbre.model import Floats
from ml.train import bootstrap
from ml.train.bootstrap import Interval

_EXCERPT = 60  # segments: about 15 seconds

Ranks = npt.NDArray[np.intp]  # (tracks, 2): how many tracks came before the right one, asked from either part
Embed = Callable[[Sequence[Floats]], Floats]
# Learns from the tracks with these numbers; what it returns maps pieces of tracks to (n, d) rows.
Learn = Callable[[npt.NDArray[np.intp]], Embed]


def _halves(timbre: Floats) -> tuple[Floats, Floats]:
    return timbre[: len(timbre) // 2], timbre[len(timbre) // 2 :]


def _quarters(timbre: Floats) -> tuple[Floats, Floats]:
    quarter = len(timbre) // 4
    return timbre[:quarter], timbre[2 * quarter : 3 * quarter]


def _excerpts(timbre: Floats) -> tuple[Floats, Floats]:
    starts = (max(0, len(timbre) * part // 4 - _EXCERPT // 2) for part in (1, 3))
    first, second = (timbre[start : start + _EXCERPT] for start in starts)
    return first, second


PROTOCOLS: Mapping[str, Callable[[Floats], tuple[Floats, Floats]]] = {
    "halves": _halves,
    "quarters": _quarters,
    "15 s": _excerpts,
}


def cross_validate(
    timbres: Sequence[Floats], learn: Learn, *, folds: int, seed: int, euclidean: bool = False
) -> dict[str, Ranks]:
    """Return the ranks by protocol: each track is asked once, by what was learnt without its fold.

    The pieces of every track are there to be found. Closeness is the cosine, or the distance where ``euclidean``.
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
        first, second = (
            rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9) for rows in (first, second)
        )
    squared = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2.0 * first @ second.T
    right = np.diag(squared)
    # Equally close ones count as before the right one: an embedding that maps all to one place finds nothing.
    forth = (squared <= right[:, None]).sum(axis=1) - 1
    back = (squared <= right[None, :]).sum(axis=0) - 1
    return np.column_stack([forth, back])[held_out]


def recall(ranks: Ranks, at: int, seed: int) -> Interval:
    """Return the share of questions (0 to 1) whose answer is among the first ``at``, with its interval over tracks."""
    return bootstrap.interval((ranks < at).mean(axis=1), seed)


def ratio(ours: Ranks, theirs: Ranks, seed: int) -> Interval:
    """Return recall@1 of ``ours`` over that of ``theirs``; both are resampled over the same tracks."""
    return bootstrap.ratio((ours < 1).mean(axis=1), (theirs < 1).mean(axis=1), seed)


def table(results: Mapping[str, Mapping[str, Ranks]], seed: int) -> list[dict[str, Any]]:
    """Return a row per model: its name, and ``PROTOCOL @1`` and ``@10`` as intervals."""
    return [
        {"model": name} | {f"{kind} @{at}": recall(ranks, at, seed) for kind, ranks in found.items() for at in (1, 10)}
        for name, found in results.items()
    ]


def format_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a Markdown table, recall@1 with intervals."""
    heads = list(rows[0])
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = (f"{row[head].mean:.3f}" if head.endswith("@10") else str(row[head]) for head in heads)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
