"""Cross-validated scores of every recommender: groups of playlists apart, artists placed anew for every fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.continuation_features import CONTENT, Artists
from ml.listened import Knn
from ml.train import artists_model
from ml.train.artists_data import ArtistData
from ml.train.continuation_data import FOLDS, ContinuationData, group_of
from ml.train.continuation_factors import FactorModels
from ml.train.continuation_protocol import (
    CUTS,
    DEPTH,
    MEASURES,
    Interval,
    Question,
    best,
    by_group,
    format_table,
    interval,
    measures,
    questions,
    ratio,
)
from ml.train.continuation_ranker import as_trees, fit_ranker, thinned
from ml.train.continuation_world import Ranked, Titles, World

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

# Both were the best of a grid (rarity 0-2, length 0.3-0.5, sharpness 1-2, fame 0-0.35; power 0.3-0.5) on these very
# questions: to the baseline's advantage.
TUNED = Knn(rarity=2.0, length=0.3, sharpness=1.5, nearest=10**6)
PLAIN = Knn(rarity=0.0, length=0.5, sharpness=1.0, nearest=100)
TUNED_ITEM_POWER = 0.3
OURS, CONTENT_ONLY, KNN, ITEM_KNN = (
    "ranker, with playlists",
    "ranker, content alone",
    "user-kNN, tuned",
    "item-kNN, tuned",
)
_COUNTRY, _COUNTRY_LIST = "country", 0.3  # share of its songs that makes a country playlist


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is asked: lists per fold that the ranker learns from, that are scored, and that are per cut."""

    learnt: int = 40
    scored: int = 50
    per_cut: int = 8
    cuts: tuple[int, ...] = CUTS


@dataclass
class Scores:
    """Results by protocol ("half", or a number of seeds) and recommender: rows of measures; ``tables`` to fit on."""

    asked: dict[str, list[Question]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = field(default_factory=dict)
    tables: list[Ranked] = field(default_factory=list)
    country: list[tuple[float, float]] = field(default_factory=list)

    def add(self, protocol: str, asked: Question, found: Mapping[str, Ints]) -> None:
        self.asked.setdefault(protocol, []).append(asked)
        for name, ranked in found.items():
            self.rows.setdefault(protocol, {}).setdefault(name, []).append(measures(ranked, asked.hidden))

    def means(self, protocol: str, name: str) -> Floats:
        """Return (groups, 3) means of the measures."""
        return by_group(self.asked[protocol], np.array(self.rows[protocol][name]))

    def table(self, protocol: str) -> dict[str, dict[str, Interval]]:
        """Return every recommender's measures with intervals."""
        return {
            name: {measure: interval(self.means(protocol, name)[:, at]) for at, measure in enumerate(MEASURES)}
            for name in self.rows[protocol]
        }

    def gain(self, measure: int, ours: str = OURS, theirs: str = KNN) -> Interval:
        """Return the ratio of two recommenders in a measure of :data:`MEASURES` when half is hidden."""
        return ratio(self.means("half", ours)[:, measure], self.means("half", theirs)[:, measure])


def place_artists(
    known: ArtistData, folds: Mapping[str, int], held: set[int], genres: Ints, content: Floats, seed: int
) -> Artists:
    """Place the artists as ``ml.train.artists_model`` does, without the lists of the folds in ``held``."""
    settings = artists_model.Settings(company_dimensions=48, longest_list=150)
    listings = [
        replace(one, split="held" if folds[group_of(one.source, one.group)] in held else "train")
        for one in known.listings
    ]
    model = artists_model.ArtistModel(settings, seed).fit(replace(known, listings=listings), content=content)
    return Artists(places=model.places_.astype(np.float32), prior=model.prior_.astype(np.float32), genres=genres)


def cross_validate(data: ContinuationData, size: Size, seed: int = 1, say: Callable[[str], None] = print) -> Scores:
    """Score all recommenders; the ranker of a fold learns from another fold, neither placed the artists it sees."""
    known, titles = data.known, Titles(data.songs.titles)
    folds = {one.group: one.fold for one in data.lists}
    fold = np.array([one.fold for one in data.lists])
    settings = artists_model.Settings()
    content = artists_model.content_features(known, settings, seed)
    _, genres = artists_model.top_genres(known, np.arange(len(known.keys)), settings)
    found = Scores()
    for outer in range(FOLDS):
        inner = (outer + 1) % FOLDS
        rng = np.random.default_rng([seed, outer])
        learnt = World(data, place_artists(known, folds, {outer, inner}, genres, content, seed), fold != outer, titles)
        tables = learn_tables(learnt, inner, size, rng)
        found.tables += tables
        rankers = {kind: as_trees(fit_ranker(tables, kind, seed)) for kind in ("content", "playlists")}
        world = World(data, place_artists(known, folds, {outer}, genres, content, seed), fold != outer, titles)
        country = country_artists(known, genres)
        factors = FactorModels(world.evidence.songs, seed)
        for protocol in ("half", *map(str, size.cuts)):
            asked = [q for q in questions(data.lists, None if protocol == "half" else int(protocol)) if q.fold == outer]
            for at in sorted(rng.permutation(len(asked))[: size.scored if protocol == "half" else size.per_cut]):
                lists = recommend_all(world, rankers, asked[at], everything=protocol == "half")
                if protocol == "half":
                    most = max(DEPTH, len(asked[at].hidden))
                    told = factors.scores(asked[at].seeds)
                    lists |= {name: best(scores, asked[at].seeds, most) for name, scores in told.items()}
                found.add(protocol, asked[at], lists)
                if protocol == "half" and (share := country_share(world, country, asked[at], lists[OURS])):
                    found.country.append(share)
        say(f"fold {outer + 1} of {FOLDS}: NDCG@500 {np.mean(found.rows['half'][OURS], axis=0)[1]:.3f} so far")
    return found


def learn_tables(world: World, fold: int, size: Size, rng: np.random.Generator) -> list[Ranked]:
    """Return thinned tables of the lists of ``fold``: each with half of it hidden and with one of the cuts."""
    asked = [q for q in questions(world.lists) if q.fold == fold]
    some = [asked[at] for at in rng.permutation(len(asked))[: size.learnt]]
    tables = []
    for one in some:
        everything = np.concatenate([one.seeds, one.hidden])
        cut = int(rng.choice([c for c in CUTS if c < len(one.seeds)]))
        short = replace(one, seeds=everything[:cut], hidden=everything[cut:])
        tables += [thinned(world.ranked(question), rng) for question in (one, short)]
    return [one for one in tables if one.hit.any()]


def recommend_all(world: World, rankers: Mapping[str, Any], asked: Question, *, everything: bool) -> dict[str, Ints]:
    """Return what each recommender answers, best first."""
    table = world.ranked(asked)
    lists = world.evidence.songs
    most = max(DEPTH, len(asked.hidden))
    by_content = world.ranked(asked, with_lists=False)
    found = {
        OURS: order(table, rankers["playlists"].decide(table.columns)),
        CONTENT_ONLY: order(by_content, rankers["content"].decide(by_content.columns[:, : len(CONTENT)])),
        KNN: best(lists.neighbours(asked.seeds, TUNED), asked.seeds, most),
        "popularity": best(lists.count.astype(float), asked.seeds, most),
    }
    if everything:
        found |= {
            ITEM_KNN: best(lists.item_neighbours(asked.seeds, TUNED_ITEM_POWER), asked.seeds, most),
            "item-kNN, cosine": best(lists.item_neighbours(asked.seeds), asked.seeds, most),
            "user-kNN, plain": best(lists.neighbours(asked.seeds, PLAIN), asked.seeds, most),
        }
    who, often = np.unique(world.pool.artist[asked.seeds], return_counts=True)
    named = world.evidence.tell(asked.seeds, who, np.sqrt(often), world.seeds(asked).name_words)["name_knn"]
    return found | {"title words": best(named, asked.seeds, most)}


def order(table: Ranked, scores: Floats) -> Ints:
    """Return the candidates of a table, the highest score first."""
    return table.songs[np.lexsort((table.songs, -scores))]


def country_artists(known: ArtistData, genres: Ints) -> npt.NDArray[np.bool_]:
    """Return (A,) which artists have a genre with the word country in its name."""
    codes = [at for at, name in enumerate(known.genre_names) if _COUNTRY in name.split()]
    return np.asarray(np.isin(genres, codes).any(axis=1))


def country_share(
    world: World, country: npt.NDArray[np.bool_], asked: Question, ranked: Ints, most: int = 50
) -> tuple[float, float] | None:
    """Return the share of country among the first recommendations, and by chance; ``None`` for another playlist."""
    if country[world.pool.artist[asked.seeds]].mean() < _COUNTRY_LIST:
        return None
    return float(country[world.pool.artist[ranked[:most]]].mean()), float(country[world.pool.artist].mean())


def ratios(scores: Scores) -> Sequence[str]:
    """Return in words how the ranker compares with the best tuned kNN, and the content with it."""
    best_knn = [max((KNN, ITEM_KNN), key=lambda name: scores.means("half", name)[:, at].mean()) for at in (0, 1)]
    return [
        f"{ours} / {best_knn[at]}, {MEASURES[at]}: {scores.gain(at, ours, best_knn[at])}"
        for ours in (OURS, CONTENT_ONLY)
        for at in (0, 1)
    ]


def format_scores(scores: Scores) -> str:
    """Return all tables and ratios as Markdown."""
    parts = [f"Half of each list hidden ({len(scores.asked['half'])} lists):", format_table(scores.table("half"))]
    parts += ["\n".join(f"- {line}" for line in ratios(scores))]
    for protocol in (one for one in scores.rows if one != "half"):
        parts += [f"{protocol} seeds ({len(scores.asked[protocol])} lists):", format_table(scores.table(protocol))]
    return "\n\n".join(parts)
