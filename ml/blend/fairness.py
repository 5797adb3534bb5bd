"""Chooses tracks for several people at once: by average, by least misery, or by fairness.

Everything here works on a table of *satisfactions*, (n, p) for n candidates and p people, from 0 (no better than a
random track) to 1 (the person's best track).

``average`` and ``least_misery`` are the aggregation strategies of J. Masthoff, "Group modeling" (User Modeling and
User-Adapted Interaction 14, 2004); least misery is what PolyLens used (O'Connor et al., ECSCW 2001).

``max_min`` maximises the generalised Gini welfare of each person's total satisfaction with the list (J. Weymark,
"Generalized Gini inequality indices", Mathematical Social Sciences 1, 1981; for recommendations V. Do and N. Usunier,
SIGIR 2022): the least satisfied person counts most, the next half as much, and so on. It starts from the list by
average and exchanges tracks as long as the welfare grows. An exchange is refused if it lowers the least total
satisfaction of anybody, or if it brings in a track that is worse for somebody than the worst track of the list by
average.

A person of few known tracks is *hardly known*. Their satisfaction counts by their ``trust``; the rest is replaced by
everybody's mean (shrinkage, as in empirical Bayes estimates), so that one track does not decide a list.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

# Weight of the next better satisfied person, relative to the one before.
_NEXT_COUNTS = 0.5
# Number of tracks at which a person's own satisfaction counts half.
_HALF_TRUST = 3
# Candidates that exchanges look at: the best by average, and the best for each person.
_MOST_CANDIDATES = 2000
_BEST_OF_EACH = 100
# In a person's turn, a track must satisfy them at least this much, as a share of the best free one.
_LEAST_SHARE_OF_BEST = 0.8
# The most passes of exchanges over the list; most lists settle after two or three.
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


def trust_in(n_tracks: int) -> float:
    """Return how much the satisfaction of a person of ``n_tracks`` known tracks counts, 0 to 1: a half at three."""
    return n_tracks / (n_tracks + _HALF_TRUST)


def choose(
    satisfaction: Floats,
    artists: Sequence[object],
    *,
    method: Method,
    length: int,
    artist_cap: int,
    quotas: Sequence[int] | None = None,
    trust: Sequence[float] | None = None,
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
        most (with ``max_min``, most in comparison with their mean satisfaction over the list).
    trust : sequence of float, optional
        (p,) above 0, at most 1: how well each person's satisfaction is known; used by ``max_min`` without quotas.
        By default 1.
    """
    table = _Table(np.asarray(satisfaction, np.float64), artists, artist_cap)
    if method is not Method.MAX_MIN:
        return _by_value(table, method, length, quotas)
    if quotas:
        return _in_turns(table, quotas, length)
    return _fair(table, length, np.ones(satisfaction.shape[1]) if trust is None else np.asarray(trust, np.float64))


def _fair(table: _Table, length: int, trust: Floats) -> list[Choice]:
    """Choose the list by average, and exchange tracks while the generalised Gini welfare grows."""
    rows = np.array([choice.row for choice in _by_value(table, Method.AVERAGE, length)], np.intp)
    worth = _credible(table.satisfaction, trust)
    candidates = _candidates(table.satisfaction, worth, rows)
    for _ in range(_MAX_EXCHANGE_PASSES):
        before = rows.copy()
        for at in range(len(rows)):
            rows[at] = _exchange(table, worth, candidates, rows, at)
        if np.array_equal(rows, before):
            break
    return _in_fair_order(worth, rows)


def _credible(satisfaction: Floats, trust: Floats) -> Floats:
    """Return (n, p) satisfactions, each person's mixed with everybody's mean by their trust."""
    everybody = satisfaction @ (trust / trust.sum())
    mixed: Floats = trust * satisfaction + (1 - trust) * everybody[:, None]
    return mixed


def _candidates(satisfaction: Floats, worth: Floats, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return the rows that may be exchanged in: none is worse for anybody than the worst track of ``rows``."""
    floor = satisfaction[rows].min() if len(rows) else 0.0
    admitted = satisfaction.min(axis=1) >= floor
    best = [np.argsort(-worth.mean(axis=1), kind="stable")[:_MOST_CANDIDATES]]
    best += [np.argsort(-column, kind="stable")[:_BEST_OF_EACH] for column in worth.T]
    found = np.unique(np.concatenate([*best, rows]))
    return found[admitted[found]]


def _exchange(
    table: _Table, worth: Floats, candidates: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], at: int
) -> int:
    """Exchange the row at ``at`` for the free candidate that gives the greatest welfare; return the row taken."""
    own, rest = int(rows[at]), np.delete(rows, at)
    table.release(own)
    free = candidates[table.free[candidates]]
    welfare = _welfare(worth[rest].sum(axis=0) + worth[free])
    has = table.satisfaction[rest].sum(axis=0)
    least = (has + table.satisfaction[own]).min()
    welfare[(has + table.satisfaction[free]).min(axis=1) < least - 1e-9] = -np.inf
    mine = _welfare((worth[rest].sum(axis=0) + worth[own])[None])[0]
    best = int(welfare.argmax())
    row = int(free[best]) if welfare[best] > mine + 1e-9 else own
    table.take(row)
    return row


def _welfare(has: Floats) -> Floats:
    """Return the (n,) generalised Gini welfare of (n, p) total satisfactions."""
    welfare: Floats = np.sort(has, axis=1) @ _NEXT_COUNTS ** np.arange(has.shape[1])
    return welfare


def _in_fair_order(worth: Floats, rows: npt.NDArray[np.intp]) -> list[Choice]:
    """Order the list so that its first tracks are fair, too, and choose the person whom each track is for."""
    mean, left, has = worth[rows].mean(axis=0), list(rows.tolist()), np.zeros(worth.shape[1])
    chosen = []
    while left:
        row = left.pop(int(_welfare(has + worth[left]).argmax()))
        has = has + worth[row]
        chosen.append(Choice(row, int((worth[row] - mean).argmax())))
    return chosen


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
    """Return each person's share of the chosen tracks; zeros if none was chosen."""
    people = satisfaction.shape[1]
    rows = satisfaction[[choice.row for choice in choices]] if choices else np.zeros((1, people))
    picks = Counter(choice.person for choice in choices)
    return [Share(float(rows[:, p].mean()), float(rows[:, p].min()), picks[p]) for p in range(people)]


def _fill(table: _Table, left: list[int], missing: int) -> list[Choice]:
    """Fill the remaining quotas, each person's with the free rows that satisfy them most."""
    chosen: list[Choice] = []
    for person, count in enumerate(left):
        for row in np.argsort(-table.satisfaction[:, person], kind="stable"):
            if not count or len(chosen) == missing:
                break
            if table.take(int(row)):
                count -= 1
                chosen.append(Choice(int(row), person))
    return chosen


def _in_turns(table: _Table, quotas: Sequence[int], length: int) -> list[Choice]:
    """Give each next track to the person who has least so far per quota; then exchange tracks while that helps.

    :func:`_fairest` chooses the track. ``quotas`` are the numbers of tracks for each person.
    """
    # A person without a quota is not counted.
    per_share = np.array([1 / quota if quota else 0.0 for quota in quotas])
    has, left, chosen = np.zeros(len(quotas)), list(quotas), list[Choice]()
    while any(left) and len(chosen) < length and table.free.any():
        person = min((p for p in range(len(left)) if left[p]), key=lambda p: (has[p] * per_share[p], p))
        row, _ = _fairest(table, person, has, per_share)
        table.take(row)
        has = has + table.satisfaction[row]
        left[person] -= 1
        chosen.append(Choice(row, person))
    return _exchanged(table, chosen, per_share)


def _exchanged(table: _Table, chosen: list[Choice], per_share: Floats) -> list[Choice]:
    """Exchange picks for others for the same person, as long as the least satisfied person gains."""
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
    """Return the free row that raises the least satisfied person most, and that person's satisfaction with it.

    Only rows that satisfy ``person`` nearly as much as the best free one are considered. Ties go to the best average.
    """
    rows = np.flatnonzero(table.free)
    wanted = table.satisfaction[rows, person]
    rows = rows[wanted >= _LEAST_SHARE_OF_BEST * wanted.max()]
    after = ((has + table.satisfaction[rows]) * per_share)[:, per_share > 0].min(axis=1)
    best = np.lexsort((rows, -table.satisfaction[rows].mean(axis=1), -after))[0]
    return int(rows[best]), float(after[best])
