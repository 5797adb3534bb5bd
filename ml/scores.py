"""What a version scored, in one shape for all tasks, and two versions side by side.

``scores.json`` beside a version holds ``split`` (on what it was scored, in words), ``table`` (a row for each model that
was scored there: ``model`` and its figures) and ``served`` (which row is what the version serves). A training on one's
own collection adds ``on`` (a digest of the held-out data) and ``before``: what the version that was served at the time
scored on the very same data, as ``{"version", "score", "note"}``; ``score`` is null where ``note`` says why not.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.tasks import Measure, find_task

Row = Mapping[str, Any]
FILE = "scores.json"
_TRAIN = "Serve the one you want to compare with, then train: the new version is scored beside what is served."


def measures_of(task: str) -> tuple[Measure, ...]:
    """Return the measures of a task, the one that counts first; none for tasks that have a card alone."""
    known = find_task(task)
    return known.measures if known else ()


def served_score(task: str, scores: Mapping[str, Any] | None) -> Row | None:
    """Return the figures of what a version serves, ``None`` where its ``scores`` do not tell."""
    if not scores:
        return None
    if scores.get("served_score"):
        row: Row = scores["served_score"]
        return row
    known = find_task(task)
    served = scores.get("served") or (known and known.served_row)
    return next((row for row in scores.get("table", ()) if row["model"] == served), None)


def main_score(task: str, scores: Mapping[str, Any] | None) -> tuple[Measure, float] | None:
    """Return the measure that counts and what a version scored by it."""
    row, measures = served_score(task, scores), measures_of(task)
    if row is None or not measures or row.get(measures[0].key) is None:
        return None
    return measures[0], float(row[measures[0].key])


def digest_of(parts: Iterable[object]) -> str:
    """Return a name for held-out data: the same data in the same order have the same."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part if isinstance(part, bytes) else repr(part).encode())
        made.update(b"\0")
    return made.hexdigest()[:16]


def write(folder: Path, *, split: str, table: Iterable[Row], **more: Any) -> Path:
    """Write ``scores.json`` and return its path; of ``served``, ``on`` and ``before`` what is given and not None.

    Figures that are not finite are left out: JSON has no word for them, and a browser refuses all of what holds one.
    """
    told = {"split": split, "table": [dict(row) for row in table]}
    told |= {name: value for name, value in more.items() if value is not None}
    path = folder / FILE
    path.write_text(json.dumps(_finite(told), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def _finite(told: Any) -> Any:
    if isinstance(told, Mapping):
        unsaid = [name for name, value in told.items() if isinstance(value, float) and not math.isfinite(value)]
        return {name: _finite(value) for name, value in told.items() if name not in unsaid}
    return [_finite(one) for one in told] if isinstance(told, list | tuple) else told


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two versions side by side: ``rows`` are empty where they cannot be compared, and ``why`` says why.

    ``on`` says in words on what both were scored, ``note`` what to mind of the other one; ``hint`` what helps where
    they cannot be compared.
    """

    on: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    note: str = ""
    why: str = ""
    hint: str = ""


def compare(task: str, one: str, other: str, scores: Mapping[str, Mapping[str, Any] | None]) -> Comparison:
    """Compare two versions by name; ``scores`` are theirs. They must have been scored on the same held-out data."""
    if one == other:
        return Comparison(why="There is no other version to compare it with.", hint=_TRAIN)
    of, beside = scores[one] or {}, scores[other] or {}
    for mine, theirs, swapped in ((of, other, False), (beside, one, True)):
        before = mine.get("before") or {}
        if before.get("version") == theirs and mine.get("on") != (scores[theirs] or {}).get("on"):
            if before["score"] is None:
                return Comparison(why=f"{theirs} could not be scored beside it. {before['note']}")
            pair = (served_score(task, mine), before["score"])
            left, right = reversed(pair) if swapped else pair
            note = f"{theirs}: {before['note']}" if before["note"] else ""
            return _side_by_side(task, str(mine["split"]), left, right, note)
    if not of or not beside or not measures_of(task):
        silent = [name for name in (one, other) if not scores[name]]
        return Comparison(why=f"{' and '.join(silent) or task} has no scores but those in its card.")
    if of.get("on") and of.get("on") == beside.get("on"):
        return _side_by_side(task, str(of["split"]), served_score(task, of), served_score(task, beside))
    why = f"They were not scored on the same data. {one}: {of['split']}. {other}: {beside['split']}."
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
