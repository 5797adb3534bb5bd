"""The results of the study of contributor models."""

from dataclasses import dataclass

from ml.contributors.train.scores import Scores


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
        (people, people + 1) counts on the likes, "not sure" last.
    not_sure : dict of str to float
        Shares of tracks "answered" and of answers "right", 0 to 1.
    several : dict of str to Scores
        Scores on a playlist of ``people`` people; empty where it was not scored.
    """

    table: dict[str, Scores]
    ablation: dict[str, Scores]
    differences: dict[str, tuple[float, float, float]]
    confusion: list[list[int]]
    not_sure: dict[str, float]
    several: dict[str, Scores]
    people: int
