"""Held-out queries, and the three measures of the Million Playlist Dataset challenge.

C.-W. Chen, P. Lamere, M. Schedl and H. Zamani, "RecSys Challenge 2018: automatic music playlist continuation", 2018.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.continuation.interactions import Ints
from ml.continuation.train.data import SongList, scored_lists
from ml.train.bootstrap import Interval
from ml.train.card import markdown_table
from store.feature_rows import Floats

DEPTH = 500  # ranks that count
CUTS = (0, 1, 5, 10, 25, 100)
FEWEST_HIDDEN = 10
_CLICK = 10  # the challenge's page of recommendations
MEASURES = ("r_precision", "ndcg", "clicks")


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOutQuery:
    """A list split into ``seeds`` and ``hidden`` recordings; ``at`` is its number, ``name`` its title."""

    at: int
    group: str
    source: str
    side: str
    name: str
    seeds: Ints
    hidden: Ints


def held_out_queries(lists: Sequence[SongList], cut: int | None = None) -> list[HeldOutQuery]:
    """Split lists at random into seeds and hidden songs: half of each, or ``cut`` seeds and the rest.

    With a cut, lists with fewer than ten songs left to find are left out.
    """
    found = []
    for at in scored_lists(lists):
        playlist = lists[at]
        songs = np.random.default_rng([1, at]).permutation(playlist.songs)
        given = len(songs) // 2 if cut is None else cut
        if cut is None or len(songs) - given >= FEWEST_HIDDEN:
            found.append(
                HeldOutQuery(
                    at=at,
                    group=playlist.group,
                    source=playlist.source,
                    side=playlist.side,
                    name=playlist.name,
                    seeds=songs[:given],
                    hidden=songs[given:],
                )
            )
    return found


def measures(ranked: Ints, hidden: Ints) -> tuple[float, float, float]:
    """Return R-precision, NDCG@500 (both 0 to 1, more is better) and clicks (0 to 51, less is better).

    ``ranked`` are distinct recordings, best first, without the seeds.
    """
    hit = np.isin(ranked, hidden)
    precision = hit[: len(hidden)].sum() / len(hidden)
    discount = 1.0 / np.log2(np.arange(2, DEPTH + 2))
    gain = (hit[:DEPTH] * discount[: min(len(hit), DEPTH)]).sum() / discount[: min(len(hidden), DEPTH)].sum()
    first = np.flatnonzero(hit[:DEPTH])
    clicks = first[0] // _CLICK if len(first) else DEPTH // _CLICK + 1
    return float(precision), float(gain), float(clicks)


def best(scores: Floats, seeds: Ints, most: int = DEPTH) -> Ints:
    """Return at most ``most`` recordings of score above 0 without the seeds, the highest score first."""
    scores = scores.copy()
    scores[seeds] = 0.0
    found = np.flatnonzero(scores > 0)
    if len(found) > most:
        found = found[np.argpartition(-scores[found], most)[:most]]
    return found[np.lexsort((found, -scores[found]))]


def by_group(queries: Sequence[HeldOutQuery], values: Floats) -> Floats:
    """Return (groups, measures): the mean over the queries of each group, in order of first appearance."""
    rows: dict[str, list[int]] = defaultdict(list)
    for at, query in enumerate(queries):
        rows[query.group].append(at)
    return np.array([values[ats].mean(axis=0) for ats in rows.values()])


def described(table: Iterable[Mapping[str, Any]], served: str, lists: int) -> dict[str, Any]:
    """Return ``table`` and ``served_score`` of ``scores.json``: the rows, and that of the model ``served``.

    ``lists`` is the number of held-out lists.
    """
    rows = [{name: value if name == "model" else round(value, 4) for name, value in row.items()} for row in table]
    score = next(row for row in rows if row["model"] == served)
    return {"table": rows, "served_score": {measure: score[measure] for measure in MEASURES} | {"lists": lists}}


def format_table(results: Mapping[str, Mapping[str, Interval]], columns: Iterable[str] = MEASURES) -> str:
    """Return scores by recommender and measure as a Markdown table."""
    columns = list(columns)
    rows = ((name, *(row.get(column, "-") for column in columns)) for name, row in results.items())
    return markdown_table(("recommender", *columns), rows)
