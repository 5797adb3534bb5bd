"""The card of the families' clusters, written by the run that learnt them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from ml.families.train.scores import format_table, mean
from ml.families.train.study import Fitted, Origin, Settings
from ml.train.better_than import beaten
from ml.train.revision import revision

_CARD = """# Families {version}

K-means for each of {count} families of genres (taxonomy {taxonomy}), each with its own scaler and its own number of
clusters. A track is in the models of all its families, which its labels and its artists' genres tell.

- **Trained** {date} at git revision {revision} by `{command}`, seed {seed}.
- **Data** {data}. What ships is means, deviations, centres and histograms per family; no track, title or playlist.
- **Licence caution** {caution}
- **Features** `ml/sound.py`'s coordinates, standardised within the family, then weighted as for neighbours.
- **Number of clusters** For each family the elbow (the point farthest below the chord) of the mean squared distance of
  `valid` tracks from their centre, over {tried_counts} clusters, as many as leave {per_cluster} tracks each; tried on a
  sample of {tried} tracks, fitted on at most {fitted}.
- **Split** by artist: `train` fits, `valid` chooses the number, `test` is reported.
- **Settings** {settings}
- **Asserted** every family that occurs among the training tracks has a model.

## Scores on `test`

{table}

Silhouette in each model's own coordinates. AMI: adjusted mutual information of cluster and artist, 0 = chance whatever
the number of clusters. Same artist together: how many times more often two tracks of one artist share a cluster than
any two tracks of the family; it grows with the number of clusters by itself.

## Families

{families}

## Where it loses

{loses}
"""

_LOSES = """\
Within a family, sound is a continuum: silhouettes are low, and a border between two clusters is a convenience for
drawing a pick rather than a find. A track's families come from its artist's genres where it has no label of its
own, so an artist of many styles puts every track into all of their families."""


def write(found: Fitted, settings: Settings, seed: int, origin: Origin) -> str:
    """Return the card's Markdown."""
    return _CARD.format(
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
        settings=", ".join(f"{name} {value}" for name, value in asdict(settings).items()),
        table=format_table({name: mean(one) for name, one in found.results.items()}),
        families=_families(found),
        loses=_beaten(found) + _LOSES,
    )


def _families(found: Fitted) -> str:
    lines = ["| family | tracks learnt from | clusters | silhouette | same artist together |", "|---|---|---|---|---|"]
    ours = next(iter(found.results.values()), {})
    for family, one in found.choices.items():
        scored = ours.get(family)
        told = f"{scored.silhouette:.3f} | {scored.together:.2f} x" if scored else "- | -"
        lines.append(f"| {family} | {one.tracks} | {one.clusters} | {told} |")
    return "\n".join(lines)


def _beaten(found: Fitted) -> str:
    if not found.results:
        return "There were no held-out tracks to score on.\n"
    rows = [{"model": name, **asdict(mean(one))} for name, one in found.results.items()]
    return beaten("families", rows, rows[0]["model"]) + "\n"
