"""Choosing for a group: each method maximises what it says, quotas and caps are kept."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.blend.fairness import Choice, Method, apportion, choose, shares, trust_in


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, list[str]]:
    """A table of satisfactions and its candidates' artists."""
    n, people = draw(st.integers(8, 30)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return rng.random((n, people)), [f"artist {code}" for code in rng.integers(0, max(n // 2, 1), n)]


@pytest.mark.parametrize("method", Method)
@settings(max_examples=25)
@given(table=tables(), length=st.integers(1, 12), cap=st.integers(1, 3))
def test_nothing_twice_no_cap_exceeded_and_always_the_same(
    method: Method, table: tuple[np.ndarray, list[str]], length: int, cap: int
) -> None:
    satisfaction, artists = table
    chosen = choose(satisfaction, artists, method=method, length=length, artist_cap=cap)
    rows = [choice.row for choice in chosen]
    per_artist = Counter(artists)
    assert len(rows) == len(set(rows)) == min(length, sum(min(cap, count) for count in per_artist.values()))
    assert max(Counter(artists[row] for row in rows).values()) <= cap
    assert chosen == choose(satisfaction, artists, method=method, length=length, artist_cap=cap)


@settings(max_examples=40)
@given(table=tables(), length=st.integers(1, 8))
def test_least_misery_maximises_the_least_and_average_the_mean(
    table: tuple[np.ndarray, list[str]], length: int
) -> None:
    satisfaction, _ = table
    alone = [""] * len(satisfaction)
    for method, value in (
        (Method.LEAST_MISERY, satisfaction.min(axis=1)),
        (Method.AVERAGE, satisfaction.mean(axis=1)),
    ):
        chosen = choose(satisfaction, alone, method=method, length=length, artist_cap=1)
        got = sorted((value[choice.row] for choice in chosen), reverse=True)
        assert got == sorted(value, reverse=True)[:length]


@pytest.mark.parametrize("method", Method)
@settings(max_examples=25)
@given(table=tables(), weights=st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_quotas_are_kept(method: Method, table: tuple[np.ndarray, list[str]], weights: list[int]) -> None:
    satisfaction, _ = table
    weights = [weights[0] + 1, *weights[1:]][: satisfaction.shape[1]]
    quotas = apportion(8, weights)
    chosen = choose(satisfaction, [""] * len(satisfaction), method=method, length=8, artist_cap=1, quotas=quotas)
    picks = Counter(choice.person for choice in chosen)
    assert [picks[person] for person in range(len(quotas))] == quotas


def test_the_minority_has_its_share_only_where_the_list_is_fair() -> None:
    """Three like the first ten, one likes the others."""
    satisfaction = np.zeros((20, 4))
    satisfaction[:10, :3] = 0.9
    satisfaction[10:, 3] = 0.9
    alone = [""] * 20
    least = {
        method: min(
            share.mean
            for share in shares(satisfaction, choose(satisfaction, alone, method=method, length=8, artist_cap=1))
        )
        for method in Method
    }
    assert least[Method.AVERAGE] == 0
    assert least[Method.MAX_MIN] >= 0.9 / 4
    fair = choose(satisfaction, alone, method=Method.MAX_MIN, length=8, artist_cap=1)
    assert all(satisfaction[choice.row, choice.person] == 0.9 for choice in fair), "each pick is to its person's taste"


@settings(max_examples=60)
@given(table=tables(), length=st.integers(1, 10), cap=st.integers(1, 3), few=st.integers(1, 200))
def test_the_least_satisfied_and_the_worst_track_are_no_worse_than_by_average(
    table: tuple[np.ndarray, list[str]], length: int, cap: int, few: int
) -> None:
    satisfaction, artists = table
    trust = [trust_in(tracks) for tracks in (few, 40, 40, 40)][: satisfaction.shape[1]]
    fair, plain = (
        shares(
            satisfaction,
            choose(satisfaction, artists, method=method, length=length, artist_cap=cap, trust=trust),
        )
        for method in (Method.MAX_MIN, Method.AVERAGE)
    )
    assert min(share.mean for share in fair) >= min(share.mean for share in plain) - 1e-9
    assert min(share.least for share in fair) >= min(share.least for share in plain) - 1e-9


def test_nobody_loses_much_where_another_gains_little() -> None:
    """A track for the first costs the second all of theirs, and gives the first a tenth."""
    satisfaction = np.vstack([np.tile([0.5, 1.0], (8, 1)), np.tile([0.6, 0.5], (8, 1))])
    chosen = choose(satisfaction, [""] * 16, method=Method.MAX_MIN, length=4, artist_cap=1)
    assert [share.mean for share in shares(satisfaction, chosen)] == [0.5, 1.0]


def test_who_is_hardly_known_does_not_steer_the_list() -> None:
    """Of two people with opposite tastes one is known by a single track."""
    satisfaction = np.vstack([np.tile([0.9, 0.1], (8, 1)), np.tile([0.1, 0.9], (8, 1))])
    known, hardly = (
        choose(satisfaction, [""] * 16, method=Method.MAX_MIN, length=8, artist_cap=1, trust=trust)
        for trust in ([1.0, 1.0], [trust_in(40), trust_in(1)])
    )
    assert [share.mean for share in shares(satisfaction, known)] == pytest.approx([0.5, 0.5])
    assert shares(satisfaction, hardly)[0].mean == pytest.approx(0.9)


def test_larger_quotas_are_more_picks_and_nobody_else_is_forgotten() -> None:
    assert apportion(10, [2, 1, 1]) == [5, 3, 2]
    assert apportion(3, [1.0, 1.0]) == [2, 1]
    assert apportion(0, [1.0]) == [0]
    for wrong in ([], [0.0, 0.0], [-1.0, 2.0]):
        with pytest.raises(ValueError, match="quotas"):
            apportion(5, wrong)


def test_shares_count_what_was_chosen() -> None:
    satisfaction = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    one, other = shares(satisfaction, [Choice(0, 0), Choice(1, 1)])
    assert (one.mean, one.least, one.picks) == (0.75, 0.5, 1)
    assert (other.mean, other.least, other.picks) == (0.25, 0.0, 1)
    assert [share.mean for share in shares(satisfaction, [])] == [0.0, 0.0]
