"""Trains perceptual audio features on tracks with a provider's features: ``python -m ml train perception``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.jobs import Job
from ml.needs import PAIRS, TooLittle
from ml.perception.model import TASK, Floats, Perception, from_line, rows_of, to_line
from ml.perception.pairs import TARGETS, Pair, pairs
from ml.scores import digest_of
from ml.train.card import better_than, command, markdown_table, render
from ml.train.publish import publish

OURS, PLAIN, MEAN = "calibration", "the analyser's own estimate", "the mean"
_FOLDS = 5
_PENALTIES = tuple(10.0 ** np.arange(-1, 5.5, 0.5))
_BETTER = 0.95  # an attribute is predicted only if its error is below this share of the better baseline's
_LEAST = 20  # fewest tracks with a value of an attribute


def fit(found: Sequence[Pair], version: str, names: Sequence[str] = TARGETS) -> Perception:
    """Fit a ridge regression for each of ``names``; its penalty has the least leave-one-out error (PRESS)."""
    order = sorted({name for pair in found for name in pair.descriptors})
    rows = rows_of((pair.descriptors for pair in found), order)
    known = ~np.isnan(rows)
    centre = np.where(known.any(axis=0), np.nansum(rows, axis=0) / np.maximum(known.sum(axis=0), 1), 0.0)
    spread = np.sqrt(np.nansum((rows - centre) ** 2, axis=0) / np.maximum(known.sum(axis=0), 1))
    scale = np.where(spread > 1e-9, spread, 1.0)
    standard = np.clip(np.nan_to_num((rows - centre) / scale), -4.0, 4.0)
    weights = {}
    for name in names:
        chosen = np.array([name in pair.values for pair in found])
        if chosen.sum() >= _LEAST:
            values = np.array([pair.values[name] for pair in found if name in pair.values])
            weights[name] = _ridge(standard[chosen], to_line(values, name))
    return Perception(
        version=version, descriptors=tuple(order), centre=centre, scale=scale, weights=weights, confidence={}
    )


def _ridge(x: Floats, y: Floats) -> Floats:
    """Return (d + 1,) weights of (n, d) inputs, the last the constant (Hoerl and Kennard, Technometrics 12, 1970)."""
    mean_x, mean_y = x.mean(axis=0), y.mean()
    left, singular, right = np.linalg.svd(x - mean_x, full_matrices=False)
    part = left.T @ (y - mean_y)
    best, least = np.zeros(x.shape[1]), np.inf
    for penalty in _PENALTIES:
        shrink = singular**2 / (singular**2 + penalty)
        leverage = np.square(left) @ shrink + 1 / len(x)
        error = (y - mean_y - left @ (shrink * part)) / np.maximum(1 - leverage, 1e-6)
        if (press := float(np.square(error).mean())) < least:
            best, least = right.T @ (part * singular / (singular**2 + penalty)), press
    return np.append(best, mean_y - mean_x @ best)


def cross_validate(found: Sequence[Pair], seed: int) -> dict[str, dict[str, Floats]]:
    """Return by attribute the (n,) values of the provider (``truth``) and of each model, with artists held out."""
    artists = sorted({pair.artist for pair in found})
    fold_of = dict(zip(artists, np.random.default_rng(seed).permutation(len(artists)) % _FOLDS, strict=True))
    by_attribute: dict[str, dict[str, list[float]]] = {
        name: {model: [] for model in ("truth", OURS, PLAIN, MEAN)} for name in TARGETS
    }
    for fold in range(_FOLDS):
        learnt = [pair for pair in found if fold_of[pair.artist] != fold]
        held = [pair for pair in found if fold_of[pair.artist] == fold]
        if not held:
            continue
        model = fit(learnt, "held out")
        predicted = model.predict_rows(rows_of((pair.descriptors for pair in held), model.descriptors))
        for name, ours in predicted.items():
            known = np.array([pair.values[name] for pair in learnt if name in pair.values])
            mean = float(from_line(to_line(known, name).mean(keepdims=True), name)[0])
            for pair, value in zip(held, ours.tolist(), strict=True):
                if name in pair.values:
                    plain = pair.uncalibrated(name)
                    rows = (pair.values[name], value, mean if plain is None else plain, mean)
                    for key, number in zip(by_attribute[name], rows, strict=True):
                        by_attribute[name][key].append(number)
    return {
        name: {model: np.array(values) for model, values in rows.items()}
        for name, rows in by_attribute.items()
        if len(rows["truth"]) >= _LEAST
    }


def explained(truth: Floats, values: Floats) -> float:
    """Return the share of the variance that ``values`` explain, at least 0."""
    return float(np.clip(1 - np.square(truth - values).sum() / max(np.square(truth - truth.mean()).sum(), 1e-12), 0, 1))


def rank_correlation(truth: Floats, values: Floats) -> float:
    """Return Spearman's rank correlation, 0 where all values are the same."""
    if np.ptp(values) < 1e-9 or np.ptp(truth) < 1e-9:
        return 0.0
    return float(np.corrcoef(_ranks(truth), _ranks(values))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count - 1) / 2)[group], np.float64)


def _error(name: str, truth: Floats, values: Floats) -> float:
    """Return the mean absolute error; decibels are divided by 60, to compare with shares."""
    return float(np.abs(truth - values).mean() / (60.0 if name == "loudness" else 1.0))


def _rows(by_attribute: Mapping[str, Mapping[str, Floats]]) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "error": round(
                float(np.mean([_error(name, rows["truth"], rows[model]) for name, rows in by_attribute.items()])), 4
            ),
            "rank": round(
                float(np.mean([rank_correlation(rows["truth"], rows[model]) for rows in by_attribute.values()])), 4
            ),
        }
        for model in (OURS, PLAIN, MEAN)
    ]


def _kept(by_attribute: Mapping[str, Mapping[str, Floats]]) -> Iterator[str]:
    """Yield the attributes that the calibration predicts better than both baselines."""
    for name, rows in by_attribute.items():
        errors = {model: _error(name, rows["truth"], rows[model]) for model in (OURS, PLAIN, MEAN)}
        if errors[OURS] < _BETTER * min(errors[PLAIN], errors[MEAN]):
            yield name


def train_own(job: Job) -> dict[str, Any]:
    """Train on the pairs of this installation; options: ``seed`` of the folds.

    Raises ml.needs.TooLittle if there are fewer than 50 pairs, or no attribute is predicted better than by the
    baselines.
    """
    seed = int((job.request.get("options") or {}).get("seed", 1))
    job.say("reading the tracks")
    found = sorted(pairs(job.database), key=lambda pair: pair.track_id)
    if len(found) < PAIRS:
        raise TooLittle(
            f"{len(found)} tracks have both an analysed file and a provider's audio features; {PAIRS} are needed.",
            "Scan more files of yours, or look up the audio features of those that you have.",
        )
    job.say("holding out artists in turn")
    by_attribute = cross_validate(found, seed)
    kept = list(_kept(by_attribute))
    if not kept:
        raise TooLittle(
            f"Learnt from {len(found)} tracks, no attribute is predicted better than by the analyser or by the mean.",
            "Import more tracks with both, of more kinds, and train again.",
        )
    model = fit(found, job.new_version(), kept)
    sure = {
        name: round(max(0.05, explained(by_attribute[name]["truth"], by_attribute[name][OURS])), 3) for name in kept
    }
    model = Perception(**{**vars(model), "confidence": sure})
    _publish(job.models, model, found, by_attribute, seed)
    return {"version": model.version, "tracks": len(found), "attributes": kept, "table": _rows(by_attribute)}


def _publish(
    models: Path, model: Perception, found: Sequence[Pair], by_attribute: Mapping[str, Mapping[str, Floats]], seed: int
) -> None:
    folder = models / TASK / model.version
    table = _rows(by_attribute)
    attributes = [
        [
            name,
            len(rows["truth"]),
            *(float(np.abs(rows["truth"] - rows[m]).mean()) for m in (OURS, PLAIN, MEAN)),
            *(rank_correlation(rows["truth"], rows[m]) for m in (OURS, PLAIN)),
            explained(rows["truth"], rows[OURS]),
            "yes" if name in model.weights else "no",
        ]
        for name, rows in by_attribute.items()
    ]
    headings = ("attribute", "tracks", "error", "own estimate", "mean", "rank", "own rank", "explained", "predicted")
    card = render(
        Path(__file__).with_name("card.md.j2"),
        version=model.version,
        command=command(),
        seed=seed,
        count=len(found),
        artists=len({pair.artist for pair in found}),
        sources=", ".join(sorted({pair.source for pair in found})),
        folds=_FOLDS,
        least=_LEAST,
        share=_BETTER,
        table=markdown_table(headings, attributes),
        better=better_than(TASK, table, OURS),
        left_out=", ".join(name for name in TARGETS if name not in model.weights) or "none",
    )
    publish(
        folder,
        model.save(folder),
        card,
        activate=False,
        table=table,
        split=f"{len(found)} tracks, artists held out in {_FOLDS} folds",
        served=OURS,
        on=digest_of([pair.track_id for pair in found]),
    )
