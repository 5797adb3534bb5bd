"""The cards of contributor models, written by the runs that scored them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ml.contributors.train.baselines import TUNED_WORK
from ml.contributors.train.data import AddedTracks
from ml.contributors.train.network import NEVER, ContributorsFit
from ml.contributors.train.scores import Scores, as_table, format_confusion, format_table
from ml.contributors.train.settings import Settings
from ml.contributors.train.study import Study
from ml.train.better_than import better_than
from ml.train.card import render
from ml.train.revision import revision

# They give everybody's share as odds, which is calibrated and tells nothing.
_CHANCE = ("chance", "majority")


def shipped(version: str, found: Study, settings: Settings, *, quick: bool) -> str:
    """Return the card of the study."""
    lines = [
        f"Network minus {name}, ROC AUC: {gap:+.3f} (95 % interval over artists {low:+.3f} to {high:+.3f}); "
        f"{found.table['network'].seconds:.1f} s of CPU against {found.table[name].seconds:.1f} s to train."
        for name, (gap, low, high) in found.differences.items()
    ]
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        command=f"python -m ml train contributors --seed {settings.seed}" + (" --quick" if quick else ""),
        folds=settings.folds,
        members=settings.members,
        settings=settings.describe(),
        table=format_table(found.table),
        differences="  \n".join(lines),
        confusion=format_confusion(("dislikes", "likes"), found.confusion),
        people=found.people,
        work=TUNED_WORK,
        several=format_table(found.several) if found.several else "Not run.",
        ablation=format_table(found.ablation),
        loses=_loses(found),
        **found.not_sure,
    )


def user_trained(
    version: str,
    added: AddedTracks,
    settings: Settings,
    made: ContributorsFit,
    table: Mapping[str, Scores],
    unsure: Mapping[str, float],
) -> str:
    """Return the card of a playlist's model; it names neither people nor tracks, for everybody may read cards."""
    return render(
        Path(__file__).with_name("user_trained_card.md.j2"),
        version=version,
        tracks=len(added.ids),
        people=len(added.people),
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        folds=settings.folds,
        members=settings.members,
        settings=settings.describe(),
        threshold="any height (it is never sure)" if made.threshold == NEVER else f"{made.threshold:.2f}",
        table=format_table(table),
        sure=unsure["sure"],
        answered=unsure["answered"],
        right=unsure["right"],
    )


def _loses(found: Study) -> str:
    """Say which rows of the tables stand above the network, figure by figure."""
    ours = found.table["network"]
    lines = [better_than("contributors", as_table({**found.table, **found.ablation}), "network", _CHANCE).rstrip()]
    faster = [f"{name} {one.seconds:.1f} s" for name, one in found.table.items() if 0 < one.seconds < ours.seconds]
    if faster:
        lines.append(f"- Processor time of a training: network {ours.seconds:.1f} s, less {', '.join(faster)}.")
    audio, booster = found.ablation.get("audio"), found.table["gradient booster, audio"]
    if audio and audio.auc < booster.auc:
        lines.append(
            f"- On the audio features alone it has a ROC AUC of {audio.auc:.3f}, a booster {booster.auc:.3f}: most of "
            "what it knows\n  comes from artist and genre, and of names that say nothing it knows less than a booster."
        )
    if several := better_than("contributors", as_table(found.several), "network", _CHANCE) if found.several else "":
        lines.append(f"\nWith {found.people} people:\n\n{several.rstrip()}")
    return "\n".join(lines)
