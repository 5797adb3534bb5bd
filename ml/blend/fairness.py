"""Choosing tracks for several people at once: by their average, by the least misery, or max-min fair.

Everything here works on a table of *satisfactions*, (n, p) for n candidates and p people, 0 (as a random track) to 1
(the best there is for that person).

``average`` and ``least_misery`` are the aggregation strategies of J. Masthoff, "Group modeling" (User Modeling and
User-Adapted Interaction 14, 2004); least misery is what PolyLens used (O'Connor et al., ECSCW 2001). ``max_min`` is
fair as in D. Serbos et al., "Fairness in package-to-group recommendations" (WWW 2017) and X. Lin et al.,
"Fairness-aware group recommendation with Pareto-efficiency" (RecSys 2017): what counts is the least that anybody
has from the whole list, not from one track. As in those papers, the list is built greedily.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

# In a person's turn, a track must satisfy them at least this much, as a share of the best free one.
_LEAST_SHARE_OF_BEST = 0.8
# Passes over the list that exchange picks; most lists settle after two or three.
_MAX_EXCHANGE_PASSES = 10


class Method(StrEnum):
    AVERAGE = "average"
    LEAST_MISERY = "least_misery"
    MAX_MIN = "max_min"


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen candidate and the person it is for, both as positions in the table."""

    row: int
    person: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one person has from a list: mean and least satisfaction (0 to 1) and how many picks are for them."""

    mean: float
    least: float
    picks: int


class _Table:
    """The candidates, and which of them may still be taken."""

    def __init__(self, satisfaction: Floats, artists: Sequence[object], artist_cap: int) -> None:
        self.satisfaction = satisfaction
        self._taken = np.zeros(len(satisfaction), bool)
        self._artist = np.unique([str(artist or "") for artist in artists], return_inverse=True)[1]
        self._of_artist = np.zeros(len(satisfaction), int)
        self._cap = np.where([bool(artist) for artist in artists], artist_cap, len(satisfaction))

    @property
    def free(self) -> npt.NDArray[np.bool_]:
        """(n,) whether a candidate is not taken yet and its artist below the cap."""
        return ~self._taken & (self._of_artist[self._artist] < self._cap)

    def take(self, row: int) -> bool:
        """Take a candidate if it is free, and tell whether it was."""
        artist = self._artist[row]
        if self._taken[row] or self._of_artist[artist] >= self._cap[row]:
            return False
        self._taken[row] = True
        self._of_artist[artist] += 1
        return True

    def release(self, row: int) -> None:
        """Give a taken candidate back."""
        self._taken[row] = False
        self._of_artist[self._artist[row]] -= 1


def apportion(length: int, weights: Sequence[float]) -> list[int]:
    """Share ``length`` tracks out in proportion to ``weights`` by Hamilton's method of largest remainders.

    Raises
    ------
    ValueError
        A weight is negative, or none is above 0.
    """
    if min(weights, default=0) < 0 or not sum(weights):
        raise ValueError("quotas are 0 or more, and one of them is above 0")
    exact = [length * weight / sum(weights) for weight in weights]
    quotas = [int(quota) for quota in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (quotas[at] - exact[at], at))
    for at in by_remainder[: length - sum(quotas)]:
        quotas[at] += 1
    return quotas


def choose(
    satisfaction: Floats,
    artists: Sequence[object],
    *,
    method: Method,
    length: int,
    artist_cap: int,
    quotas: Sequence[int] | None = None,
) -> list[Choice]:
    """Choose at most ``length`` candidates, in the order in which they were chosen.

    Parameters
    ----------
    satisfaction : np.ndarray
        (n, p), 0 to 1.
    artists : sequence
        The n candidates' first artists; at most ``artist_cap`` of each are chosen. Candidates whose artist is empty
        have no cap.
    quotas : sequence of int, optional
        (p,) most picks for each person, ``length`` in sum. Without quotas, a pick is for the person whom it satisfies
        most (with ``max_min``, for the person whose turn it was). The least satisfied person of a ``max_min`` list
        without quotas has at least as much as in the list by average.
    """

    def table() -> _Table:
        return _Table(np.asarray(satisfaction, np.float64), artists, artist_cap)

    if method is not Method.MAX_MIN:
        return _by_value(table(), method, length, quotas)
    if quotas:
        return _in_turns(table(), quotas, quotas, length)
    equal = [1] * satisfaction.shape[1]
    lists = [
        _in_turns(table(), [length] * len(equal), equal, length),
        _exchanged(other := table(), _by_value(other, Method.AVERAGE, length), np.array(equal, np.float64)),
    ]
    return max(lists, key=lambda chosen: min(share.mean for share in shares(satisfaction, chosen)))


def _by_value(table: _Table, method: Method, length: int, quotas: Sequence[int] | None = None) -> list[Choice]:
    left = list(quotas) if quotas else [length] * table.satisfaction.shape[1]
    chosen: list[Choice] = []
    average, least = table.satisfaction.mean(axis=1), table.satisfaction.min(axis=1)
    # Ties go to the better average, then to the earlier row.
    for row in np.lexsort((-average,) if method is Method.AVERAGE else (-average, -least)):
        person = int(table.satisfaction[row].argmax())
        if len(chosen) < length and left[person] and table.take(int(row)):
            left[person] -= 1
            chosen.append(Choice(int(row), person))
    return chosen + _fill(table, left, length - len(chosen))


def shares(satisfaction: Floats, choices: Sequence[Choice]) -> list[Share]:
    """Return each person's share of the chosen tracks; 0 where none was chosen."""
    people = satisfaction.shape[1]
    rows = satisfaction[[choice.row for choice in choices]] if choices else np.zeros((1, people))
    picks = Counter(choice.person for choice in choices)
    return [Share(float(rows[:, p].mean()), float(rows[:, p].min()), picks[p]) for p in range(people)]


def _fill(table: _Table, left: list[int], missing: int) -> list[Choice]:
    """Fill the quotas that are left, each person's with the free rows that satisfy them most."""
    chosen: list[Choice] = []
    for person, count in enumerate(left):
        for row in np.argsort(-table.satisfaction[:, person], kind="stable"):
            if not count or len(chosen) == missing:
                break
            if table.take(int(row)):
                count -= 1
                chosen.append(Choice(int(row), person))
    return chosen


def _in_turns(table: _Table, quotas: Sequence[int], weights: Sequence[int], length: int) -> list[Choice]:
    """Give the next track to the person with least so far, for their weight; then exchange tracks while that helps.

    The track is chosen by :func:`_fairest`. ``quotas`` is how many tracks each person may have.
    """
    # A person without weight is not counted.
    per_share = np.array([1 / weight if weight else 0.0 for weight in weights])
    has, left, chosen = np.zeros(len(weights)), list(quotas), list[Choice]()
    while any(left) and len(chosen) < length and table.free.any():
        person = min((p for p in range(len(left)) if left[p]), key=lambda p: (has[p] * per_share[p], p))
        row, _ = _fairest(table, person, has, per_share)
        table.take(row)
        has = has + table.satisfaction[row]
        left[person] -= 1
        chosen.append(Choice(row, person))
    return _exchanged(table, chosen, per_share)


def _exchanged(table: _Table, chosen: list[Choice], per_share: Floats) -> list[Choice]:
    """Exchange picks, each for another for the same person, as long as the least satisfied person gains."""
    has = table.satisfaction[[choice.row for choice in chosen]].sum(axis=0)
    for _ in range(_MAX_EXCHANGE_PASSES):
        before = list(chosen)
        for at, (row, person) in enumerate((choice.row, choice.person) for choice in before):
            table.release(row)
            least = (has * per_share)[per_share > 0].min()
            other, after = _fairest(table, person, has - table.satisfaction[row], per_share)
            better = other if after > least + 1e-9 else row
            table.take(better)
            has = has + table.satisfaction[better] - table.satisfaction[row]
            chosen[at] = Choice(better, person)
        if chosen == before:
            break
    return chosen


def _fairest(table: _Table, person: int, has: Floats, per_share: Floats) -> tuple[int, float]:
    """Return the free row with which the least satisfied person has most, and how much that is.

    Only rows that satisfy ``person`` nearly as much as the best free one are considered. Ties go to the best average.
    """
    rows = np.flatnonzero(table.free)
    wanted = table.satisfaction[rows, person]
    rows = rows[wanted >= _LEAST_SHARE_OF_BEST * wanted.max()]
    after = ((has + table.satisfaction[rows]) * per_share)[:, per_share > 0].min(axis=1)
    best = np.lexsort((rows, -table.satisfaction[rows].mean(axis=1), -after))[0]
    return int(rows[best]), float(after[best])
