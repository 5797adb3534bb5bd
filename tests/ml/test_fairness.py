"""Choosing for a group: each method maximises what it says, weights count and caps are kept."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.blend.fairness import Choice, Method, choose, shares


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
@given(table=tables(), length=st.integers(1, 8))
def test_who_has_no_weight_is_no_part_of_the_choice(
    method: Method, table: tuple[np.ndarray, list[str]], length: int
) -> None:
    satisfaction, artists = table
    stranger = np.random.default_rng(0).random((len(satisfaction), 1))
    options = {"method": method, "length": length, "artist_cap": 2}
    weights = [0.0, *[3.0] * satisfaction.shape[1]]
    chosen = choose(np.hstack([stranger, satisfaction]), artists, weights=weights, **options)
    without = choose(satisfaction, artists, **options)
    assert chosen == [Choice(choice.row, choice.person + 1) for choice in without]


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
    assert least[Method.FAIR] >= 0.9 / 4
    fair = choose(satisfaction, alone, method=Method.FAIR, length=8, artist_cap=1)
    assert all(satisfaction[choice.row, choice.person] == 0.9 for choice in fair), "each pick is to its person's taste"


@settings(max_examples=60)
@given(
    table=tables(),
    length=st.integers(1, 10),
    cap=st.integers(1, 3),
    weighted=st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=4, max_size=4),
)
def test_no_exchange_gives_more_in_percent_than_it_takes_and_nobody_pays_for_fairness(
    table: tuple[np.ndarray, list[str]], length: int, cap: int, weighted: list[float]
) -> None:
    """The definition of fair, tried by every single exchange; and what is promised beside the list by average."""
    satisfaction, artists = table
    weights = weighted[: satisfaction.shape[1]]
    rows, plain = (
        [
            choice.row
            for choice in choose(satisfaction, artists, method=method, length=length, artist_cap=cap, weights=weights)
        ]
        for method in (Method.FAIR, Method.AVERAGE)
    )
    totals, by_average = satisfaction[rows].sum(axis=0), satisfaction[plain].sum(axis=0)
    assert totals.min() >= by_average.min() - 1e-9, "the least satisfied has no less"
    assert satisfaction[rows].min() >= satisfaction[plain].min(), "no track is worse for anybody than the worst"
    assert (totals > by_average).any() or np.allclose(totals, by_average), "not less for some and more for nobody"
    for own in rows:
        rest = [row for row in rows if row != own]
        kept = Counter(artists[row] for row in rest)
        for row in {*range(len(satisfaction))} - {*rows}:
            after = satisfaction[[*rest, row]]
            if kept[artists[row]] < cap and after.min() >= satisfaction[plain].min():
                gain = np.log((0.5 + after.sum(axis=0)) / (0.5 + totals)) @ weights
                assert gain <= 1e-6 or after.sum(axis=0).min() < by_average.min()


def test_nobody_loses_much_where_another_gains_little() -> None:
    """A track for the first costs the second all of theirs, and gives the first a tenth."""
    satisfaction = np.vstack([np.tile([0.5, 1.0], (8, 1)), np.tile([0.6, 0.5], (8, 1))])
    chosen = choose(satisfaction, [""] * 16, method=Method.FAIR, length=4, artist_cap=1)
    assert [share.mean for share in shares(satisfaction, chosen)] == [0.5, 1.0]


def test_nineteen_do_not_each_lose_for_a_little_that_one_gains() -> None:
    """Twenty people; the tracks that suit one person slightly better suit all others slightly less."""
    theirs, for_one = [0.9] * 19 + [0.2], [0.86] * 19 + [0.24]
    satisfaction = np.vstack([np.tile(theirs, (20, 1)), np.tile(for_one, (20, 1))])
    chosen = choose(satisfaction, [""] * 40, method=Method.FAIR, length=20, artist_cap=1)
    assert [share.mean for share in shares(satisfaction, chosen)] == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("weights", "length", "wanted"),
    [([1, 1], 8, 4), ([1, 1, 1, 1], 8, 2), ([1, 1, 1, 1, 1], 20, 4), ([3, 1], 8, 6), ([2, 1, 1], 8, 4), ([1, 0], 8, 8)],
)
def test_one_of_opposite_taste_steers_their_weights_share_of_the_list(
    weights: list[float], length: int, wanted: int
) -> None:
    satisfaction = np.zeros((2 * length, len(weights)))
    satisfaction[:length, 1:] = 0.9
    satisfaction[length:, 0] = 0.9
    alone = [""] * 2 * length
    chosen = choose(satisfaction, alone, method=Method.FAIR, length=length, artist_cap=1, weights=weights)
    assert sum(choice.person == 0 for choice in chosen) == sum(choice.row >= length for choice in chosen) == wanted


@pytest.mark.parametrize("weights", [[0.0, 0.0], [-1.0, 2.0]])
def test_weights_that_say_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        choose(np.ones((3, 2)), [""] * 3, method=Method.FAIR, length=2, artist_cap=1, weights=weights)


def test_shares_count_what_was_chosen() -> None:
    satisfaction = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    one, other = shares(satisfaction, [Choice(0, 0), Choice(1, 1)])
    assert (one.mean, one.least, one.picks) == (0.75, 0.5, 1)
    assert (other.mean, other.least, other.picks) == (0.25, 0.0, 1)
    assert [share.mean for share in shares(satisfaction, [])] == [0.0, 0.0]
