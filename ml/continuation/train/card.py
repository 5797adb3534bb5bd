"""The card of playlist continuation, written by the run that trained it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from ml.continuation.model import Knowledge
from ml.continuation.train.data import ALWAYS_TRAINED, FOLDS, ContinuationData
from ml.continuation.train.protocol import MEASURES
from ml.continuation.train.scores import (
    CONTENT_ONLY,
    IN_VIEW,
    NEURAL_ALONE,
    PLAIN_KNN,
    RANKERS,
    Scores,
    country_summary,
    format_scores,
    targets,
)
from ml.train.better_than import beaten
from ml.train.revision import command, revision

_CARD = """# Playlist continuation {version}

Ranks the catalogue for a playlist: by its artists and artists alike, their genres, the sound of its songs (mean and
variance), words of titles and of its name, and how well known a song is; and, where a version was trained on
somebody's playlists, by what neighbouring lists hold and by a neural network over embeddings of songs: mean and
variance of the seeds' embeddings through dense layers, a softmax over all songs, sampled in training. What ships
knows {words} words of names and no song: the rankers, {kinds}. Embeddings are learnt on the playlists that a user
brings.

- **Trained** {made}
- **Data** {lists} lists (snapshots of one playlist counting once) over {songs} recordings; sources: {sources}.
- **Licence caution** Audio features and most genres are Spotify's, whose developer terms forbid training on content
  taken from its API. Train your own on other data (`--data DIR`, same columns) where that matters to you.
- **Split** {folds} folds over groups of playlists. One playlist that came into the data on several ways
  (`browse_`, `tt_`, an archive) is one group here: the data's own `split` has some of them on both sides. For every
  fold the artists are placed anew without it; the ranker learns from another fold's lists, which did not place the
  artists either and do not count as their own neighbours.
- **Candidates** All recordings of the track table, also those in no playlist, and songs of training lists. A song that
  no table describes and no training list holds is none, since nearly all of those are in held-out lists: that they
  are there would tell the answer. They count as missed. Years of release are not used for the same reason.
- **Neural part** Folds go in pairs; {epochs} epochs, as many as did best on lists outside the pair, left out for that.
  The network whose scores the ranker learns to weigh has learnt from neither fold of its pair, so neither from the
  lists that the ranker learns from nor from those asked about. The one that is scored learnt, for as many epochs, from
  all folds but the one asked about: from the lists that the ranker learns from too.
- **What ships** is fitted on the tables of all folds, so the scores are those of its like, not its own. It serves
  "{content}". The rows with playlists or neural are of what a training on one's own playlists can
  come to serve, but learnt from all lists outside the fold asked about: with fewer lists expect less.

## Scores

Means over groups with a 95 % bootstrap interval. R-precision and NDCG@500: more is better; clicks (0 to 51): less.

{scores}

## Targets

{targets}

## Where it loses

Rankers with playlists are left out of account where what ships, or the neural part alone, is compared.

{losses}
{country}
Many tracks of the table were collected through playlists, so a rare artist's songs in it are rather those of some
playlist than in a catalogue of everything: expect less gain for new songs there. With no seed at all only the words of
the name speak, and most names say little; the neural part does not read names. How many epochs it may take, its width,
its rates (of rows and of dense layers) and its batch were tried on the questions of the second fold, by networks
trained without the first two, so that fold was in view; on the other three {unseen}; where that interval includes 1,
nothing is shown. The settings of the tuned kNNs were chosen on the very questions, to their advantage. {factors}
"""

_FACTORS = """ALS and BPR know the songs that two lists hold, EASE the 4,000 most frequent ones; their settings were
not tuned."""


def made_now(seed: int) -> str:
    """Say when, at which revision and by which command this run trains."""
    return f"{datetime.now(UTC).date()} at git revision {revision()} by `python -m ml {command()}`, seed {seed}."


def write(version: str, data: ContinuationData, scores: Scores, knowledge: Knowledge, made: str) -> str:
    """Return the card's Markdown; ``made`` says how the version came about, as :func:`made_now` does."""
    sources = Counter(one.source for one in data.lists)
    always = sum(one.fold == ALWAYS_TRAINED for one in data.lists)
    return _CARD.format(
        version=version,
        words=len(knowledge.names.index),
        kinds=", ".join(knowledge.rankers),
        epochs=", ".join(map(str, scores.epochs)),
        made=made,
        content=CONTENT_ONLY,
        lists=len(data.lists),
        songs=len(data.songs),
        sources=", ".join(f"{name} {count}" for name, count in sources.most_common())
        + f" ({always} of them are only ever learnt from)",
        folds=FOLDS,
        scores=format_scores(scores),
        targets="\n".join(f"- {'met' if met else 'missed'}: {target}" for target, met in targets(scores)),
        losses=losses(scores),
        unseen="it reaches "
        + " and ".join(
            f"{scores.gain(at, NEURAL_ALONE, PLAIN_KNN, without=IN_VIEW)} times the {measure}"
            for at, measure in enumerate(MEASURES[:2])
        )
        + " of plain user-kNN",
        country=country_summary(scores),
        factors=_FACTORS if "ALS" in scores.rows["half"] else "Neither were ALS, BPR and EASE.",
    )


def losses(scores: Scores) -> str:
    """Say at which number of seeds what does better than what ships, than the better ranker, and than the neural."""
    lines = []
    for ours, ignored in (
        (CONTENT_ONLY, RANKERS.values()),
        (RANKERS[scores.better], ()),
        (NEURAL_ALONE, RANKERS.values()),
    ):
        for protocol in scores.rows:
            where = "Half hidden" if protocol == "half" else f"{protocol} seeds"
            better = beaten("continuation", scores.as_table(protocol), ours, ignored)
            lines += [f"- {where}. {line.removeprefix('- ')}" for line in better.splitlines(keepends=True)]
    return "".join(lines)
