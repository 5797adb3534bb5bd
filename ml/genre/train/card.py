"""The card of the genre model, written by the training."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from ml.genre.model import GenrePredictor
from ml.genre.train.ablation import SHORT
from ml.genre.train.boosting import BUDGET
from ml.genre.train.data import TrackTable, first_columns, rows_of
from ml.genre.train.heads import (
    BROAD_HEADINGS,
    LEAST_POSITIVES,
    MICRO_HEADINGS,
    BroadScores,
    MicroScores,
)
from ml.genre.train.network import EXPERTS, Settings
from ml.genre.train.scores import Scores, format_table
from ml.scores import score_rows
from ml.train.card import Origin, better_than, render

RIVAL = "the last two multiplied"  # in the card's table: the booster of all numbers and the linear model of the names


@dataclass(frozen=True, kw_only=True)
class Report:
    """All scores of a version by the name of the model.

    ``hidden`` and ``retrained`` are the ablations, ``chosen`` the settings of the gradient boosters.
    """

    genres: Mapping[str, Scores]
    micro: Mapping[str, MicroScores]
    broad: Mapping[str, BroadScores]
    hidden: Mapping[str, Scores]
    retrained: Mapping[str, Scores]
    chosen: Mapping[str, str]


def shipped_origin(command: str) -> Origin:
    """Return the origin of the shipped version for its card; ``command`` made it."""
    return Origin(
        command=command,
        data="A table of Spotify tracks collected from public repositories, with Kaggle's 114 genre labels as the "
        "answers",
        caution="The audio features are Spotify's, whose developer terms forbid training on content taken from its "
        "API. Train your own on other data (`--data DIR`, same columns, or in the Library) where that matters to you.",
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
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=predictor.version,
        genres=len(predictor.genres),
        taxonomy=predictor.taxonomy.version,
        command=origin.command,
        data=origin.data,
        caution=origin.caution,
        train=len(train),
        artists=len({table.artists[row][:1] for row in train}),
        aside=sum(bool(table.micro[row]) and not table.labels[row] for row in table.rows("train", labelled=False)),
        valid=len(table.rows("valid")),
        test=len(table.rows("test")),
        settings=asdict(settings),
        experts=EXPERTS,
        weights=predictor.settings["weights"],
        gap=predictor.settings["litert_difference"],
        proof=f"{min(512, len(table.rows('valid')))} rows of `valid`",
        table=format_table(report.genres),
        rival=RIVAL,
        rival_scores=report.genres.get(RIVAL),
        ours=report.genres["genre model"],
        boosters="; ".join(f"{name}: {chosen}" for name, chosen in report.chosen.items()),
        budget=BUDGET,
        micro=_micro(predictor, table, settings, report) if report.micro else None,
        broad=_broad(predictor, table, report) if report.broad else None,
        # The targets were set for the shared data, which have broad genres.
        targets=targets_of(report) if report.broad else [],
        hidden=format_table(report.hidden),
        retrained={"short": SHORT, "table": format_table(report.retrained)} if report.retrained else None,
        better=_better(report.genres),
        **_losses(predictor, table),
    )


# The baselines with the same inputs; none is without popularity.
_RIVALS = {
    "genre model, audio alone": ("random forest, 13 audio features", "gradient booster, 13 audio features"),
    "genre model, names alone": ("linear, names alone",),
    "genre model": (RIVAL, "gradient booster, all numbers and text scores"),
}


def _better(results: Mapping[str, Scores]) -> str:
    """Return a line for each measure by which a baseline with the same inputs is better."""
    rows = score_rows(results)
    return "".join(
        better_than("genre", [row for row in rows if row["model"] in {ours, *rivals}], ours)
        for ours, rivals in _RIVALS.items()
    )


def targets_of(report: Report) -> list[tuple[str, bool]]:
    """Return each target for the test tracks of the shared data with the score reached, and whether it is met.

    The target of broad genres is for the model without the artist expert, like the baselines.
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
        target = f"audio features alone, top-1 above the forest's {forest.top1:.3f}: {audio.top1:.3f}"
        found.append((target, audio.top1 > forest.top1))
    broad = report.broad.get("genre model")
    if broad and broad.single is not None:
        found.append((f"broad genres at least 0.68: {broad.single:.3f}", broad.single >= 0.68))
    return found


def _micro(predictor: GenrePredictor, table: TrackTable, settings: Settings, report: Report) -> dict[str, Any]:
    test, names = rows_of(table, "test", table.of_artist), predictor.microgenres
    counts = Counter(name for row in test for name in table.of_artist[row])
    known = {name: counts[name] for name in names}
    return {
        "count": len(names),
        "least": settings.least_micro,
        "test": len(test),
        "covered": sum(known.values()) / max(counts.total(), 1),
        "often": sum(count >= LEAST_POSITIVES for count in known.values()),
        "positives": LEAST_POSITIVES,
        "table": format_table(report.micro, MICRO_HEADINGS),
    }


def _broad(predictor: GenrePredictor, table: TrackTable, report: Report) -> dict[str, Any]:
    train, test = (rows_of(table, split, table.broad) for split in ("train", "test"))
    return {
        "names": ", ".join(predictor.broad),
        "train": len(train),
        "test": len(test),
        "single": np.mean([len(table.broad[row]) == 1 for row in test]),
        "table": format_table(report.broad, BROAD_HEADINGS),
    }


def _losses(predictor: GenrePredictor, table: TrackTable) -> dict[str, str]:
    rows, genres = table.rows("test"), predictor.genres
    answers = first_columns(table.labels, rows, genres)
    guesses = predictor.predict([table.input(row) for row in rows]).argmax(axis=1)
    # NaN for a genre that is never guessed and never true.
    f1 = f1_score(answers, guesses, labels=range(len(genres)), average=None, zero_division=np.nan)
    present = [i for i in np.argsort(f1) if not np.isnan(f1[i])]
    wrong = guesses != answers
    pairs, counts = np.unique(np.stack([answers[wrong], guesses[wrong]], axis=1), axis=0, return_counts=True)
    most = pairs[np.argsort(-counts, kind="stable")[:8]]
    return {
        "worst": ", ".join(f"{genres[i]} {f1[i]:.2f}" for i in present[:12]),
        "best": ", ".join(f"{genres[i]} {f1[i]:.2f}" for i in present[:-9:-1]),
        "confusions": ", ".join(f"{genres[a]} > {genres[b]}" for a, b in most),
    }
