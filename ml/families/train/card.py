"""The card of the families' clusters."""

from dataclasses import asdict
from pathlib import Path

from ml.families.train.scores import format_table, mean
from ml.families.train.study import FamiliesFit, Settings
from ml.scores import score_rows
from ml.train.card import Origin, better_than, render

# The origin of the version that ships.
DATA = (
    "A table of Spotify tracks with audio features, Kaggle's 114 genre labels and the artists' microgenres, "
    "collected from public repositories"
)
CAUTION = (
    "The audio features are Spotify's, whose developer terms forbid training on content taken from its API. "
    "Train your own (the Library, or `--data DIR`, same columns) where that matters to you."
)


def write(found: FamiliesFit, settings: Settings, seed: int, origin: Origin) -> str:
    """Return the Markdown card."""
    results = {name: mean(by_family) for name, by_family in found.results.items()}
    rows = score_rows(results)
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=found.families.version,
        count=len(found.families.models),
        taxonomy=found.families.taxonomy.version,
        command=origin.command,
        seed=seed,
        data=origin.data,
        caution=origin.caution,
        tried_counts=", ".join(map(str, settings.counts)),
        per_cluster=settings.per_cluster,
        tried=settings.tried,
        fitted=settings.fitted,
        settings=asdict(settings),
        table=format_table(results),
        choices=found.choices,
        scores=next(iter(found.results.values()), {}),
        better=better_than("families", rows, rows[0]["model"]) if rows else "",
    )
