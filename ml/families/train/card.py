"""The card of the families' clusters, written by the run that learnt them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ml.families.train.scores import format_table, mean
from ml.families.train.study import FamiliesFit, Settings
from ml.train.better_than import better_than
from ml.train.card import Origin, render
from ml.train.revision import revision

# Of the version that ships.
DATA = (
    "A table of Spotify tracks with audio features, Kaggle's 114 genre labels and the artists' microgenres, "
    "collected from public repositories"
)
CAUTION = (
    "The audio features are Spotify's, whose developer terms forbid training on content taken from its API. "
    "Train your own (the Lab, or `--data DIR`, same columns) where that matters to you."
)


def write(found: FamiliesFit, settings: Settings, seed: int, origin: Origin) -> str:
    """Return the card's Markdown."""
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=found.families.version,
        count=len(found.families.models),
        taxonomy=found.families.taxonomy.version,
        date=datetime.now(UTC).date(),
        revision=revision(),
        command=origin.command,
        seed=seed,
        data=origin.data,
        caution=origin.caution,
        tried_counts=", ".join(map(str, settings.counts)),
        per_cluster=settings.per_cluster,
        tried=settings.tried,
        fitted=settings.fitted,
        settings=asdict(settings),
        table=format_table({name: mean(by_family) for name, by_family in found.results.items()}),
        families=_families(found),
        better=_better(found),
    )


def _families(found: FamiliesFit) -> str:
    lines = ["| family | tracks learnt from | clusters | silhouette | same artist together |", "|---|---|---|---|---|"]
    ours = next(iter(found.results.values()), {})
    for family, choice in found.choices.items():
        scored = ours.get(family)
        figures = f"{scored.silhouette:.3f} | {scored.together:.2f} x" if scored else "- | -"
        lines.append(f"| {family} | {choice.tracks} | {choice.clusters} | {figures} |")
    return "\n".join(lines)


def _better(found: FamiliesFit) -> str:
    if not found.results:
        return "There were no held-out tracks to score on."
    rows = [{"model": name, **asdict(mean(by_family))} for name, by_family in found.results.items()]
    return better_than("families", rows, rows[0]["model"])
