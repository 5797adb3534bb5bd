"""The cards of playlist continuation, written by the training."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ml.continuation.model import Knowledge
from ml.continuation.train.data import LEARNT, TEST, TRAIN, ContinuationData
from ml.continuation.train.scores import (
    CONTENT_ONLY,
    NEURAL_ALONE,
    RANKERS,
    Scores,
    country_shares,
    format_scores,
    targets,
)
from ml.train.card import better_than, command, render


def write(version: str, data: ContinuationData, scores: Scores, knowledge: Knowledge, seed: int) -> str:
    """Return the card's Markdown; ``seed`` is that of the training."""
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        words=len(knowledge.names.index),
        kinds=knowledge.rankers,
        epochs=scores.epochs,
        command=command(),
        seed=seed,
        content=CONTENT_ONLY,
        lists=len(data.lists),
        songs=len(data.songs),
        sources=Counter(playlist.source for playlist in data.lists).most_common(),
        sides=[sum(playlist.side == side for playlist in data.lists) for side in (TRAIN, LEARNT, TEST)],
        neural_gain=scores.neural_gain(),
        scores=format_scores(scores),
        targets=targets(scores),
        losses=list(losses(scores)),
        gains=[scores.gain(at, RANKERS["ensemble"], RANKERS["playlists"]) for at in (0, 1)],
        country=country_shares(scores),
        ensemble=RANKERS["ensemble"],
        playlists=RANKERS["playlists"],
    )


def losses(scores: Scores) -> Iterator[tuple[str, list[str]]]:
    """Yield protocol and better recommenders: than the shipped ranker, the one with playlists, and the neural part."""
    for ours, ignored in (
        (CONTENT_ONLY, RANKERS.values()),
        (RANKERS["playlists"], ()),
        (NEURAL_ALONE, RANKERS.values()),
    ):
        for protocol in scores.rows:
            better = better_than("continuation", scores.as_table(protocol), ours, ignored)
            yield protocol, [line.removeprefix("- ") for line in better.splitlines()]
