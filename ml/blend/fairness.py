"""Chooses tracks for several people at once: by average, by least misery, or by fairness.

Everything here works on a table of *satisfactions*, (n, p) for n candidates and p people, from 0 (no better than a
random track) to 1 (the person's best track). Each person has a weight: how much they count. Who has none is no part of
the choice.

``average`` and ``least_misery`` are the aggregation strategies of J. Masthoff, "Group modeling" (User Modeling and
User-Adapted Interaction 14, 2004); least misery is what PolyLens used (O'Connor et al., ECSCW 2001).

``fair`` is proportional fairness (F. Kelly, European Transactions on Telecommunications 8, 1997), also known as Nash
welfare: a gain counts in percent of what a person has, so a list is fair if no exchange of a track gives more percent
than it takes. The welfare of a list is the weighted sum over people of ``log(1/2 + total satisfaction)``. It starts
from the list by average and exchanges tracks while the welfare grows, as B. Fain, K. Munagala and N. Shah do ("Fair
allocation of indivisible public goods", EC 2018), who prove that no group of people could then do much better with its
share of the list. The half track is Thiele's: the sum follows 1 + 1/2 + 1/3 ..., which gives people of opposite tastes
their shares of the list. Two things stay at least as good as in the list by average: the total of the least satisfied
person, and the worst track for anybody.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np
import numpy.typing as npt

from store.feature_rows import Floats

# What is added to everybody's total satisfaction before its logarithm is taken, in tracks.
_HALF_A_TRACK = 0.5
# Less than this is no gain.
_TOLERANCE = 1e-9
# The most passes of exchanges over the list; most lists settle after two or three.
_MAX_EXCHANGE_PASSES = 10


class Method(StrEnum):
    AVERAGE = "average"
    LEAST_MISERY = "least_misery"
    FAIR = "fair"


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen candidate and the person it is for, both as positions in the table."""

    row: int
    person: int


@dataclass(frozen=True, slots=True)
class Share:
    """A person's mean and least satisfaction (0 to 1) with the tracks of a list, and how many picks are for them."""

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
        """Take a candidate if it is free, and return whether it was."""
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


def choose(
    satisfaction: Floats,
    artists: Sequence[object],
    *,
    method: Method,
    length: int,
    artist_cap: int,
    weights: Sequence[float] | None = None,
) -> list[Choice]:
    """Choose at most ``length`` candidates, best first.

    A track is for the person whom it satisfies most in comparison with their mean satisfaction over the list.

    Parameters
    ----------
    satisfaction : np.ndarray
        (n, p), 0 to 1.
    artists : sequence
        The n candidates' first artists; at most ``artist_cap`` of each are chosen. Candidates whose artist is empty
        have no cap.
    weights : sequence of float, optional
        (p,) from 0: how much each person counts, in any unit. By default all count alike.

    Raises
    ------
    ValueError
        A weight is negative, or none is above 0.
    """
    given = np.ones(satisfaction.shape[1]) if weights is None else np.asarray(weights, np.float64)
    if (given < 0).any() or not given.any():
        raise ValueError("weights are 0 or more, and one of them is above 0")
    counted = np.flatnonzero(given)
    table = _Table(np.asarray(satisfaction, np.float64)[:, counted], artists, artist_cap)
    rows = _by_value(table, method, length, given[counted])
    if method is Method.FAIR and rows:
        rows = _fair(table, rows, given[counted] / given.max())
    gains = table.satisfaction[rows] - table.satisfaction[rows].mean(axis=0) if rows else np.empty((0, 1))
    return [Choice(row, int(counted[at])) for row, at in zip(rows, gains.argmax(axis=1), strict=True)]


def _by_value(table: _Table, method: Method, length: int, weights: Floats) -> list[int]:
    """Take the free rows of the greatest least satisfaction, or of the greatest average."""
    average, least = table.satisfaction @ weights, table.satisfaction.min(axis=1)
    # Ties go to the better average, then to the earlier row.
    order = np.lexsort((-average, -least) if method is Method.LEAST_MISERY else (-average,))
    return list(islice((row for row in order.tolist() if table.take(row)), length))


def _fair(table: _Table, by_average: list[int], weights: Floats) -> list[int]:
    """Exchange tracks of the list by average while the welfare grows, and put its fairest tracks first."""
    satisfaction, rows = table.satisfaction, list(by_average)
    admitted = satisfaction.min(axis=1) >= satisfaction[rows].min()
    least = satisfaction[rows].sum(axis=0).min()
    for _ in range(_MAX_EXCHANGE_PASSES):
        before = list(rows)
        for at in range(len(rows)):
            rows[at] = _exchange(table, rows, at, weights, admitted, least)
        if rows == before:
            break
    totals, ordered = np.zeros(satisfaction.shape[1]), list[int]()
    while rows:
        ordered.append(rows.pop(int(_welfare(totals + satisfaction[rows], weights).argmax())))
        totals += satisfaction[ordered[-1]]
    return ordered


def _exchange(
    table: _Table, rows: list[int], at: int, weights: Floats, admitted: npt.NDArray[np.bool_], least: float
) -> int:
    """Exchange the row at ``at`` for the free one that gives the greatest welfare; return the row taken.

    Only ``admitted`` rows come in, and nobody's total satisfaction falls below ``least``.
    """
    own, totals = rows[at], table.satisfaction[rows].sum(axis=0)
    table.release(own)
    # The welfare is concave, so it grows at most by what its slope promises: other rows need no logarithm.
    promised = table.satisfaction @ (weights / (_HALF_A_TRACK + totals))
    better = np.flatnonzero(table.free & admitted & (promised > promised[own] + _TOLERANCE))
    after = totals - table.satisfaction[own] + table.satisfaction[better]
    welfare = np.where(after.min(axis=1) >= least - _TOLERANCE, _welfare(after, weights), -np.inf)
    gains = welfare.max(initial=-np.inf) > _welfare(totals, weights) + _TOLERANCE
    row = int(better[welfare.argmax()]) if gains else own
    table.take(row)
    return row


def _welfare(totals: Floats, weights: Floats) -> Floats:
    """Return the welfare of total satisfactions, (..., p) to (...)."""
    welfare: Floats = np.log(_HALF_A_TRACK + totals) @ weights
    return welfare


def shares(satisfaction: Floats, choices: Sequence[Choice]) -> list[Share]:
    """Return each person's share of the chosen tracks; zeros if none was chosen."""
    people = satisfaction.shape[1]
    rows = satisfaction[[choice.row for choice in choices]] if choices else np.zeros((1, people))
    picks = Counter(choice.person for choice in choices)
    return [Share(float(rows[:, p].mean()), float(rows[:, p].min()), picks[p]) for p in range(people)]
