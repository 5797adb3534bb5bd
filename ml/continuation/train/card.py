"""The card of playlist continuation, written by the run that trained it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml.continuation.model import Knowledge
from ml.continuation.train.data import ALWAYS_TRAINED, FOLDS, ContinuationData
from ml.continuation.train.protocol import MEASURES
from ml.continuation.train.scores import (
    CONTENT_ONLY,
    IN_VIEW,
    NEURAL_ALONE,
    PLAIN_KNN,
    RANKERS,
    Scores,
    country_summary,
    format_scores,
    targets,
)
from ml.train.better_than import better_than
from ml.train.card import render
from ml.train.revision import command, revision


def made_now(seed: int) -> str:
    """Say when, at which revision and by which command this run trains."""
    return f"{datetime.now(UTC).date()} at git revision {revision()} by `python -m ml {command()}`, seed {seed}."


def write(version: str, data: ContinuationData, scores: Scores, knowledge: Knowledge, made: str) -> str:
    """Return the card's Markdown; ``made`` says how the version came about, as :func:`made_now` does."""
    sources = Counter(one.source for one in data.lists)
    always = sum(one.fold == ALWAYS_TRAINED for one in data.lists)
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        words=len(knowledge.names.index),
        kinds=", ".join(knowledge.rankers),
        epochs=", ".join(map(str, scores.epochs)),
        made=made,
        content=CONTENT_ONLY,
        lists=len(data.lists),
        songs=len(data.songs),
        sources=", ".join(f"{name} {count}" for name, count in sources.most_common())
        + f" ({always} of them are only ever learnt from)",
        folds=FOLDS,
        scores=format_scores(scores),
        targets="\n".join(f"- {'met' if met else 'missed'}: {target}" for target, met in targets(scores)),
        losses=losses(scores),
        unseen="it reaches "
        + " and ".join(
            f"{scores.gain(at, NEURAL_ALONE, PLAIN_KNN, without=IN_VIEW)} times the {measure}"
            for at, measure in enumerate(MEASURES[:2])
        )
        + " of plain user-kNN",
        country=country_summary(scores),
        factors="ALS" in scores.rows["half"],
    )


def user_trained(version: str, scores: Mapping[str, Any]) -> str:
    """Return the card's Markdown of a version trained here; ``scores`` is its ``scores.json``."""
    return render(Path(__file__).with_name("user_trained_card.md.j2"), version=version, scores=scores)


def losses(scores: Scores) -> str:
    """Say at which number of seeds what does better than what ships, than the better ranker, and than the neural."""
    lines = []
    for ours, ignored in (
        (CONTENT_ONLY, RANKERS.values()),
        (RANKERS[scores.better], ()),
        (NEURAL_ALONE, RANKERS.values()),
    ):
        for protocol in scores.rows:
            where = "Half hidden" if protocol == "half" else f"{protocol} seeds"
            better = better_than("continuation", scores.as_table(protocol), ours, ignored)
            lines += [f"- {where}. {line.removeprefix('- ')}" for line in better.splitlines(keepends=True)]
    return "".join(lines)
