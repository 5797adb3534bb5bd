"""The artist embedding's card, written by the run that trained it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from ml.artists.model import POPULARITY_WEIGHT, ArtistEmbedding
from ml.artists.train.data import ArtistData
from ml.artists.train.embedding import ArtistModel
from ml.artists.train.scores import OURS, Recall, as_table, format_table
from ml.train.better_than import beaten
from ml.train.revision import command, revision

_CARD = """# Artist embedding {version}

A place in {dimensions} dimensions for each of {artists} artists, so that artists alike are close; with it each artist's
usual spelling, up to {genres} genres, how well known they are, and their closest company in playlists.

- **Trained** {date} at git revision {revision} by `python -m ml {command}`, seed {seed}.
- **Data** Playlists and radio sessions collected from public repositories ({lists} training lists, snapshots of one
  playlist counting once; sources: {sources}), and a table of Spotify tracks with audio features and genres. What
  ships is aggregated per artist: {listed} of them are in a training list, the others are placed by the genres and the
  mean sound of their tracks. No track and no playlist ships.
- **Licence caution** The audio features and most artist genres are Spotify's, whose developer terms forbid training on
  content taken from its API. Train your own on other data (`--data DIR`, same columns) where that matters to you.
- **Split** by group of playlists: all snapshots of a playlist and all sessions of a programme are on one side. `train`
  fits, `valid` chose the settings, `test` is reported. Genres and sound come from all tracks: they are known at
  serving time too. Genres of playlists are left out. What ships is the version scored here.
- **Settings** {settings}; popularity weighs {popularity} beside the cosine.

## Scores

Given one artist of a held-out playlist, the share of its other artists (first artists of its songs; of 20 where there
are more) among the first 20 named. Mean over {groups} groups of playlists in `test`, 95 % bootstrap interval over
groups. Cold artists are in no training list. Artists that nothing is known of count as missed.

On `test`:

{test}

On `valid`, where the settings were chosen:

{valid}

## Where it loses

{loses}
"""

_LOSES = """Most of a playlist's artists are not among twenty names: the mean hides lists by mood or occasion, which
share no kind of music. An artist known by a single track is placed by that track's sound alone. Artists of one name
are one artist here. A name with a comma ("Tyler, The Creator") is told from a list of two only where the data show
it. Radio sessions weigh towards Australian alternative radio and a free-form station of New Jersey, so rock of all
kinds stands closer together than fans would have it."""


def write(
    embedding: ArtistEmbedding,
    model: ArtistModel,
    data: ArtistData,
    results: Mapping[str, Mapping[str, Mapping[str, Recall]]],
) -> str:
    """Return the card's Markdown; ``results`` is by split, recommender and kind of question."""
    sources = Counter(one.source for one in data.listings if one.split == "train")
    return _CARD.format(
        version=embedding.version,
        dimensions=embedding.vectors.shape[1],
        artists=len(embedding),
        genres=model.settings.genres_kept,
        date=datetime.now(UTC).date(),
        revision=revision(),
        command=command(),
        seed=model.seed,
        lists=model.members_.shape[0],
        sources=", ".join(f"{name} {count}" for name, count in sources.most_common()),
        listed=int((model.lists_[model.order_] > 0).sum()),
        settings=", ".join(f"{name} {value}" for name, value in asdict(model.settings).items()),
        popularity=POPULARITY_WEIGHT,
        groups=next(iter(results["test"].values()))["all"].groups,
        test=format_table(results["test"]),
        valid=format_table(results["valid"]),
        loses=beaten("artists", as_table(results["test"]), OURS) + _LOSES,
    )
