"""Measures of the contributor models."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

from ml.contributors.model import HARD_TO_SAY
from ml.contributors.train.network import Rows, log_loss
from ml.genre.encoder import Floats
from ml.scores import calibration_error
from ml.train.card import markdown_table

_DRAWS = 400


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores on tracks of held-out artists.

    Attributes
    ----------
    auc : float
        ROC AUC of one person against the rest, mean over people and folds, 0 to 1.
    f1, accuracy : float
        Macro-averaged F1 over people, and accuracy, 0 to 1.
    log_loss : float
        In nats.
    ece : float
        Expected calibration error over ten bins of the highest probability, 0 to 1.
    seconds : float
        Processor time of one training without tuning.
    """

    auc: float
    f1: float
    accuracy: float
    log_loss: float
    ece: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Study:
    """The results of the study.

    Attributes
    ----------
    table, ablation : dict of str to Scores
        Scores on the likes, by model and by the network's inputs.
    differences : dict
        Baseline -> AUC of the network minus its AUC, with the 95 % interval.
    confusion : list of list of int
        (people, people + 1) counts on the likes, "hard to say" last.
    probably : dict of str to float
        Shares of tracks "answered" and of answers "right", 0 to 1.
    several : dict of str to Scores
        Scores on a playlist of ``people`` people; empty where it was not scored.
    """

    table: dict[str, Scores]
    ablation: dict[str, Scores]
    differences: dict[str, tuple[float, float, float]]
    confusion: list[list[int]]
    probably: dict[str, float]
    several: dict[str, Scores]
    people: int


def auc(odds: Floats, who: Rows, fold: Rows) -> float:
    """Return the area under the ROC curve, mean over people, then over the folds ``fold`` (n,).

    The folds are not pooled: each has another model and other shares of the people, so that even constant odds would
    differ from 0.5.
    """
    means, people = [], range(1 if odds.shape[1] == 2 else 0, odds.shape[1])
    for number in np.unique(fold):
        held, added = odds[fold == number], who[fold == number]
        scored = [person for person in people if 0 < (added == person).sum() < len(added)]
        if scored:
            means.append(np.mean([roc_auc_score(added == person, held[:, person]) for person in scored]))
    return float(np.mean(means)) if means else float("nan")


def score(odds: Floats, who: Rows, fold: Rows, seconds: float = 0.0) -> Scores:
    """Score ``odds`` (n, people) of tracks that were added by ``who`` (n,) and held out in ``fold`` (n,)."""
    guesses = odds.argmax(axis=1)
    return Scores(
        auc=auc(odds, who, fold),
        f1=float(f1_score(who, guesses, average="macro", zero_division=0.0)),
        accuracy=float((guesses == who).mean()),
        log_loss=log_loss(odds, who),
        ece=calibration_error(odds.max(axis=1), guesses == who),
        seconds=seconds,
    )


def confusion(guesses: Rows, who: Rows, people: int) -> npt.NDArray[np.intp]:
    """Return counts (people, people + 1): row who added it, column the answer, last column "hard to say" (-1)."""
    return confusion_matrix(who, guesses, labels=[*range(people), HARD_TO_SAY])[:people]


def difference(
    first: Floats, second: Floats, who: Rows, fold: Rows, artist: Rows, seed: int = 1
) -> tuple[float, float, float]:
    """Return the AUC of ``first`` minus that of ``second`` with its 95 % bootstrap interval over artists."""
    rng, artists = np.random.default_rng(seed), np.unique(artist)
    rows_of = [np.flatnonzero(artist == a) for a in artists]

    def gap(rows: Rows) -> float:
        return auc(first[rows], who[rows], fold[rows]) - auc(second[rows], who[rows], fold[rows])

    gaps = [
        gap(np.concatenate([rows_of[i] for i in rng.integers(len(artists), size=len(artists))])) for _ in range(_DRAWS)
    ]
    low, high = np.nanpercentile(gaps, [2.5, 97.5])
    return gap(np.arange(len(who))), float(low), float(high)


def format_table(results: Mapping[str, Scores]) -> str:
    """Return the scores as a Markdown table."""
    headings = ("model", "ROC AUC", "macro-F1", "accuracy", "log-loss", "ECE", "CPU s")
    return markdown_table(headings, ((name, *astuple(row)[:-1], f"{row.seconds:.1f}") for name, row in results.items()))


def format_confusion(people: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return the counts of :func:`confusion` as a Markdown table."""
    rows = ((name, *row) for name, row in zip(people, counts, strict=True))
    return markdown_table(("added by \\ answer", *people, "hard to say"), rows)
