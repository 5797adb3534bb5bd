"""Scores of the triage model: how often its proposals are right, and how well its confidence is calibrated."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.scores import calibration_error, reliability
from ml.train.card import markdown_table
from ml.triage.evidence import EVIDENCE
from ml.triage.model import Triage
from ml.triage.train.fitting import Case, log_loss
from store.feature_rows import Floats

OURS = "triage model"
_NONE = "none of them"
SURE = 0.8


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of one model; all but ``log_loss`` are shares, 0 to 1. NaN where a model gives no confidence.

    Attributes
    ----------
    right : float
        Of all tracks, those whose first proposal (a playlist or none) is right.
    playlist : float
        Of the tracks that belong in a playlist, those whose most probable playlist is right.
    sure, sure_right : float
        Of all tracks, those for which a playlist is proposed with a confidence of at least 80 %; of these, the right
        ones.
    ece : float
        Expected calibration error of the first proposals, in ten bins (Guo et al., 2017).
    """

    right: float
    playlist: float
    sure: float = math.nan
    sure_right: float = math.nan
    ece: float = math.nan
    log_loss: float = math.nan


def _column(name: str) -> int:
    return EVIDENCE.index(name)


def _artist_or_none(case: Case) -> Floats:
    same = case.evidence[:, :, _column("same_artist")]
    return np.hstack([same, np.full((len(same), 1), 0.1)])


def _without_none(scores: Floats) -> Floats:
    """Return (n, playlists) scores with a column for none of them, which never is the highest."""
    return np.hstack([scores, np.full((len(scores), 1), -np.inf)])


# Each returns (n, playlists + 1) scores; the highest one is the proposal.
BASELINES: Mapping[str, Callable[[Case], Floats]] = {
    _NONE: lambda case: np.eye(case.answers.shape[1])[np.full(len(case.answers), -1)],
    "largest playlist": lambda case: _without_none(case.evidence[:, :, _column("size")]),
    "nearest mean sound": lambda case: _without_none(-np.nan_to_num(case.distance, nan=9.0)),
    "nearest mean artist": lambda case: _without_none(case.evidence[:, :, _column("artists_typical")]),
    "artist already there, else none": _artist_or_none,
}


def compare(model: Triage, cases: Sequence[Case]) -> dict[str, Scores]:
    """Score the baselines and the model on ``cases``."""
    cases = [case for case in cases if len(case.answers)]
    table = {name: _score(cases, [baseline(case) for case in cases]) for name, baseline in BASELINES.items()}
    table[_NONE] = replace(table[_NONE], playlist=math.nan)  # this baseline does not rank the playlists
    odds = [model.predict(case.evidence, case.none) for case in cases]
    table[OURS] = _score(cases, odds, log_loss=log_loss(model, cases), **_confidence(cases, odds))
    return table


def _score(cases: Sequence[Case], scores: Sequence[Floats], **more: float) -> Scores:
    right = np.concatenate([_right(case, table) for case, table in zip(cases, scores, strict=True)])
    best = np.concatenate(
        [
            _right(case, _without_none(table[:, :-1]))[~case.answers[:, -1]]
            for case, table in zip(cases, scores, strict=True)
        ]
    )
    return Scores(right=float(right.mean()), playlist=float(best.mean()), **more)


def _right(case: Case, scores: Floats) -> Floats:
    return case.answers[np.arange(len(scores)), scores.argmax(axis=1)].astype(float)


def proposals(cases: Sequence[Case], odds: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the confidence of the first proposal for each track, (n,), and whether it is right, 1 or 0."""
    right = np.concatenate([_right(case, table) for case, table in zip(cases, odds, strict=True)])
    return np.concatenate([table.max(axis=1) for table in odds]), right


def reliability_of(model: Triage, cases: Sequence[Case]) -> list[dict[str, float]]:
    """Return the bins of :func:`ml.scores.reliability` of the first proposals."""
    cases = [case for case in cases if len(case.answers)]
    return reliability(*proposals(cases, [model.predict(case.evidence, case.none) for case in cases]))


def _confidence(cases: Sequence[Case], odds: Sequence[Floats]) -> dict[str, float]:
    highest, right = proposals(cases, odds)
    somewhere = np.concatenate([table.argmax(axis=1) < table.shape[1] - 1 for table in odds])
    sure = somewhere & (highest >= SURE)
    return {
        "sure": float(sure.mean()),
        "sure_right": float(right[sure].mean()) if sure.any() else math.nan,
        "ece": calibration_error(highest, right),
    }


def format_table(table: Mapping[str, Scores]) -> str:
    """Return the scores as Markdown."""
    headings = ("model", "right", "right playlist", "sure", "right when sure", "ECE", "log-loss")
    return markdown_table(headings, ((name, *vars(scores).values()) for name, scores in table.items()))
