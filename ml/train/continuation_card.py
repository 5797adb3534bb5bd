"""The card of playlist continuation, written by the run that trained it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from ml.continuation import Knowledge
from ml.train.continuation_data import ALWAYS_TRAINED, FOLDS, ContinuationData
from ml.train.continuation_protocol import MEASURES
from ml.train.continuation_scores import NEURAL_ALONE, PLAIN_KNN, RANKERS, Scores, country_told, format_scores
from ml.train.revision import revision

_CARD = """# Playlist continuation {version}

Ranks the catalogue for a playlist: by its artists and artists alike, their genres, the sound of its songs (mean and
variance), words of titles and of its name, and how well known a song is; and, where a version was trained on
somebody's playlists, by what neighbouring lists hold and by a neural network over embeddings of songs: mean and
variance of the seeds' embeddings through dense layers, a softmax over all songs, sampled in training. What ships
knows {words} words of names and no song: the rankers, {kinds}. Embeddings are learnt on the playlists that a user
brings.

- **Trained** {date} at git revision {revision} by `python -m ml {command}`, seed {seed}.
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
- **Neural part** {epochs} epochs (folds in pairs), as many as did best on lists of other folds, left out for that; it
  has not learnt from the lists that the ranker learns from, nor from those asked about.
- **What ships** is fitted on the tables of all folds, so the scores are those of its like, not its own.

## Scores

Means over groups with a 95 % bootstrap interval. R-precision and NDCG@500: more is better; clicks (0 to 51): less.

{scores}

## Where it loses

{losses}
{country}
Many tracks of the table were collected through playlists, so a rare artist's songs in it are rather those of some
playlist than in a catalogue of everything: expect less gain for new songs there. With no seed at all only the words of
the name speak, and most names say little; the neural part does not read names. A few of its settings (rate, batch) were
chosen on questions of the second fold, trained without the first two, so that fold was in view; on the other three
{unseen}. The settings of the tuned kNNs were chosen on the very questions, to their advantage. {factors}
"""

_FACTORS = """ALS and BPR know the songs that two lists hold, EASE the 4,000 most frequent ones; their settings were
not tuned."""


_IN_VIEW = 1  # the fold on whose questions settings were chosen


def write(version: str, data: ContinuationData, scores: Scores, knowledge: Knowledge, seed: int, command: str) -> str:
    """Return the card's Markdown."""
    sources = Counter(one.source for one in data.lists)
    always = sum(one.fold == ALWAYS_TRAINED for one in data.lists)
    return _CARD.format(
        version=version,
        words=len(knowledge.names.index),
        kinds=", ".join(knowledge.rankers),
        epochs=", ".join(map(str, scores.epochs)),
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        command=command,
        seed=seed,
        lists=len(data.lists),
        songs=len(data.songs),
        sources=", ".join(f"{name} {count}" for name, count in sources.most_common())
        + f" ({always} of them are only ever learnt from)",
        folds=FOLDS,
        scores=format_scores(scores),
        losses=_losses(scores),
        unseen="it reaches "
        + " and ".join(
            f"{scores.gain(at, NEURAL_ALONE, PLAIN_KNN, without=_IN_VIEW)} times the {measure}"
            for at, measure in enumerate(MEASURES[:2])
        )
        + " of plain user-kNN",
        country=country_told(scores),
        factors=_FACTORS if "ALS" in scores.rows["half"] else "Neither were ALS, BPR and EASE.",
    )


def _losses(scores: Scores) -> str:
    """Say at which number of seeds what does better than the ranker chosen on validation lists, and than the neural."""
    lines = []
    for ours in (RANKERS[scores.better], NEURAL_ALONE):
        beaten = []
        for protocol, rows in scores.rows.items():
            mean = {name: scores.means(protocol, name)[:, 1].mean() for name in rows}
            by = [name for name in mean if mean[name] > mean[ours] and name not in RANKERS.values()]
            if by:
                beaten.append(f"{'half' if protocol == 'half' else f'{protocol} seeds'} ({', '.join(by)})")
        lines.append(f"In NDCG, {ours} is behind others at: {'; '.join(beaten) or 'none of these'}.")
    return "\n".join(lines)
