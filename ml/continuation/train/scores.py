"""Cross-validated scores of every recommender, by groups of playlists; artists are embedded anew for every fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.train import embedding as artists_model
from ml.artists.train.data import ArtistData
from ml.continuation.features import Artists, scaled
from ml.continuation.interactions import Floats, Ints, Knn
from ml.continuation.model import RANKED_BY
from ml.continuation.neural import Neural
from ml.continuation.train.data import FOLDS, ContinuationData, group_of
from ml.continuation.train.factors import FactorModels
from ml.continuation.train.neural import Settings, fit
from ml.continuation.train.protocol import (
    CUTS,
    DEPTH,
    MEASURES,
    HeldOutQuery,
    best,
    by_group,
    format_table,
    held_out_queries,
    measures,
)
from ml.continuation.train.ranker import as_trees, fit_ranker, thinned
from ml.continuation.train.world import Ranked, Titles, World
from ml.taxonomy.model import Taxonomy
from ml.train.bootstrap import Interval, interval, ratio
from ml.trees import Trees

# Both were the best of a grid (rarity 0-2, length 0.3-0.5, sharpness 1-2, fame 0-0.35; power 0.3-0.5) on the scored
# queries themselves, which favours the baselines.
TUNED = Knn(rarity=2.0, length=0.3, sharpness=1.5, nearest=10**6)
PLAIN = Knn(rarity=0.0, length=0.5, sharpness=1.0, nearest=100)
TUNED_ITEM_POWER = 0.3
RANKERS = {"ensemble": "ranker, with playlists and neural", "playlists": "ranker, with playlists"}
CONTENT_ONLY, NEURAL_ALONE = "ranker, content alone", "neural"
KNN, PLAIN_KNN, ITEM_KNN, BLEND = "user-kNN, tuned", "user-kNN, plain", "item-kNN, tuned", "blend"
PAIRS = ((0, 1), (2, 3))  # of folds
IN_VIEW = 1  # the fold on whose queries the settings of the neural part were tried
TARGET = 1.15  # ratio to the best tuned kNN or their blend, with the whole interval above 1
_COUNTRY = "country"
_FEWEST_KNOWN = 5  # seeds whose artists have a known genre, for a list to be a country playlist or not
_FAME = 0.1  # weight of popularity in the blend; it breaks ties of the neighbours


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of a cross-validation: lists per fold that the ranker learns from, that are scored, and per cut."""

    learnt: int = 40
    scored: int = 50
    per_cut: int = 8
    cuts: tuple[int, ...] = CUTS
    stopping: int = 40  # lists on which the training of the neural part is stopped
    neural: Settings = field(default_factory=Settings)


@dataclass
class Scores:
    """Scores of a cross-validation.

    ``queries`` are by protocol ("half", or a number of seeds), ``rows`` the measures by protocol and recommender.
    ``tables`` are to fit rankers on, ``country`` (share, share by chance) of country playlists, ``valid`` the NDCG of
    the rankers on validation lists, ``epochs`` those of the neural part in each pair of folds.
    """

    queries: dict[str, list[HeldOutQuery]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = field(default_factory=dict)
    tables: list[Ranked] = field(default_factory=list)
    country: list[tuple[float, float]] = field(default_factory=list)
    valid: dict[str, list[float]] = field(default_factory=dict)
    epochs: list[int] = field(default_factory=list)

    @property
    def better(self) -> str:
        """The kind of ranker with playlists of the higher NDCG on validation lists."""
        return max(RANKERS, key=lambda kind: float(np.mean(self.valid[kind])))

    def add(self, protocol: str, query: HeldOutQuery, found: Mapping[str, Ints]) -> None:
        self.queries.setdefault(protocol, []).append(query)
        for name, ranked in found.items():
            self.rows.setdefault(protocol, {}).setdefault(name, []).append(measures(ranked, query.hidden))

    def means(self, protocol: str, name: str) -> Floats:
        """Return (groups, 3) means of the measures."""
        return by_group(self.queries[protocol], np.array(self.rows[protocol][name]))

    def table(self, protocol: str) -> dict[str, dict[str, Interval]]:
        """Return every recommender's measures with intervals."""
        return {
            name: {measure: interval(self.means(protocol, name)[:, at]) for at, measure in enumerate(MEASURES)}
            for name in self.rows[protocol]
        }

    def as_table(self, protocol: str) -> list[dict[str, Any]]:
        """Return every recommender's means, a row each as in ``scores.json``."""
        return [
            {"model": name} | dict(zip(MEASURES, self.means(protocol, name).mean(axis=0).tolist(), strict=True))
            for name in self.rows[protocol]
        ]

    def gain(self, measure: int, ours: str, theirs: str, without: int | None = None) -> Interval:
        """Return the ratio of two recommenders' means of a measure (by number in :data:`MEASURES`), half hidden.

        Queries of the fold ``without`` are left out.
        """
        kept = [at for at, query in enumerate(self.queries["half"]) if query.fold != without]
        queries = [self.queries["half"][at] for at in kept]
        our_means, their_means = (
            by_group(queries, np.array(self.rows["half"][name])[kept])[:, measure] for name in (ours, theirs)
        )
        return ratio(our_means, their_means)


def place_artists(
    known: ArtistData, folds: Mapping[str, int], held: set[int], genres: Ints, content: Floats, seed: int
) -> Artists:
    """Embed the artists as ``ml.artists.train.embedding`` does, without the lists of the folds in ``held``."""
    settings = artists_model.Settings(list_dimensions=48, longest_list=150)
    listings = [
        replace(playlist, split="held" if folds[group_of(playlist.source, playlist.group)] in held else "train")
        for playlist in known.listings
    ]
    model = artists_model.ArtistModel(settings, seed).fit(replace(known, listings=listings), content=content)
    return Artists(places=model.places_.astype(np.float32), prior=model.prior_.astype(np.float32), genres=genres)


def cross_validate(data: ContinuationData, size: Size, seed: int = 1, report: Callable[[str], None] = print) -> Scores:
    """Score all recommenders on folds that none of them has learnt from.

    Folds go in pairs. The rankers of one fold are fitted on the lists of the other. Artists are embedded, and a neural
    part is trained, without both; its training is stopped on groups of the remaining folds that are left out too. The
    neural part that is scored is trained for as many epochs on all folds but the scored one.
    """
    known, titles = data.known, Titles(data.titles)
    folds = {playlist.group: playlist.fold for playlist in data.lists}
    fold = np.array([playlist.fold for playlist in data.lists])
    settings = artists_model.Settings()
    content = artists_model.content_features(known, settings, seed)
    _, genres = artists_model.top_genres(known, np.arange(len(known.keys)), settings)
    country = country_artists(known, genres)
    found = Scores()
    for pair in PAIRS:
        apart = place_artists(known, folds, set(pair), genres, content, seed)
        world = World(data, apart, ~np.isin(fold, pair), titles)
        neural_apart, epochs = stopped(world, size, seed)
        found.epochs.append(epochs)
        for outer, inner in (pair, pair[::-1]):
            rng = np.random.default_rng([seed, outer])
            learnt = World(data, apart, fold != outer, titles)
            rankers = fit_rankers(learnt, inner, size, rng, found, neural_apart, seed)
            world = World(data, place_artists(known, folds, {outer}, genres, content, seed), fold != outer, titles)
            neural = fit(world.corpus(fold != outer), size.neural, seed, epochs=epochs)[0].neural()
            _score_fold(world, _Recommenders(world, rankers, neural, seed), outer, size, rng, found, country)
            report(
                f"fold {outer + 1} of {FOLDS}: neural, {epochs} epochs, "
                f"NDCG@500 {np.mean(found.rows['half'][NEURAL_ALONE], axis=0)[1]:.3f}, "
                f"ranker {np.mean(found.rows['half'][RANKERS['ensemble']], axis=0)[1]:.3f} so far"
            )
    return found


def stopped(world: World, size: Size, seed: int) -> tuple[Neural, int]:
    """Train without some groups of ``world``, stop where these are continued best; return the part and its epochs."""
    queries = [q for q in held_out_queries(world.lists) if world.kept[q.at]]
    sampled = [queries[at] for at in np.random.default_rng(seed).permutation(len(queries))[: size.stopping]]
    left_out = {query.group for query in sampled}
    corpus = world.corpus(world.kept & np.array([playlist.group not in left_out for playlist in world.lists]))

    def score(neural: Neural) -> float:
        found = [measures(best(world.neural_scores(neural, q), q.seeds, DEPTH), q.hidden)[1] for q in sampled]
        return float(np.mean(found))

    trainer, epochs = fit(corpus, size.neural, seed, score=score)
    return trainer.neural(), epochs


def _score_fold(
    world: World,
    recommenders: _Recommenders,
    fold: int,
    size: Size,
    rng: np.random.Generator,
    found: Scores,
    country: npt.NDArray[np.int8],
) -> None:
    for protocol in ("half", *map(str, size.cuts)):
        cut = None if protocol == "half" else int(protocol)
        queries = [query for query in held_out_queries(world.lists, cut) if query.fold == fold]
        most = size.scored if protocol == "half" else size.per_cut
        scored = set(rng.permutation(len(queries))[:most].tolist())
        for at, query in enumerate(queries):
            if at in scored:
                found.add(protocol, query, recommenders.all(query) if cut is None else recommenders.at_cuts(query))
            if cut is None and is_country(country[world.pool.artist[query.seeds]]):
                found.country.append(country_share(world, country, recommenders.served(query)))


def fit_rankers(
    world: World, fold: int, size: Size, rng: np.random.Generator, found: Scores, neural: Neural, seed: int
) -> dict[str, Trees]:
    """Fit every kind of ranker on lists of ``fold``, each with half of it hidden and with one of the cuts.

    ``found`` gets the thinned tables, and the NDCG of the rankers with playlists, cross-validated in two halves.
    """
    queries = [q for q in held_out_queries(world.lists) if q.fold == fold]
    sampled = [queries[at] for at in rng.permutation(len(queries))[: size.learnt]]
    tables: list[list[Ranked]] = [[], []]
    whole: list[list[tuple[HeldOutQuery, Ranked]]] = [[], []]
    for at, half in enumerate(sampled):
        everything = np.concatenate([half.seeds, half.hidden])
        cut = int(rng.choice([c for c in CUTS if c < len(half.seeds)]))
        short = replace(half, seeds=everything[:cut], hidden=everything[cut:])
        for query in (half, short):
            table = world.ranked(query, neural=world.neural_scores(neural, query))
            if table.hit.any():
                tables[at % 2].append(thinned(table, rng))
                whole[at % 2].append((query, table))
    for kind in RANKERS:
        for side in (0, 1):
            trees, width = as_trees(fit_ranker(tables[1 - side], kind, seed)), len(RANKED_BY[kind])
            found.valid.setdefault(kind, []).extend(
                measures(order(table, trees.decide(table.columns[:, :width])), query.hidden)[1]
                for query, table in whole[side]
            )
    found.tables += tables[0] + tables[1]
    return {kind: as_trees(fit_ranker(tables[0] + tables[1], kind, seed)) for kind in RANKED_BY}


class _Recommenders:
    """All recommenders compared, fitted without one fold."""

    def __init__(self, world: World, rankers: Mapping[str, Trees], neural: Neural, seed: int) -> None:
        self._world, self._rankers, self._neural = world, rankers, neural
        self._factors = FactorModels(world.index.songs, seed)

    def served(self, query: HeldOutQuery) -> Ints:
        """Return the recommendations of the ranker with all columns, best first."""
        table = self._world.ranked(query, neural=self._world.neural_scores(self._neural, query))
        return order(table, self._rankers["ensemble"].decide(table.columns))

    def at_cuts(self, query: HeldOutQuery) -> dict[str, Ints]:
        """Return the recommendations of each recommender that is scored at every cut, best first."""
        world, lists, rankers = self._world, self._world.index.songs, self._rankers
        table, by_content = world.ranked(query), world.ranked(query, with_lists=False)
        artists, counts = np.unique(world.pool.artist[query.seeds], return_counts=True)
        named = world.index.scores_for(query.seeds, artists, np.sqrt(counts), world.seeds(query).name_words)["name_knn"]
        return {
            RANKERS["ensemble"]: self.served(query),
            RANKERS["playlists"]: order(table, rankers["playlists"].decide(table.columns)),
            CONTENT_ONLY: order(by_content, rankers["content"].decide(by_content.columns)),
            NEURAL_ALONE: self._best(world.neural_scores(self._neural, query), query),
            KNN: self._best(lists.neighbours(query.seeds, TUNED), query),
            "popularity": self._best(lists.count.astype(float), query),
            "title words": self._best(named, query),
        }

    def all(self, query: HeldOutQuery) -> dict[str, Ints]:
        """Return the recommendations of every recommender, best first."""
        lists = self._world.index.songs
        by_user, by_item = (
            lists.neighbours(query.seeds, TUNED),
            lists.item_neighbours(query.seeds, TUNED_ITEM_POWER),
        )
        blend = scaled(by_user) + scaled(by_item) + _FAME * scaled(lists.count.astype(float))
        others = {
            ITEM_KNN: by_item,
            "item-kNN, cosine": lists.item_neighbours(query.seeds),
            PLAIN_KNN: lists.neighbours(query.seeds, PLAIN),
            BLEND: blend,
        } | self._factors.scores(query.seeds)
        return self.at_cuts(query) | {name: self._best(scores, query) for name, scores in others.items()}

    def _best(self, scores: Floats, query: HeldOutQuery) -> Ints:
        return best(scores, query.seeds, max(DEPTH, len(query.hidden)))


def order(table: Ranked, scores: Floats) -> Ints:
    """Return the candidates of a table, the highest score first."""
    return table.songs[np.lexsort((table.songs, -scores))]


def country_artists(known: ArtistData, genres: Ints) -> npt.NDArray[np.int8]:
    """Return (A,) 1 for artists whose most frequent genre is of the country family, 0 for others, -1 for unknown."""
    taxonomy = Taxonomy.active()
    of_genre = np.array([taxonomy.family_of(name) == _COUNTRY for name in known.genre_names])
    return np.where(genres[:, 0] >= 0, of_genre[genres[:, 0]], -1).astype(np.int8)


def is_country(artists: npt.NDArray[np.int8]) -> bool:
    """Return whether most of a list's artists of known genre are country, and at least five are known.

    ``artists`` (n,) are as :func:`country_artists` returns them.
    """
    known = artists[artists >= 0]
    return len(known) >= _FEWEST_KNOWN and bool(known.mean() > 0.5)


def country_share(world: World, country: npt.NDArray[np.int8], ranked: Ints, most: int = 50) -> tuple[float, float]:
    """Return the share of country among the first recommendations of known genre, and among all candidates'."""
    first, every = (country[world.pool.artist[songs]] for songs in (ranked[:most], np.flatnonzero(world.described)))
    return float(first[first >= 0].mean()) if (first >= 0).any() else 0.0, float(every[every >= 0].mean())


def country_shares(scores: Scores) -> tuple[Interval, Interval] | None:
    """Return the share of country recommended to country playlists and that by chance, ``None`` without any."""
    ours, chance = np.array(scores.country).reshape(-1, 2).T
    return (interval(ours), interval(chance)) if len(ours) else None


def best_knn(scores: Scores) -> list[str]:
    """Return the name of the best of the tuned kNNs and their blend by R-precision, and by NDCG."""
    rivals = (KNN, ITEM_KNN, BLEND)
    return [max(rivals, key=lambda name: float(scores.means("half", name)[:, at].mean())) for at in (0, 1)]


def targets(scores: Scores) -> list[tuple[str, bool]]:
    """Return each target with the score reached, and whether it is met.

    The neural part is scored without the fold that was in view.
    """
    found = []
    for ours, use in ((CONTENT_ONLY, "which ships"), (RANKERS[scores.better], "with one's own playlists")):
        for at, theirs in enumerate(best_knn(scores)):
            gain = scores.gain(at, ours, theirs)
            target = f"{ours} ({use}), {TARGET} times {theirs} in {MEASURES[at]}, interval above 1: {gain}"
            found.append((target, gain.mean >= TARGET and gain.low > 1.0))
    for at in (0, 1):
        gain = scores.gain(at, NEURAL_ALONE, PLAIN_KNN, without=IN_VIEW)
        target = f"{NEURAL_ALONE} alone, at least equal to {PLAIN_KNN} in {MEASURES[at]}, folds not in view: {gain}"
        found.append((target, gain.mean >= 1.0))
    if shares := country_shares(scores):
        share, chance = shares[0].mean, shares[1].mean
        target = f"{RANKERS['ensemble']}, more country for country playlists than by chance: {share:.2f}, {chance:.2f}"
        found.append((target, share > chance))
    return found


def ratios(scores: Scores) -> Sequence[str]:
    """Return the ratios of ours to the best tuned kNN or blend, and of the neural part to the plain kNN, in words."""
    pairs = [(ours, best_knn(scores)) for ours in (*RANKERS.values(), CONTENT_ONLY, NEURAL_ALONE)]
    pairs.append((NEURAL_ALONE, [PLAIN_KNN, PLAIN_KNN]))
    return [
        f"{ours} / {theirs[at]}, {MEASURES[at]}: {scores.gain(at, ours, theirs[at])}"
        for ours, theirs in pairs
        for at in (0, 1)
    ]


def format_scores(scores: Scores) -> str:
    """Return all tables and ratios as Markdown."""
    parts = [f"Half of each list hidden ({len(scores.queries['half'])} lists):", format_table(scores.table("half"))]
    valid = ", ".join(f"{name} {np.mean(scores.valid[kind]):.4f}" for kind, name in RANKERS.items())
    parts.append("\n".join(f"- {line}" for line in ratios(scores)))
    parts.append(f"NDCG@500 on {len(scores.valid['playlists'])} queries of the inner folds: {valid}.")
    for protocol in (name for name in scores.rows if name != "half"):
        parts += [f"{protocol} seeds ({len(scores.queries[protocol])} lists):", format_table(scores.table(protocol))]
    return "\n\n".join(parts)
