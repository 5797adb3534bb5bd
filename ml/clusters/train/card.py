"""The card of the clusters."""

from dataclasses import asdict
from pathlib import Path

from ml.clusters.train.scores import format_table
from ml.clusters.train.study import ClustersFit, Settings, format_sweep
from ml.train.card import command, render


def write(found: ClustersFit, settings: Settings, seed: int, better: str) -> str:
    """Return the Markdown card; ``better`` names the better baselines (:func:`ml.train.better_than.better_than`)."""
    clusters = found.clusters
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=clusters.version,
        count=len(clusters),
        taxonomy=clusters.settings["taxonomy"],
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
