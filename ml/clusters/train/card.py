"""The clusters' card, written by the run that found them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ml.clusters.train.scores import format_table
from ml.clusters.train.study import ClustersFit, Settings, format_sweep
from ml.train.card import render
from ml.train.revision import command, revision


def write(found: ClustersFit, settings: Settings, seed: int, better: str) -> str:
    """Return the card's Markdown; ``better`` says which baselines do better (:mod:`ml.train.better_than`)."""
    clusters = found.clusters
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=clusters.version,
        count=len(clusters),
        taxonomy=clusters.settings["taxonomy"],
        date=datetime.now(UTC).date(),
        revision=revision(),
        command=command(),
        seed=seed,
        subsample=found.subsample,
        per_subsample=settings.subsample,
        points=found.points,
        per_genre=settings.per_genre,
        scored=settings.scored,
        settings=asdict(settings),
        sweep=format_sweep(found),
        table=format_table(found.results),
        chance=1 / len(clusters.settings["genres"]),
        better=better,
    )
