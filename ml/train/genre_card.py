"""The genre model's card, written by the run that trained it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from ml.genre import GenrePredictor
from ml.train.genre_ablation import SHORT
from ml.train.genre_boosting import BUDGET
from ml.train.genre_data import TrackTable
from ml.train.genre_heads import (
    LEAST_POSITIVES,
    BroadScores,
    MicroScores,
    format_broad,
    format_micro,
    rows_of,
)
from ml.train.genre_network import EXPERTS, Settings
from ml.train.genre_scores import Scores, f1_by_class, format_table
from ml.train.revision import revision

_CARD = """# Genre model {version}

Audio features, title, artists, album and year, any part alone, to calibrated probabilities over {genres} genres
(taxonomy {taxonomy}).

- **Trained** {date} at git revision {revision} by {command}.
- **Data** {data}: {train} labelled training tracks of {artists} artists; {aside} more training tracks whose artists'
  microgenres or playlists teach two more outputs, below. What ships is learnt weights, scaler numbers,
  hashes of word pieces and means per genre; no track, title or playlist.
- **Licence caution** {caution}
- **Popularity** is Spotify's, of the day the table was made. It tells so much because each genre of the table was
  collected by a search of its own; where it is unknown, as from every source but a file, the figures are those of
  "popularity unknown".
- **Split** by artist: no artist of `valid` ({valid} labelled tracks) or `test` ({test}) is in `train`. `train` fits,
  `valid` picks the epoch, the experts' weights (which calibrate), `test` is reported. The settings below were chosen
  by hand with both in sight, so the figures are a little kinder than a third set of artists would be.
- **Settings** {settings}
- **Weights** of the experts ({experts}) by what is known: {weights}.
- **Export** LiteRT and Keras differ by {gap:.1e} at most on {proof}.

## Scores on `test`, first label as the answer

{table}

"Names alone" sees title, artists and album; "audio alone" the 13 features. The baselines are fitted on the same
training tracks with the same seed. {boosters}

## Microgenres

{micro}

## Six broad genres

{broad}

## What each part brings (114 genres, `test`)

By hiding it from the model that ships, which is fair: training hid each from some tracks. The weights are those that
ship for what is left. An expert alone is as it ships: by_both learnt to correct the others, not to answer alone.

{hidden}

{retrained}

## Where it loses

The genres it finds worst (F1 on `test`): {worst}.
The genres it finds best: {best}.
Most frequent confusions (answer, then what it said): {confusions}.
{beaten}{loses}
"""

_MICRO = """{count} names of the taxonomy, those of at least {least} training tracks, each with a probability of its own
(Platt's sigmoid of the network's log-share, fitted on `valid`). Asked on {test} `test` tracks whose artists' genres
are known; {covered:.0%} of their genres are among the names, the others cannot be found. Average precision, answers =
the artist's genres: "macro" is the mean over the {often} names with at least {positives} such tracks, "tracks" the mean
over tracks, "all pairs" ranks all pairs of track and name together. The calibration error is of pairs told 5 % or more.

{table}"""

_BROAD = """tidytuesday's playlists are of {names}: {train} training tracks, {test} of `test`, no artist in both. The
answer rests on the same inputs; an expert of numbers and a head of the network, weighed on `valid` as the experts are.
"One broad genre" counts the {single:.0%} of tracks on lists of one; "any of several" all tracks, right where the answer
is one of theirs. The row with artists' genres adds a linear model of them, fitted on training tracks, where the table
knows any (of this or another track of the artist): the app knows them of most artists, but they are no part of the
track, so the rows without them are the model's own.

{table}"""

_BOOSTERS = """The boosters are scikit-learn's HistGradientBoosting: rate {rate}, at most {rounds} rounds, stopped early
on `valid`; (leaves, tracks a leaf, L2) one of {search}, chosen by log-loss on `valid` after {tuned_on} training tracks;
the text scores are {components} principal components of the linear text model's log-probabilities, out of fold on
training tracks, and that booster learnt from {text_on} tracks, for its time."""

_RETRAINED = """By training without it, with fewer passes ({short}): compare with the first row.

{table}"""

_LOSES = """The labels are noisy: a fifth of the labelled tracks carry several and only the first counts, and many are a
mood or an occasion (happy, sad, party, study) or overlap (latin and latino, punk and punk-rock). Artists that it learnt
from are remembered by name: there it is surer, and righter, than these figures, which are of artists it never saw."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All scores of a version by the name of the model; ``hidden`` and ``retrained`` are the ablations."""

    genres: Mapping[str, Scores]
    micro: Mapping[str, MicroScores]
    broad: Mapping[str, BroadScores]
    hidden: Mapping[str, Scores]
    retrained: Mapping[str, Scores]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """How a version came about, in the words of its card."""

    command: str
    data: str = (
        "A table of Spotify tracks collected from public repositories, with Kaggle's 114 genre labels as the answers"
    )
    caution: str = (
        "The audio features are Spotify's, whose developer terms forbid training on content taken from its API. "
        "Train your own on other data (`--data DIR`, same columns, or in the Lab) where that matters to you."
    )


def write(
    predictor: GenrePredictor,
    table: TrackTable,
    settings: Settings,
    report: Report,
    origin: Origin,
) -> str:
    """Return the card's Markdown."""
    train = table.rows("train")
    return _CARD.format(
        version=predictor.version,
        genres=len(predictor.genres),
        taxonomy=predictor.taxonomy.version,
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        command=origin.command,
        data=origin.data,
        caution=origin.caution,
        train=len(train),
        artists=len({table.artists[row][:1] for row in train}),
        aside=sum(bool(table.micro[row]) and not table.labels[row] for row in table.rows("train", labelled=False)),
        valid=len(table.rows("valid")),
        test=len(table.rows("test")),
        settings=", ".join(f"{name} {value}" for name, value in asdict(settings).items()),
        experts=", ".join(EXPERTS),
        weights="; ".join(f"{basis} {value}" for basis, value in predictor.settings["weights"].items()),
        gap=predictor.settings["litert_difference"],
        proof="512 rows of `valid`",
        table=format_table(report.genres),
        boosters=_BOOSTERS.format(**BUDGET) if any("booster" in name for name in report.genres) else "",
        micro=_micro(predictor, table, settings, report) if report.micro else "None: too few tracks have any.",
        broad=_broad(predictor, table, report) if report.broad else "None: no track has any.",
        hidden=format_table(report.hidden),
        retrained=_RETRAINED.format(short=SHORT, table=format_table(report.retrained)) if report.retrained else "",
        loses=_LOSES,
        beaten=_beaten(report.genres) + _of_broad(report.broad),
        **_losses(predictor, table),
    )


# What the model has to beat with the same knowledge.
_RIVALS = {
    "genre model, audio alone": ("random forest, 13 audio features", "gradient booster, 13 audio features"),
    "genre model, names alone": ("linear, names alone",),
    "genre model": ("gradient booster, all numbers and text scores", "the last two multiplied"),
}


def _beaten(results: Mapping[str, Scores]) -> str:
    """Say where a baseline that knows as much is the better one."""
    lines = [
        f"{ours} has top-1 {results[ours].top1:.3f} and NLL {results[ours].nll:.2f}, {rival} {results[rival].top1:.3f} "
        f"and {results[rival].nll:.2f}.\n"
        for ours, rivals in _RIVALS.items()
        for rival in rivals
        if rival in results and (results[rival].top1 > results[ours].top1 or results[rival].nll < results[ours].nll)
    ]
    return "".join(line[0].upper() + line[1:] for line in lines)


def _of_broad(results: Mapping[str, BroadScores]) -> str:
    """Say what the artist's genres are worth for the broad genres."""
    if not results:
        return ""
    alone = results["genre model"].single
    helped = max(scores.single for scores in results.values())
    return f"Of the broad genres it finds {alone:.3f}; knowing the artists' genres would make it {helped:.3f}.\n"


def _micro(predictor: GenrePredictor, table: TrackTable, settings: Settings, report: Report) -> str:
    test, names = rows_of(table, "test", table.of_artist), predictor.microgenres
    counts = Counter(name for row in test for name in table.of_artist[row])
    known = {name: counts[name] for name in names}
    return _MICRO.format(
        count=len(names),
        least=settings.least_micro,
        test=len(test),
        covered=sum(known.values()) / max(counts.total(), 1),
        often=sum(count >= LEAST_POSITIVES for count in known.values()),
        positives=LEAST_POSITIVES,
        table=format_micro(report.micro),
    )


def _broad(predictor: GenrePredictor, table: TrackTable, report: Report) -> str:
    train, test = (rows_of(table, split, table.broad) for split in ("train", "test"))
    return _BROAD.format(
        names=", ".join(predictor.broad),
        train=len(train),
        test=len(test),
        single=np.mean([len(table.broad[row]) == 1 for row in test]),
        table=format_broad(report.broad),
    )


def _losses(predictor: GenrePredictor, table: TrackTable) -> dict[str, str]:
    rows, genres = table.rows("test"), predictor.genres
    answers = np.array([genres.index(table.labels[row][0]) for row in rows])
    guesses = predictor.predict([table.input(row) for row in rows]).argmax(axis=1)
    f1 = f1_by_class(guesses, answers, len(genres))
    present = [i for i in np.argsort(f1) if not np.isnan(f1[i])]
    wrong = guesses != answers
    pairs, counts = np.unique(np.stack([answers[wrong], guesses[wrong]], axis=1), axis=0, return_counts=True)
    most = pairs[np.argsort(-counts, kind="stable")[:8]]
    return {
        "worst": ", ".join(f"{genres[i]} {f1[i]:.2f}" for i in present[:12]),
        "best": ", ".join(f"{genres[i]} {f1[i]:.2f}" for i in present[:-9:-1]),
        "confusions": ", ".join(f"{genres[a]} > {genres[b]}" for a, b in most),
    }
