"""Scores of genre probabilities, and their table."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from ml.scores import calibration_error
from ml.train.card import markdown_table

_BINS = 15


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Shares 0 to 1 (``macro_f1`` averages F1 over the genres that occur); ``nll`` in nats; ``ece`` over 15 bins."""

    top1: float
    top3: float
    macro_f1: float
    ece: float
    nll: float


def score(probabilities: npt.NDArray[np.floating], answers: npt.NDArray[np.intp]) -> Scores:
    """Score (n, k) probabilities against (n,) true columns."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
    hit = best[:, 0] == answers
    of_answers = probabilities[np.arange(len(answers)), answers]
    return Scores(
        top1=float(hit.mean()),
        top3=float((best == answers[:, None]).any(axis=1).mean()),
        macro_f1=float(f1_score(answers, best[:, 0], average="macro")),
        ece=calibration_error(probabilities.max(axis=1), hit, _BINS),
        nll=float(-np.log(np.maximum(of_answers, 1e-12)).mean()),
    )


def average_precision(scores: npt.NDArray[np.floating], truth: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return each row's average precision, (n,), for scores and truths (n, k); NaN where nothing is true.

    The precision at the rank of each truth, averaged; of equal scores the earlier column comes first.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(truth, order, axis=1)
    precision = np.cumsum(hits, axis=1) / np.arange(1, scores.shape[1] + 1)
    count = hits.sum(axis=1)
    return np.where(count > 0, (precision * hits).sum(axis=1) / np.maximum(count, 1), np.nan)


def format_table(
    results: Mapping[str, Any], headings: Sequence[str] = ("top-1", "top-3", "macro-F1", "ECE", "NLL")
) -> str:
    """Return a Markdown table, one row per model; ``headings`` are of the fields of its scores (a dataclass)."""
    return markdown_table(("model", *headings), ((name, *astuple(scores)) for name, scores in results.items()))
