"""The scores of a version, in one format for all tasks, and the comparison of two versions.

``scores.json`` in the folder of a version holds ``split`` (the held-out data, in words), ``table`` (a row for each
model: ``model`` and its scores) and ``served`` (the model of the row that the version serves). A training by a user
adds ``on`` (a digest of the held-out data) and ``before``: the score on the same data of the version that was served at
the time, as ``{"version", "score", "note"}``; where ``score`` is null, ``note`` gives the reason.

Two entries are optional: ``reliability`` has the bins of :func:`reliability`, ``confusion`` the ``names`` of classes
and ``counts``, a row for each true class and a column for each predicted one.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.tasks import Measure, find_task

Row = Mapping[str, Any]
FILE = "scores.json"
_TRAIN = "Serve the version you want to compare with, then train: both are then scored on the same data."


def measures_of(task: str) -> tuple[Measure, ...]:
    """Return the measures of a task, the main one first; empty if there are none."""
    known = find_task(task)
    return known.measures if known else ()


def served_score(task: str, scores: Mapping[str, Any] | None) -> Row | None:
    """Return the row of the model that a version serves, ``None`` where its ``scores`` have none."""
    if not scores:
        return None
    if scores.get("served_score"):
        row: Row = scores["served_score"]
        return row
    known = find_task(task)
    served = scores.get("served") or (known and known.served_row)
    return next((row for row in scores.get("table", ()) if row["model"] == served), None)


def main_score(task: str, scores: Mapping[str, Any] | None) -> tuple[Measure, float] | None:
    """Return the main measure of a task and the score of a version by it, ``None`` without a score."""
    row, measures = served_score(task, scores), measures_of(task)
    if row is None or not measures or row.get(measures[0].key) is None:
        return None
    return measures[0], float(row[measures[0].key])


def score_rows(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table from the scores (a dataclass) of each model."""
    return [{"model": name, **figures_of(scores)} for name, scores in results.items()]


def figures_of(scores: Any) -> dict[str, Any]:
    """Return the fields of a dataclass of scores, rounded to four decimals; None and NaN are left out."""
    known = {name: value for name, value in asdict(scores).items() if value is not None and not math.isnan(value)}
    return {name: round(value, 4) for name, value in known.items()}


def reliability(
    confidence: npt.NDArray[np.floating], right: npt.NDArray[Any], bins: int = 10
) -> list[dict[str, float]]:
    """Return those of ``bins`` equally wide bins of a reliability diagram that are not empty.

    ``said`` is a bin's mean ``confidence``, ``right`` its share of right answers, ``share`` its share of all answers.
    """
    return [
        {"said": round(said, 4), "right": round(came_true, 4), "share": round(share, 4)}
        for said, came_true, share in _bins(confidence, right, bins)
    ]


def calibration_error(confidence: npt.NDArray[np.floating], right: npt.NDArray[Any], bins: int = 10) -> float:
    """Return the expected calibration error: the mean gap of the bins of :func:`reliability` (Naeini et al., 2015)."""
    return sum(abs(came_true - said) * share for said, came_true, share in _bins(confidence, right, bins))


def _bins(confidence: npt.NDArray[np.floating], right: npt.NDArray[Any], bins: int) -> list[tuple[float, float, float]]:
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    insides = (places == number for number in np.unique(places))
    return [(float(confidence[inside].mean()), float(right[inside].mean()), float(inside.mean())) for inside in insides]


def digest_of(parts: Iterable[object]) -> str:
    """Return a digest of held-out data (16 hexadecimal digits), the same for the same parts in the same order."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part if isinstance(part, bytes) else repr(part).encode())
        made.update(b"\0")
    return made.hexdigest()[:16]


def write(folder: Path, *, split: str, table: Iterable[Row], **more: Any) -> Path:
    """Write ``scores.json`` and return its path; ``more`` are further entries, left out where None.

    Numbers that are not finite are also left out, since JSON cannot hold them.
    """
    content = {"split": split, "table": [dict(row) for row in table]}
    content |= {name: value for name, value in more.items() if value is not None}
    path = folder / FILE
    path.write_text(json.dumps(_finite(content), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {
            name: _finite(value)
            for name, value in content.items()
            if not isinstance(value, float) or math.isfinite(value)
        }
    return [_finite(value) for value in content] if isinstance(content, list | tuple) else content


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two versions side by side; where they cannot be compared, ``rows`` are empty and ``why`` gives the reason.

    ``on`` describes the held-out data, ``note`` is a caution about the other version, and ``hint`` says how to make the
    two comparable.
    """

    on: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    note: str = ""
    why: str = ""
    hint: str = ""


def compare(task: str, one: str, other: str, scores: Mapping[str, Mapping[str, Any] | None]) -> Comparison:
    """Compare two versions by name, if they were scored on the same held-out data; ``scores`` are by version."""
    if one == other:
        return Comparison(why="There is no other version to compare with.", hint=_TRAIN)
    first, second = scores[one] or {}, scores[other] or {}
    for mine, theirs, swapped in ((first, other, False), (second, one, True)):
        before = mine.get("before") or {}
        if before.get("version") == theirs and mine.get("on") != (scores[theirs] or {}).get("on"):
            if before["score"] is None:
                return Comparison(why=f"{theirs} could not be scored on the same data. {before['note']}")
            pair = (served_score(task, mine), before["score"])
            left, right = reversed(pair) if swapped else pair
            note = f"{theirs}: {before['note']}" if before["note"] else ""
            return _side_by_side(task, str(mine["split"]), left, right, note)
    if not first or not second or not measures_of(task):
        without = [name for name in (one, other) if not scores[name]]
        return Comparison(why=f"{' and '.join(without) or task} has no scores but those in its card.")
    if first.get("on") and first.get("on") == second.get("on"):
        return _side_by_side(task, str(first["split"]), served_score(task, first), served_score(task, second))
    why = f"They were not scored on the same data. {one}: {first['split']}. {other}: {second['split']}."
    return Comparison(why=why, hint=_TRAIN)


def _side_by_side(task: str, on: str, one: Row | None, other: Row | None, note: str = "") -> Comparison:
    assert one is not None
    assert other is not None
    rows = []
    for measure in measures_of(task):
        pair = [round(float(row[measure.key]), 4) for row in (one, other) if row.get(measure.key) is not None]
        if len(pair) == 2:
            even = measure.higher is None or pair[0] == pair[1]
            better = None if even else int((pair[0] < pair[1]) == measure.higher)
            rows.append(asdict(measure) | {"values": pair, "better": better})
    return Comparison(on=on, rows=tuple(rows), note=note)
