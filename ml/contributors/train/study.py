"""What the study of contributor models came to."""

from __future__ import annotations

from dataclasses import dataclass

from ml.contributors.train.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Study:
    """What the study came to.

    On the likes: scores by model and by inputs, differences of AUC with their intervals, the confusion matrix (people,
    people + 1) with "not sure" last, and what is not answered. ``several`` are the scores on a playlist of ``people``
    people, empty where it was left out.
    """

    table: dict[str, Scores]
    ablation: dict[str, Scores]
    differences: dict[str, tuple[float, float, float]]
    confusion: list[list[int]]
    not_sure: dict[str, float]
    several: dict[str, Scores]
    people: int
