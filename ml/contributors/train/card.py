"""The cards of contributor models, written by the runs that scored them."""

from collections.abc import Mapping
from pathlib import Path

from ml.contributors.train.baselines import TUNED_WORK
from ml.contributors.train.data import AddedTracks
from ml.contributors.train.network import ContributorsFit
from ml.contributors.train.scores import Scores, Study, format_confusion, format_table
from ml.contributors.train.settings import Settings
from ml.scores import score_rows
from ml.train.card import better_than, render

# The card does not compare with these: constant probabilities are calibrated by construction.
_CHANCE = ("chance", "majority")


def shipped(version: str, found: Study, settings: Settings, *, quick: bool) -> str:
    """Return the Markdown card of the study."""
    rows, several = {**found.table, **found.ablation}, score_rows(found.several)
    better_several = better_than("contributors", several, "network", _CHANCE) if several else ""
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        settings=settings,
        command=f"python -m ml train contributors --seed {settings.seed}" + (" --quick" if quick else ""),
        scores=found.table,
        table=format_table(found.table),
        differences=found.differences,
        confusion=format_confusion(("dislikes", "likes"), found.confusion),
        people=found.people,
        work=TUNED_WORK,
        several=format_table(found.several) if found.several else "Not run.",
        ablation=format_table(found.ablation),
        audio=found.ablation.get("audio"),
        better=better_than("contributors", score_rows(rows), "network", _CHANCE),
        better_several=better_several,
        **found.probably,
    )


def user_trained(
    version: str,
    added: AddedTracks,
    settings: Settings,
    made: ContributorsFit,
    table: Mapping[str, Scores],
    probably: Mapping[str, float],
) -> str:
    """Return the Markdown card of a playlist's model; cards are public, so it names neither people nor tracks."""
    return render(
        Path(__file__).with_name("user_trained_card.md.j2"),
        version=version,
        settings=settings,
        tracks=len(added.ids),
        people=len(added.people),
        threshold=made.threshold,
        table=format_table(table),
        **probably,
    )
