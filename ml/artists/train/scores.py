"""How well the embedding and plain baselines find the other artists of a held-out playlist from one of them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from ml.artists.model import POPULARITY_WEIGHT, ArtistEmbedding, top, unit_rows
from ml.artists.train.data import ArtistData, ArtistList, training_lists
from ml.artists.train.embedding import count_lists, member_matrix, tf_idf
from ml.train.bootstrap import Interval, interval
from ml.train.card import markdown_table

AT = 20
OURS, PLAIN, COSINE = OWN = (
    "artist embedding, as served",
    "artist embedding, cosine and popularity",
    "artist embedding, cosine alone",
)
# The most lists sampled of a programme or playlist, the most seed artists of a list; shorter lists are left out.
_LISTS_PER_GROUP, _SEEDS_PER_LIST, _FEWEST_ARTISTS = 5, 10, 5
_BLOCK = 128

Scorer = Callable[[npt.NDArray[np.intp]], npt.NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class RecallQuery:
    """One artist of a held-out list, by number in the embedding, and the list's other artists that it knows.

    ``others`` counts all of them, including those that the embedding does not know.
    """

    group: tuple[str, str]
    seed: int
    wanted: npt.NDArray[np.intp]
    others: int


def draw_queries(data: ArtistData, numbers: npt.NDArray[np.intp], split: str, seed: int) -> list[RecallQuery]:
    """Draw the queries of a split: first artists only, one snapshot per playlist, artists with a number only.

    ``numbers`` (codes,) maps the data's codes to the embedding's artists, -1 for those it leaves out.
    """
    rng = np.random.default_rng(seed)
    groups: dict[tuple[str, str], list[ArtistList]] = defaultdict(list)
    for playlist in data.listings:
        if playlist.split == split and len(playlist.first) >= _FEWEST_ARTISTS:
            groups[playlist.source, playlist.group].append(playlist)
    found = []
    for group in sorted(groups):
        lists = groups[group][-1:] if group[0] == "spotify_archive" else groups[group]
        for at in rng.permutation(len(lists))[:_LISTS_PER_GROUP]:
            members = np.array(sorted(lists[at].first))
            known = numbers[members]
            known = known[known >= 0]
            found += [
                RecallQuery(group, int(artist), known[known != artist], len(members) - 1)
                for artist in rng.permutation(known)[:_SEEDS_PER_LIST]
            ]
    return found


def recall(scorer: Scorer, queries: Sequence[RecallQuery], seed: int) -> Interval:
    """Return the mean over groups of recall at 20 (0 to 1): hits over the other artists, or over 20 if more."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for at in range(0, len(queries), _BLOCK):
        block = queries[at : at + _BLOCK]
        seeds = np.array([query.seed for query in block])
        scores = np.array(scorer(seeds), dtype=np.float32)
        scores[np.arange(len(block)), seeds] = -np.inf
        for query, row in zip(block, scores, strict=True):
            found[query.group].append(np.isin(top(row, AT), query.wanted).sum() / min(AT, query.others))
    return interval(np.array([np.mean(values) for values in found.values()]), seed)


def codes_of(embedding: ArtistEmbedding, data: ArtistData) -> npt.NDArray[np.intp]:
    """Return (n,) the data's code of each artist of the embedding.

    Raises ValueError if the embedding knows artists that the data do not.
    """
    codes = np.full(len(embedding), -1)
    for code, key in enumerate(data.keys):
        artist = embedding.keys.exact(key)
        if artist is not None:
            codes[artist] = code
    if (codes < 0).any():
        raise ValueError(f"{(codes < 0).sum()} artists of the embedding are not in these data")
    return codes


def scorers(
    embedding: ArtistEmbedding, data: ArtistData, codes: npt.NDArray[np.intp], members: sp.csr_matrix
) -> dict[str, Scorer]:
    """Return the recommenders to compare, ours first; each maps (b,) artists to (b, n) scores.

    ``members`` (lists, n) are the training lists by the embedding's artists, ``codes`` those of :func:`codes_of`.
    """
    genres = tf_idf(data.genres[codes])
    unit_lists = normalize(members, axis=0).tocsc()
    places = unit_rows(embedding.vectors)
    prior = POPULARITY_WEIGHT * embedding.prior.astype(np.float32)
    popularity = count_lists(members) + 1e-3 * np.nan_to_num(data.popularity[codes])

    def together(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.floating]:
        return (unit_lists[:, seeds].T @ unit_lists).toarray()

    def alike_genres(seeds: npt.NDArray[np.intp]) -> npt.NDArray[np.floating]:
        return (genres[seeds] @ genres.T).toarray()

    return {
        OURS: lambda seeds: np.array([embedding.likeness(seed) for seed in seeds.tolist()]),
        PLAIN: lambda seeds: places[seeds] @ places.T + prior,
        COSINE: lambda seeds: places[seeds] @ places.T,
        "item-kNN on playlists, with the same prior": lambda seeds: together(seeds) + prior,
        "item-kNN on playlists": together,
        "genre overlap (TF-IDF), with the same prior": lambda seeds: alike_genres(seeds) + prior,
        "genre overlap (TF-IDF)": alike_genres,
        "popularity": lambda seeds: np.tile(popularity, (len(seeds), 1)),
    }


def compare(
    embedding: ArtistEmbedding, data: ArtistData, split: str, seed: int, only: Collection[str] = ()
) -> dict[str, dict[str, Interval]]:
    """Return the recall of all recommenders (or of ``only`` some) on ``all`` queries of ``split`` and on "cold" ones.

    The artist of a cold query is in no training list. Raises ValueError as :func:`codes_of` does.
    """
    codes = codes_of(embedding, data)
    numbers = np.full(len(data.keys), -1)
    numbers[codes] = np.arange(len(codes))
    members = member_matrix(training_lists(data.listings), len(data.keys))[:, codes]
    drawn = draw_queries(data, numbers, split, seed)
    lists = count_lists(members)
    kinds = {"all": drawn, "cold": [query for query in drawn if lists[query.seed] == 0]}
    return {
        name: {kind: recall(scorer, queries, seed) for kind, queries in kinds.items() if queries}
        for name, scorer in scorers(embedding, data, codes, members).items()
        if not only or name in only
    }


def as_table(results: Mapping[str, Mapping[str, Interval]]) -> list[dict[str, Any]]:
    """Return the scores as ``scores.json`` has them."""
    return [
        {"model": name, "recall": round(kinds["all"].mean, 4)}
        | ({"recall_cold": round(kinds["cold"].mean, 4)} if "cold" in kinds else {})
        for name, kinds in results.items()
    ]


def format_table(results: Mapping[str, Mapping[str, Interval]]) -> str:
    """Return the scores as a Markdown table."""
    headings = ("recommender", "recall@20, any artist", "recall@20, cold artists")
    return markdown_table(headings, ((name, kinds["all"], kinds.get("cold", "-")) for name, kinds in results.items()))
