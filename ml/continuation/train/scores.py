"""Scores all recommenders on held-out groups of playlists; no embedding has learnt from these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.artists.train import embedding as artists_model
from ml.artists.train.data import ArtistData
from ml.continuation.features import Artists, scaled
from ml.continuation.interactions import Ints, Knn
from ml.continuation.train.data import LEARNT, TEST, TRAIN, ContinuationData, group_of
from ml.continuation.train.factors import FactorModels
from ml.continuation.train.neural import Corpus, Settings, Trainer, fit
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
from ml.continuation.train.ranker import RANKED_BY, as_trees, fit_ranker, thinned
from ml.continuation.train.songs import Neural
from ml.continuation.train.world import Ranked, Titles, World
from ml.taxonomy.model import Taxonomy
from ml.train.bootstrap import Interval, interval, ratio
from ml.train.card import markdown_table
from ml.train.stages import NOT_KEPT, Stages
from ml.trees import Trees
from store.feature_rows import Floats

# The tuned settings were the best of a grid (rarity 0-2, length 0.3-0.5, sharpness 1-2, fame 0-0.35; power 0.3-0.5) on
# the scored queries themselves, which favours these baselines.
TUNED = Knn(rarity=2.0, length=0.3, sharpness=1.5, nearest=10**6)
PLAIN = Knn(rarity=0.0, length=0.5, sharpness=1.0, nearest=100)
TUNED_ITEM_POWER = 0.3
RANKERS = {"ensemble": "ranker, with playlists and neural", "playlists": "ranker, with playlists"}
CONTENT_ONLY, NEURAL_ALONE = "ranker, content alone", "neural"
KNN, PLAIN_KNN, ITEM_KNN, BLEND = "user-kNN, tuned", "user-kNN, plain", "item-kNN, tuned", "blend"
# Target ratios to the best of the tuned kNNs and their blend. For the shipped ranker the whole interval must exceed 1.
SHIPPED_TARGET, OWN_TARGET = 1.3, 1.8
_COUNTRY = "country"
_FEWEST_KNOWN = 5  # least number of seeds with a known genre to call a list a country playlist
_STOPPING = 40  # number of lists on which early stopping of the neural part is decided
_FAME = 0.1  # weight of popularity in the blend, to break ties


@dataclass(frozen=True, kw_only=True)
class Size:
    """The most lists that the rankers learn from (``learnt``), are scored on with half hidden, and per cut."""

    learnt: int = 160
    scored: int = 1000
    per_cut: int = 6
    cuts: tuple[int, ...] = CUTS
    neural: Settings = field(default_factory=Settings)


@dataclass
class Scores:
    """Scores on the side ``TEST``.

    ``queries`` are by protocol ("half", or a number of seeds), ``rows`` the measures by protocol and recommender.
    ``rankers`` are the fitted ones. ``country`` has (share, share by chance) for each country playlist, see
    :func:`country_share`. ``epochs`` is the number of epochs of the neural part. ``valid`` are (groups, 3) means of the
    rankers with playlists on the side ``LEARNT``, cross-validated.
    """

    queries: dict[str, list[HeldOutQuery]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = field(default_factory=dict)
    rankers: dict[str, HistGradientBoostingClassifier] = field(default_factory=dict)
    country: list[tuple[float, float]] = field(default_factory=list)
    valid: dict[str, Floats] = field(default_factory=dict)
    epochs: int = 0

    def neural_gain(self) -> Interval:
        """Return the ratio of NDCG of the ranker with the neural part to the one without, on the side ``LEARNT``."""
        return ratio(self.valid["ensemble"][:, 1], self.valid["playlists"][:, 1])

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

    def gain(self, measure: int, ours: str, theirs: str, source: str | None = None) -> Interval:
        """Return the ratio of two recommenders' means of a measure (by number in :data:`MEASURES`), half hidden.

        With ``source``, only the groups of that source count.
        """
        kept = [at for at, query in enumerate(self.queries["half"]) if source in {None, query.source}]
        queries = [self.queries["half"][at] for at in kept]
        our_means, their_means = (
            by_group(queries, np.array(self.rows["half"][name])[kept])[:, measure] for name in (ours, theirs)
        )
        return ratio(our_means, their_means)

    def sources(self) -> dict[str, int]:
        """Return the sources of the scored lists, each with its number of lists, the most frequent one first."""
        return dict(Counter(query.source for query in self.queries["half"]).most_common())

    def by_source(self, measure: int) -> dict[str, dict[str, float]]:
        """Return the mean of a measure by recommender and source, half hidden."""
        source = np.array([query.source for query in self.queries["half"]])
        return {
            name: {which: float(np.array(rows)[source == which, measure].mean()) for which in self.sources()}
            for name, rows in self.rows["half"].items()
        }


def place_artists(known: ArtistData, sides: Mapping[str, str], genres: Ints, seed: int) -> Artists:
    """Embed the artists as ``ml.artists.train.embedding`` does, from the lists of the side ``TRAIN``."""
    settings = artists_model.Settings(list_dimensions=48, longest_list=150)
    listings = [
        replace(playlist, split="train" if sides[group_of(playlist.source, playlist.group)] == TRAIN else "held")
        for playlist in known.listings
    ]
    content = artists_model.content_features(known, artists_model.Settings(), seed)
    model = artists_model.ArtistModel(settings, seed).fit(replace(known, listings=listings), content=content)
    return Artists(places=model.places_.astype(np.float32), prior=model.prior_.astype(np.float32), genres=genres)


def score(
    data: ContinuationData,
    size: Size,
    seed: int = 1,
    report: Callable[[str], None] = print,
    stages: Stages = NOT_KEPT,
) -> Scores:
    """Fit the rankers on lists of the side ``LEARNT`` and score all recommenders on ``TEST``.

    The artist embedding and the neural part learn from ``TRAIN`` alone; the number of epochs is chosen on ``LEARNT``.
    The lists of ``TRAIN`` and ``LEARNT`` serve as neighbours, but no list is its own neighbour.
    """
    known = data.known
    side = np.array([playlist.side for playlist in data.lists])
    settings, rng = artists_model.Settings(), np.random.default_rng(seed)
    _, genres = artists_model.top_genres(known, np.arange(len(known.keys)), settings)
    sides = {playlist.group: playlist.side for playlist in data.lists}
    artists = stages.run("artists", place_artists, known, sides, genres, seed)
    world = World(data, artists, side != TEST, Titles(data.titles))
    queries = [query for query in held_out_queries(world.lists) if query.side == LEARNT]
    learnt = [queries[at] for at in rng.permutation(len(queries))[: size.learnt]]
    corpus = world.corpus(side == TRAIN)
    weights, epochs = stages.run("neural part", _fit_neural, world, corpus, learnt[:_STOPPING], size.neural, seed)
    trainer = Trainer(corpus, size.neural, seed)
    trainer.restore(weights)
    neural = trainer.neural()
    report(f"neural part: {epochs} epochs")
    found, rng = stages.run("rankers", fit_rankers, world, learnt, rng, neural, seed)
    found.epochs = epochs
    report(f"rankers are fitted; the neural part gains {found.neural_gain()}")
    rankers = {kind: as_trees(model) for kind, model in found.rankers.items()}
    recommenders, country = _Recommenders(world, rankers, neural, seed), country_artists(known, genres)
    for protocol in ("half", *map(str, size.cuts)):
        found, rng = stages.run(f"scores {protocol}", _score, protocol, recommenders, size, rng, found, country)
        report(f"scored {protocol}")
    return found


def _fit_neural(
    world: World, corpus: Corpus, queries: Sequence[HeldOutQuery], settings: Settings, seed: int
) -> tuple[list[Any], int]:
    """Train on ``corpus`` until ``queries`` are continued best; return the trainer's weights and the epochs."""

    def mean_gain(neural: Neural) -> float:
        found = [measures(best(world.neural_scores(neural, q), q.seeds, DEPTH), q.hidden)[1] for q in queries]
        return float(np.mean(found))

    trainer, epochs = fit(corpus, settings, seed, score=mean_gain)
    return trainer.weights(), epochs


def _score(
    protocol: str,
    recommenders: _Recommenders,
    size: Size,
    rng: np.random.Generator,
    found: Scores,
    country: npt.NDArray[np.int8],
) -> tuple[Scores, np.random.Generator]:
    """Return ``found`` with the scores by one protocol, and the generator's state, for resuming."""
    cut, world = None if protocol == "half" else int(protocol), recommenders.world
    queries = [query for query in held_out_queries(world.lists, cut) if query.side == TEST]
    most = size.scored if protocol == "half" else size.per_cut
    for query in (queries[at] for at in rng.permutation(len(queries))[:most]):
        found.add(protocol, query, recommenders.all(query) if cut is None else recommenders.at_cuts(query))
        if cut is None and is_country(country[world.pool.artist[query.seeds]]):
            found.country.append(country_share(world, country, recommenders.served(query)))
    return found, rng


def fit_rankers(
    world: World,
    queries: Sequence[HeldOutQuery],
    rng: np.random.Generator,
    neural: Neural,
    seed: int,
) -> tuple[Scores, np.random.Generator]:
    """Fit every kind of ranker on ``queries``, and on the same lists with one of the cuts and with no seeds.

    Returns the rankers, the measures of those with playlists on ``queries`` (cross-validated in two halves), and the
    generator.
    """
    found = Scores()
    plain: list[Ranked] = []
    tables: list[list[Ranked]] = [[], []]
    whole: list[list[tuple[HeldOutQuery, Ranked]]] = [[], []]
    for at, half in enumerate(queries):
        everything = np.concatenate([half.seeds, half.hidden])
        cut = int(rng.choice([c for c in CUTS if c < len(half.seeds)]))
        # Always one without seeds, where only the name counts: random cuts would give too few of these.
        for query in (half, *(replace(half, seeds=everything[:n], hidden=everything[n:]) for n in {0, cut})):
            plain.append(thinned(world.ranked(query, with_lists=False), rng))
            table = world.ranked(query, neural=world.neural_scores(neural, query))
            tables[at % 2].append(thinned(table, rng))
            if query is half:
                whole[at % 2].append((query, table))
    for kind in RANKERS:
        scored = []
        for side in (0, 1):
            trees, width = as_trees(fit_ranker(tables[1 - side], kind, seed)), len(RANKED_BY[kind])
            scored += [
                measures(order(table, trees.decide(table.columns[:, :width])), query.hidden)
                for query, table in whole[side]
            ]
        found.valid[kind] = by_group([query for half in whole for query, _ in half], np.array(scored))
        found.rankers[kind] = fit_ranker(tables[0] + tables[1], kind, seed)
    found.rankers["content"] = fit_ranker([table for table in plain if table.hit.any()], "content", seed)
    return found, rng


class _Recommenders:
    """All recommenders compared."""

    def __init__(self, world: World, rankers: Mapping[str, Trees], neural: Neural, seed: int) -> None:
        self.world, self._rankers, self._neural, self._seed = world, rankers, neural, seed

    @cached_property
    def _factors(self) -> FactorModels:
        return FactorModels(self.world.index.songs, self._seed)

    def served(self, query: HeldOutQuery) -> Ints:
        """Return the recommendations of the ranker with all columns, best first."""
        table = self.world.ranked(query, neural=self.world.neural_scores(self._neural, query))
        return order(table, self._rankers["ensemble"].decide(table.columns))

    def at_cuts(self, query: HeldOutQuery) -> dict[str, Ints]:
        """Return the recommendations of each recommender that is scored at every cut, best first."""
        world, lists, rankers = self.world, self.world.index.songs, self._rankers
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
        lists = self.world.index.songs
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


def country_share(world: World, country: npt.NDArray[np.int8], ranked: Ints) -> tuple[float, float]:
    """Return the share of country among the first 50 recommendations, and among all candidates (of known genre)."""
    first, every = (country[world.pool.artist[songs]] for songs in (ranked[:50], np.flatnonzero(world.described)))
    return float(first[first >= 0].mean()) if (first >= 0).any() else 0.0, float(every[every >= 0].mean())


def country_shares(scores: Scores) -> tuple[Interval, Interval] | None:
    """Return the mean shares of country for country playlists, recommended and by chance; ``None`` for no playlist."""
    ours, chance = np.array(scores.country).reshape(-1, 2).T
    return (interval(ours), interval(chance)) if len(ours) else None


def best_knn(scores: Scores) -> list[str]:
    """Return the name of the best of the tuned kNNs and their blend by R-precision, and by NDCG."""
    rivals = (KNN, ITEM_KNN, BLEND)
    return [max(rivals, key=lambda name: float(scores.means("half", name)[:, at].mean())) for at in (0, 1)]


def targets(scores: Scores) -> list[tuple[str, bool]]:
    """Return each target with the score reached, and whether it is met."""
    found = []
    for at, theirs in enumerate(best_knn(scores)):
        gain = scores.gain(at, CONTENT_ONLY, theirs)
        target = f"{CONTENT_ONLY} (which ships), {SHIPPED_TARGET} times {theirs} in {MEASURES[at]}, interval above 1"
        found.append((f"{target}: {gain}", gain.mean >= SHIPPED_TARGET and gain.low > 1.0))
        for source in scores.sources():
            gain = scores.gain(at, CONTENT_ONLY, theirs, source)
            target = f"{CONTENT_ONLY}, no worse than {theirs} in {MEASURES[at]} on {source}"
            found.append((f"{target}: {gain}", gain.mean >= 1.0))
        gain = scores.gain(at, RANKERS["playlists"], theirs)
        target = f"{RANKERS['playlists']} (with one's own playlists), {OWN_TARGET} times {theirs} in {MEASURES[at]}"
        found.append((f"{target}: {gain}", gain.mean >= OWN_TARGET))
    if shares := country_shares(scores):
        share, chance = shares[0].mean, shares[1].mean
        target = f"{RANKERS['ensemble']}, more country for country playlists than by chance: {share:.2f}, {chance:.2f}"
        found.append((target, share > chance))
    return found


def ratios(scores: Scores) -> Sequence[str]:
    """Return as text the ratios of ours to the best tuned kNN or blend, and of the neural part to the plain kNN."""
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
    parts.append("\n".join(f"- {line}" for line in ratios(scores)))
    for at, measure in enumerate(MEASURES[:2]):
        sources = scores.sources()
        rows = ((name, *(f"{row[source]:.3f}" for source in sources)) for name, row in scores.by_source(at).items())
        heads = (f"{measure} by source", *(f"{source} ({count})" for source, count in sources.items()))
        parts.append(markdown_table(heads, rows))
    for protocol in (name for name in scores.rows if name != "half"):
        parts += [f"{protocol} seeds ({len(scores.queries[protocol])} lists):", format_table(scores.table(protocol))]
    return "\n\n".join(parts)
