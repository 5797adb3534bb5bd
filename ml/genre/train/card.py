"""The genre model's card, written by the run that trained it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from ml.genre.model import GenrePredictor
from ml.genre.train.ablation import SHORT
from ml.genre.train.boosting import BUDGET
from ml.genre.train.data import TrackTable
from ml.genre.train.heads import (
    LEAST_POSITIVES,
    WITH_ARTIST,
    BroadScores,
    MicroScores,
    format_broad,
    format_micro,
    rows_of,
)
from ml.genre.train.network import EXPERTS, Settings
from ml.genre.train.scores import Scores, f1_by_class, format_table
from ml.train.better_than import beaten
from ml.train.card import Origin
from ml.train.revision import revision

RIVAL = "the last two multiplied"  # the booster of all numbers and the linear model of the names

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
training tracks with the same seed.

{headline}{boosters}

## Microgenres

{micro}

## Six broad genres

{broad}
{targets}
## What each part brings (114 genres, `test`)

By hiding it from the model that ships, which is fair: training hid each from some tracks. The weights are those that
ship for what is left. An expert alone is as it ships: by_both learnt to correct the others, not to answer alone.

{hidden}

{retrained}## Where it loses

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

_BOOSTERS = """The boosters are scikit-learn's HistGradientBoosting: rate {rate}, stopped early on `valid` or cut at
{rounds} rounds, for their time; (leaves, tracks a leaf, L2) one of {search}, chosen by log-loss on
`valid` after {tuned_on} training tracks. The text scores are {components} principal components of the linear text
model's log-probabilities, out of fold on training tracks; that booster learnt from {text_on} tracks. Chosen: {chosen}.
Where the cap or an end of the grid was chosen, more time might have made it better: the network had more care."""

_HEADLINE = """The one to beat is "{rival}", the booster of all numbers times the linear model of the names: top-1
{theirs.top1:.3f} and NLL {theirs.nll:.3f}, the genre model {ours.top1:.3f} and {ours.nll:.3f}.

"""

_RETRAINED = """By training without it, with fewer passes ({short}): compare with the first row. The networks differ in
the loss alone; pieces, training tracks and the choice of the pass are those of the whole model.

{table}

"""

_LOSES = """The labels are noisy: a fifth of the labelled tracks carry several and only the first counts, and many are a
mood or an occasion (happy, sad, party, study) or overlap (latin and latino, punk and punk-rock). Artists that it learnt
from are remembered by name: there it is surer, and righter, than these figures, which are of artists it never saw."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All scores of a version by the name of the model; ``hidden`` and ``retrained`` are the ablations, ``chosen`` the
    settings of the gradient boosters.
    """

    genres: Mapping[str, Scores]
    micro: Mapping[str, MicroScores]
    broad: Mapping[str, BroadScores]
    hidden: Mapping[str, Scores]
    retrained: Mapping[str, Scores]
    chosen: Mapping[str, str]


def shipped_origin(command: str) -> Origin:
    """Return what the card of the version that ships says of its origin; ``command`` made it."""
    return Origin(
        command=command,
        data="A table of Spotify tracks collected from public repositories, with Kaggle's 114 genre labels as the "
        "answers",
        caution="The audio features are Spotify's, whose developer terms forbid training on content taken from its "
        "API. Train your own on other data (`--data DIR`, same columns, or in the Lab) where that matters to you.",
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
        settings=_listed(asdict(settings)),
        experts=", ".join(EXPERTS),
        weights="; ".join(f"{basis} {value}" for basis, value in predictor.settings["weights"].items()),
        gap=predictor.settings["litert_difference"],
        proof=f"{min(512, len(table.rows('valid')))} rows of `valid`",
        table=format_table(report.genres),
        headline=_headline(report.genres),
        boosters=_boosters(report.chosen),
        micro=_micro(predictor, table, settings, report) if report.micro else "None: too few tracks have any.",
        broad=_broad(predictor, table, report) if report.broad else "None: no track has any.",
        hidden=format_table(report.hidden),
        retrained=_RETRAINED.format(short=_listed(SHORT), table=format_table(report.retrained))
        if report.retrained
        else "",
        targets=_targets(report),
        loses=_LOSES,
        beaten=_beaten(report.genres),
        **_losses(predictor, table),
    )


# What the model has to beat with the same knowledge; of popularity unknown there is no such rival.
_RIVALS = {
    "genre model, audio alone": ("random forest, 13 audio features", "gradient booster, 13 audio features"),
    "genre model, names alone": ("linear, names alone",),
    "genre model": (RIVAL, "gradient booster, all numbers and text scores"),
}


def _beaten(results: Mapping[str, Scores]) -> str:
    """Say where a baseline that knows as much is the better one."""
    rows = [{"model": name, **asdict(scores)} for name, scores in results.items()]
    lines = "".join(
        beaten("genre", [row for row in rows if row["model"] in {ours, *rivals}], ours)
        for ours, rivals in _RIVALS.items()
    )
    return f"\nBaselines that are better with the same inputs:\n\n{lines}\n" if lines else ""


def _listed(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _headline(results: Mapping[str, Scores]) -> str:
    if RIVAL not in results:
        return ""
    return _HEADLINE.format(rival=RIVAL, theirs=results[RIVAL], ours=results["genre model"])


def _boosters(chosen: Mapping[str, str]) -> str:
    told = "; ".join(f"{name}: {settings}" for name, settings in chosen.items())
    return _BOOSTERS.format(**BUDGET, chosen=told) if chosen else ""


def targets_of(report: Report) -> list[tuple[str, bool]]:
    """Return each target that was set for the shared data's test tracks, with what was reached, and whether it is met.

    The broad one is of the track alone, as the baselines are; what knowing the artist's genres adds is said beside it.
    """
    ours, audio = report.genres["genre model"], report.genres["genre model, audio alone"]
    found = [
        (f"top-1 at least 0.42: {ours.top1:.3f}", ours.top1 >= 0.42),
        (f"top-3 at least 0.62: {ours.top3:.3f}", ours.top3 >= 0.62),
        (f"macro-F1 at least 0.36: {ours.macro_f1:.3f}", ours.macro_f1 >= 0.36),
        (f"calibration error at most 0.03: {ours.ece:.3f}", ours.ece <= 0.03),
    ]
    forest = report.genres.get("random forest, 13 audio features")
    if forest:
        told = f"audio features alone, top-1 above the forest's {forest.top1:.3f}: {audio.top1:.3f}"
        found.append((told, audio.top1 > forest.top1))
    broad = report.broad.get("genre model")
    if broad and broad.single is not None:
        helped = report.broad[WITH_ARTIST].single
        told = f"six broad genres at least 0.68: {broad.single:.3f} ({helped:.3f} with the artist's known genres)"
        found.append((told, broad.single >= 0.68))
    return found


def _targets(report: Report) -> str:
    """Say which targets are met, on the data that they were set for: those with the six broad genres."""
    lines = [f"- {'met' if met else '**missed**'}: {told}\n" for told, met in targets_of(report)]
    return "\n## Targets\n\n" + "".join(lines) if report.broad else ""


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
