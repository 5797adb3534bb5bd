"""The cards of contributor models, written by the runs that scored them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ml.contributors.train.baselines import TUNED_WORK
from ml.contributors.train.data import Added
from ml.contributors.train.network import NEVER, Fit
from ml.contributors.train.scores import Scores, as_table, format_confusion, format_table
from ml.contributors.train.settings import Settings
from ml.contributors.train.study import Study
from ml.train.better_than import beaten
from ml.train.revision import revision

_SPLIT = """- **Split** {folds} folds by artist: every track is asked of a model that knows nothing by its first artist.
  Of the other folds, {members} networks learn, each stopped early by validation artists of its own; temperature and
  threshold of "not sure" are chosen on those, never on the fold that is scored. The plain models, too, are tuned on
  artists apart."""

_SHIPPED = """# Contributors {version}

Whose track is this: odds per contributor of a playlist, or "not sure". A model is trained per playlist, in the app
(Lab, "Whose track"); none ships, for a person's taste is personal. This card says what such models are worth.

- **Run** {date} at git revision {revision} by `{command}`.
- **Data** 2,017 tracks that one listener marked as liked or disliked (collected from a public repository). What ships
  of it is this card and its figures.
- **Licence caution** The audio features are Spotify's, whose developer terms forbid training on content taken from its
  API. In the app, features that came from Spotify's API are left out of training and asking.
{split}
- **Settings** (`ml/contributors/train/settings.toml`) {settings}

## Scores

{table}

"CPU s" is the processor time of one training with the settings chosen, tuning apart, mean of the folds; the network's
is of all its members. All were taken on the same machine in the same run. ROC AUC and its differences are taken within
each fold and averaged.

{differences}

Of all tracks {answered:.0%} are answered, the others "not sure"; {right:.0%} of the answers are right.

What was said of the tracks, by who had added them:

{confusion}

## More than two people

A collaborative playlist of {people} people, as Exportify wrote it, split in the same way; people are very unequal
here, so the majority is often right. Beyond {work:,} tracks times people the boosters, which fit trees for each
person, take the first of their settings, untuned. The artist's vector may have learnt from that playlist, so the two
rows with it, network and booster on the same inputs, may be flattered: they compare with each other, but not with rows
on audio alone.

{several}

## What each input brings

{ablation}

## Where it loses

{loses}
"""

# They give everybody's share as odds, which is calibrated and tells nothing.
_CHANCE = ("chance", "majority")

_OWN = """# Contributors {version}

Whose track is this, learnt from one playlist of this installation: {tracks} tracks of {people} people.

- **Trained** {date} at git revision {revision}.
{split}
- **Settings** {settings}
- **Not sure** below odds of {threshold}: from there on, answers on validation were right with {sure:.0%} at the least.
  On the folds {answered:.0%} of the tracks are answered, and {right:.0%} of the answers are right.

## Scores

{table}

## Where it loses

People whose tastes are alike are mixed up (see the confusion matrix in the Lab), and somebody with few tracks is seldom
named. Odds are of these {people} people alone: a track that nobody of them would add gets odds all the same.
"""


def shipped(version: str, found: Study, settings: Settings, *, quick: bool) -> str:
    """Return the card of the study."""
    lines = [
        f"Network minus {name}, ROC AUC: {gap:+.3f} (95 % interval over artists {low:+.3f} to {high:+.3f}); "
        f"{found.table['network'].seconds:.1f} s of CPU against {found.table[name].seconds:.1f} s to train."
        for name, (gap, low, high) in found.differences.items()
    ]
    return _SHIPPED.format(
        version=version,
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        command=f"python -m ml train contributors --seed {settings.seed}" + (" --quick" if quick else ""),
        split=_split(settings),
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


def own(
    version: str, added: Added, settings: Settings, made: Fit, table: Mapping[str, Scores], unsure: Mapping[str, float]
) -> str:
    """Return the card of a playlist's model; it names neither people nor tracks, for everybody may read cards."""
    return _OWN.format(
        version=version,
        tracks=len(added.ids),
        people=len(added.people),
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        split=_split(settings),
        settings=settings.describe(),
        threshold="any height (it is never sure)" if made.threshold == NEVER else f"{made.threshold:.2f}",
        table=format_table(table),
        sure=unsure["sure"],
        answered=unsure["answered"],
        right=unsure["right"],
    )


def _split(settings: Settings) -> str:
    return _SPLIT.format(folds=settings.folds, members=settings.members)


def _loses(found: Study) -> str:
    """Say which rows of the tables stand above the network, figure by figure."""
    ours = found.table["network"]
    lines = [beaten("contributors", as_table({**found.table, **found.ablation}), "network", _CHANCE).rstrip()]
    faster = [f"{name} {one.seconds:.1f} s" for name, one in found.table.items() if 0 < one.seconds < ours.seconds]
    if faster:
        lines.append(f"- Processor time of a training: network {ours.seconds:.1f} s, less {', '.join(faster)}.")
    audio, booster = found.ablation.get("audio"), found.table["gradient booster, audio"]
    if audio and audio.auc < booster.auc:
        lines.append(
            f"- On the audio features alone it has a ROC AUC of {audio.auc:.3f}, a booster {booster.auc:.3f}: most of "
            "what it knows\n  comes from artist and genre, and of names that say nothing it knows less than a booster."
        )
    if several := beaten("contributors", as_table(found.several), "network", _CHANCE) if found.several else "":
        lines.append(f"\nWith {found.people} people:\n\n{several.rstrip()}")
    return "\n".join(lines)
