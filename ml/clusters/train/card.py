"""The clusters' card, written by the run that found them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from ml.clusters.train.scores import format_table
from ml.clusters.train.study import Fitted, Settings, format_sweep
from ml.train.revision import command, revision

_CARD = """# Clusters {version}

{count} clusters of sound found by affinity propagation (Frey and Dueck, 2007): each is known by its exemplar, the
feature values of a real track, and a track belongs to the nearest exemplar. With them, how many training tracks of
each of the 114 genres (taxonomy {taxonomy}) and of each family fell into each.

- **Trained** {date} at git revision {revision} by `python -m ml {command}`, seed {seed}.
- **Data** A table of Spotify tracks with audio features and Kaggle's 114 genre labels, collected from public
  repositories. What ships is {count} rows of feature values without a name, and counts; no track, title or playlist.
  An exemplar is shown by name only where the listener's own catalogue holds it or a track within half a spread of it.
- **Licence caution** The audio features are Spotify's, whose developer terms forbid training on content taken from its
  API. Train your own on other data (`--data DIR`, same columns) where that matters to you.
- **Features** as `ml/sound.py` scales and weighs them for neighbours; the similarity is the negative squared distance.
- **Subsample** Messages pass between all pairs of {heard} training tracks, up to {per_heard} of each genre; {points}
  (up to {per_genre} of each genre) then went to the nearest exemplar to name each cluster's most frequent genre, and
  all labelled training tracks for the heat map.
- **Split** by artist. The preference was chosen at the elbow of the mean squared distance from the exemplar over the
  number of clusters on `valid` (the point farthest below the chord); the figures here are of `test`, up to
  {scored} tracks of each genre.
- **Settings** {settings}

## Sweep on `test`

{sweep}

## Scores on `test` at {count} clusters

{table}

Silhouette: -1 to 1. Genre purity: share of tracks whose first label is the most frequent one of their cluster among
training tracks (of 114; a single answer for all gives {chance:.3f}). AMI: adjusted mutual information, 0 = chance
whatever the number of clusters. Spread: mean squared distance from the centre. Stability: adjusted Rand index of the
test tracks' clusters between fits on different subsamples.

## Where it loses

{loses}
"""

_LOSES = """\
Thirteen numbers of sound do not tell genres apart: purity is low for every method, and the clusters are regions
of a continuum (see the silhouette) rather than groups with gaps between them. Another subsample finds similar
regions with other borders, as the stability says; so a track near a border may fall on either side, which is why
the nearest three are shown with their distances. Genres of a mood or an occasion spread over all clusters."""


def write(found: Fitted, settings: Settings, seed: int, lost: str) -> str:
    """Return the card's Markdown; ``lost`` says what is better than the model (:mod:`ml.train.better_than`)."""
    clusters = found.clusters
    return _CARD.format(
        version=clusters.version,
        count=len(clusters),
        taxonomy=clusters.settings["taxonomy"],
        date=datetime.now(UTC).date(),
        revision=revision(),
        command=command(),
        seed=seed,
        heard=found.heard,
        per_heard=settings.heard,
        points=found.points,
        per_genre=settings.per_genre,
        scored=settings.scored,
        settings=", ".join(f"{name} {value}" for name, value in asdict(settings).items()),
        sweep=format_sweep(found),
        table=format_table(found.results),
        chance=1 / len(clusters.settings["genres"]),
        loses=lost + "\n" + _LOSES,
    )
