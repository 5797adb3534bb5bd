"""Choosing tracks for several people at once: by their average, by the least misery, or max-min fair.

Everything here works on a table of *satisfactions*, (n, p) for n candidates and p people, 0 (as a random track) to 1
(the best there is for that person).

``average`` and ``least_misery`` are the aggregation strategies of J. Masthoff, "Group modeling" (User Modeling and
User-Adapted Interaction 14, 2004); least misery is what PolyLens used (O'Connor et al., ECSCW 2001). ``max_min`` is
fair as in D. Serbos et al., "Fairness in package-to-group recommendations" (WWW 2017) and X. Lin et al.,
"Fairness-aware group recommendation with Pareto-efficiency" (RecSys 2017): what counts is the least that anybody
has from the whole list, not from one track; built greedily, as those do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

# In somebody's turn only tracks count that satisfy them this much, as a share of the best that is left for them.
_THEIRS = 0.8
# Rounds of exchanging; most lists settle after two or three.
_ROUNDS = 10


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


def apportion(length: int, weights: Sequence[float]) -> list[int]:
    """Return how many of ``length`` places each has, in proportion to ``weights``: Hamilton's largest remainders.

    Raises
    ------
    ValueError
        A weight is negative, or none is above 0.
    """
    if min(weights, default=0) < 0 or not sum(weights):
        raise ValueError("quotas are 0 or more, and one of them is above 0")
    exact = [length * weight / sum(weights) for weight in weights]
    places = [int(one) for one in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (places[at] - exact[at], at))
    for at in by_remainder[: length - sum(places)]:
        places[at] += 1
    return places


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
        (n, p), see above.
    artists : sequence
        The n candidates' first artists; at most ``artist_cap`` of each are chosen. A false one (no artist) has no cap.
    quotas : sequence of int, optional
        How many picks are for each person at most, ``length`` together. Where none are given, each pick is for whom
        it satisfies most (``max_min``: for whose turn it was), and a ``max_min`` list is never less fair than the
        average's.
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
    places = list(quotas) if quotas else [length] * table.satisfaction.shape[1]
    chosen: list[Choice] = []
    for row in _order(table.satisfaction, method):
        person = int(table.satisfaction[row].argmax())
        if len(chosen) < length and places[person] and table.take(int(row)):
            places[person] -= 1
            chosen.append(Choice(int(row), person))
    return chosen + _fill(table, places, length - len(chosen))


def shares(satisfaction: Floats, choices: Sequence[Choice]) -> list[Share]:
    """Return what each person has from the chosen tracks; nothing where none was chosen."""
    people = satisfaction.shape[1]
    rows = satisfaction[[choice.row for choice in choices]] if choices else np.zeros((1, people))
    picks = Counter(choice.person for choice in choices)
    return [Share(float(rows[:, p].mean()), float(rows[:, p].min()), picks[p]) for p in range(people)]


class _Table:
    """The candidates, and which of them may still be taken."""

    def __init__(self, satisfaction: Floats, artists: Sequence[object], artist_cap: int) -> None:
        self.satisfaction = satisfaction
        self._taken = np.zeros(len(satisfaction), bool)
        self._artist = np.unique([str(one or "") for one in artists], return_inverse=True)[1]
        self._of_artist = np.zeros(len(satisfaction), int)
        self._cap = np.where([bool(one) for one in artists], artist_cap, len(satisfaction))

    @property
    def free(self) -> npt.NDArray[np.bool_]:
        """(n,) which may be taken: not taken yet, and their artist has a place left."""
        free: npt.NDArray[np.bool_] = ~self._taken & (self._of_artist[self._artist] < self._cap)
        return free

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


def _order(satisfaction: Floats, method: Method) -> npt.NDArray[np.intp]:
    """Return the rows, best first; of equally good ones that with the better average, then the first."""
    average = satisfaction.mean(axis=1)
    least = satisfaction.min(axis=1)
    rows = np.arange(len(satisfaction))
    return np.lexsort((rows, -average) if method is Method.AVERAGE else (rows, -average, -least))


def _fill(table: _Table, places: list[int], missing: int) -> list[Choice]:
    """Give places that are left to their people: nothing that is left pleases them more than it pleases others."""
    chosen: list[Choice] = []
    for person, count in enumerate(places):
        for row in np.argsort(-table.satisfaction[:, person], kind="stable"):
            if not count or len(chosen) == missing:
                break
            if table.take(int(row)):
                count -= 1
                chosen.append(Choice(int(row), person))
    return chosen


def _in_turns(table: _Table, places: Sequence[int], weights: Sequence[int], length: int) -> list[Choice]:
    """Let whoever has least so far, for their weight, have the next track; then exchange tracks while that helps.

    Of the tracks that satisfy them nearly as much as the best that is left, the one is taken after which the least
    that anybody has is largest, and of equals the one with the best average. ``places`` is how many each may have.
    """
    # Whoever has no weight is not counted.
    per_share = np.array([1 / weight if weight else 0.0 for weight in weights])
    has, left, chosen = np.zeros(len(weights)), list(places), list[Choice]()
    while any(left) and len(chosen) < length and table.free.any():
        person = min((p for p in range(len(left)) if left[p]), key=lambda p: (has[p] * per_share[p], p))
        row, _ = _fairest(table, person, has, per_share)
        table.take(row)
        has = has + table.satisfaction[row]
        left[person] -= 1
        chosen.append(Choice(row, person))
    return _exchanged(table, chosen, per_share)


def _exchanged(table: _Table, chosen: list[Choice], per_share: Floats) -> list[Choice]:
    """Exchange picks, each for another of the same person's, as long as the least that anybody has grows."""
    has = table.satisfaction[[choice.row for choice in chosen]].sum(axis=0)
    for _ in range(_ROUNDS):
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
    """Return the free row, of those to ``person``'s taste, after which the least that anybody has is largest, and
    that least; of equals the row with the best average."""
    rows = np.flatnonzero(table.free)
    wanted = table.satisfaction[rows, person]
    rows = rows[wanted >= _THEIRS * wanted.max()]
    after = ((has + table.satisfaction[rows]) * per_share)[:, per_share > 0].min(axis=1)
    best = np.lexsort((rows, -table.satisfaction[rows].mean(axis=1), -after))[0]
    return int(rows[best]), float(after[best])
