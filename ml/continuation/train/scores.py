"""Cross-validated scores of every recommender: groups of playlists apart, artists placed anew for every fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.train import embedding as artists_model
from ml.artists.train.data import ArtistData
from ml.continuation.features import Artists, scaled
from ml.continuation.interactions import Knn
from ml.continuation.model import RANKED_BY
from ml.continuation.neural import Neural
from ml.continuation.train.data import FOLDS, ContinuationData, group_of
from ml.continuation.train.factors import FactorModels
from ml.continuation.train.neural import Settings, fit
from ml.continuation.train.protocol import (
    CUTS,
    DEPTH,
    MEASURES,
    Question,
    best,
    by_group,
    format_table,
    measures,
    questions,
)
from ml.continuation.train.ranker import as_trees, fit_ranker, thinned
from ml.continuation.train.world import Ranked, Titles, World
from ml.taxonomy.model import Taxonomy
from ml.train.bootstrap import Interval, interval, ratio
from ml.trees import Trees

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

# Both were the best of a grid (rarity 0-2, length 0.3-0.5, sharpness 1-2, fame 0-0.35; power 0.3-0.5) on these very
# questions: to the baseline's advantage.
TUNED = Knn(rarity=2.0, length=0.3, sharpness=1.5, nearest=10**6)
PLAIN = Knn(rarity=0.0, length=0.5, sharpness=1.0, nearest=100)
TUNED_ITEM_POWER = 0.3
RANKERS = {"ensemble": "ranker, with playlists and neural", "playlists": "ranker, with playlists"}
CONTENT_ONLY, NEURAL_ALONE = "ranker, content alone", "neural"
KNN, PLAIN_KNN, ITEM_KNN, BLEND = "user-kNN, tuned", "user-kNN, plain", "item-kNN, tuned", "blend"
PAIRS = ((0, 1), (2, 3))  # of folds
IN_VIEW = 1  # the fold on whose questions settings of the neural part were tried
TARGET = 1.15  # times the best tuned kNN or blend of them, with the whole interval above 1
_COUNTRY = "country"
_FEWEST_KNOWN = 5  # seeds whose artists have a known genre, for a list to be a country playlist or not
_FAME = 0.1  # weight of popularity in the blend: it decides among what the neighbours do not tell apart


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is asked: lists per fold that the ranker learns from, that are scored, and that are per cut."""

    learnt: int = 40
    scored: int = 50
    per_cut: int = 8
    cuts: tuple[int, ...] = CUTS
    stopping: int = 40  # lists on which the training of the neural part is stopped
    neural: Settings = field(default_factory=Settings)


@dataclass
class Scores:
    """Results by protocol ("half", or a number of seeds) and recommender: rows of measures; ``tables`` to fit on;
    ``valid`` the NDCG of the rankers on validation lists, ``epochs`` of the neural part in each fold."""

    asked: dict[str, list[Question]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = field(default_factory=dict)
    tables: list[Ranked] = field(default_factory=list)
    country: list[tuple[float, float]] = field(default_factory=list)
    valid: dict[str, list[float]] = field(default_factory=dict)
    epochs: list[int] = field(default_factory=list)

    @property
    def better(self) -> str:
        """The kind of ranker with playlists that did better on validation lists."""
        return max(RANKERS, key=lambda kind: float(np.mean(self.valid[kind])))

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

    def as_table(self, protocol: str) -> list[dict[str, Any]]:
        """Return every recommender's means, a row each as in ``scores.json``."""
        return [
            {"model": name} | dict(zip(MEASURES, self.means(protocol, name).mean(axis=0).tolist(), strict=True))
            for name in self.rows[protocol]
        ]

    def gain(self, measure: int, ours: str, theirs: str, without: int | None = None) -> Interval:
        """Return the ratio of two recommenders in a measure of :data:`MEASURES` when half is hidden.

        Questions of the fold ``without`` are left out.
        """
        kept = [at for at, question in enumerate(self.asked["half"]) if question.fold != without]
        asked = [self.asked["half"][at] for at in kept]
        ours_means, theirs_means = (by_group(asked, np.array(self.rows["half"][name])[kept]) for name in (ours, theirs))
        return ratio(ours_means[:, measure], theirs_means[:, measure])


def place_artists(
    known: ArtistData, folds: Mapping[str, int], held: set[int], genres: Ints, content: Floats, seed: int
) -> Artists:
    """Place the artists as ``ml.artists.train.embedding`` does, without the lists of the folds in ``held``."""
    settings = artists_model.Settings(list_dimensions=48, longest_list=150)
    listings = [
        replace(one, split="held" if folds[group_of(one.source, one.group)] in held else "train")
        for one in known.listings
    ]
    model = artists_model.ArtistModel(settings, seed).fit(replace(known, listings=listings), content=content)
    return Artists(places=model.places_.astype(np.float32), prior=model.prior_.astype(np.float32), genres=genres)


def cross_validate(data: ContinuationData, size: Size, seed: int = 1, say: Callable[[str], None] = print) -> Scores:
    """Score all recommenders on folds that none of them has learnt from.

    Folds go in pairs. The rankers of one learn from the lists of the other, with artists placed and a neural part
    trained without either; that part's training is stopped on groups of the remaining folds, left out of it too, and
    the one that is scored is trained for as long on all folds but its own.
    """
    known, titles = data.known, Titles(data.songs.titles)
    folds = {one.group: one.fold for one in data.lists}
    fold = np.array([one.fold for one in data.lists])
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
            _ask(world, _Recommenders(world, rankers, neural, seed), outer, size, rng, found, country)
            say(
                f"fold {outer + 1} of {FOLDS}: neural, {epochs} epochs, "
                f"NDCG@500 {np.mean(found.rows['half'][NEURAL_ALONE], axis=0)[1]:.3f}, "
                f"ranker {np.mean(found.rows['half'][RANKERS['ensemble']], axis=0)[1]:.3f} so far"
            )
    return found


def stopped(world: World, size: Size, seed: int) -> tuple[Neural, int]:
    """Train on the lists of ``world`` but some groups, stop where those are continued best; return also the epochs."""
    asked = [q for q in questions(world.lists) if world.kept[q.at]]
    some = [asked[at] for at in np.random.default_rng(seed).permutation(len(asked))[: size.stopping]]
    left_out = {question.group for question in some}
    corpus = world.corpus(world.kept & np.array([one.group not in left_out for one in world.lists]))

    def score(neural: Neural) -> float:
        found = [measures(best(world.neural_scores(neural, q), q.seeds, DEPTH), q.hidden)[1] for q in some]
        return float(np.mean(found))

    trainer, epochs = fit(corpus, size.neural, seed, score=score)
    return trainer.neural(), epochs


def _ask(
    world: World,
    ask: _Recommenders,
    fold: int,
    size: Size,
    rng: np.random.Generator,
    found: Scores,
    country: npt.NDArray[np.int8],
) -> None:
    for protocol in ("half", *map(str, size.cuts)):
        asked = [q for q in questions(world.lists, None if protocol == "half" else int(protocol)) if q.fold == fold]
        most = size.scored if protocol == "half" else size.per_cut
        scored = set(rng.permutation(len(asked))[:most].tolist())
        for at, one in enumerate(asked):
            if at in scored:
                found.add(protocol, one, ask.all(one) if protocol == "half" else ask.few(one))
            if protocol == "half" and is_country(country[world.pool.artist[one.seeds]]):
                found.country.append(country_share(world, country, ask.served(one)))


def fit_rankers(
    world: World, fold: int, size: Size, rng: np.random.Generator, found: Scores, neural: Neural, seed: int
) -> dict[str, Trees]:
    """Fit every kind of ranker on lists of ``fold``, each with half of it hidden and with one of the cuts.

    ``found`` keeps the thinned tables, and of each half of the lists how the rankers with playlists of the other do.
    """
    asked = [q for q in questions(world.lists) if q.fold == fold]
    some = [asked[at] for at in rng.permutation(len(asked))[: size.learnt]]
    tables: list[list[Ranked]] = [[], []]
    whole: list[list[tuple[Question, Ranked]]] = [[], []]
    for at, one in enumerate(some):
        everything = np.concatenate([one.seeds, one.hidden])
        cut = int(rng.choice([c for c in CUTS if c < len(one.seeds)]))
        short = replace(one, seeds=everything[:cut], hidden=everything[cut:])
        for question in (one, short):
            table = world.ranked(question, neural=world.neural_scores(neural, question))
            if table.hit.any():
                tables[at % 2].append(thinned(table, rng))
                whole[at % 2].append((question, table))
    for kind in RANKERS:
        for side in (0, 1):
            trees, width = as_trees(fit_ranker(tables[1 - side], kind, seed)), len(RANKED_BY[kind])
            found.valid.setdefault(kind, []).extend(
                measures(order(table, trees.decide(table.columns[:, :width])), question.hidden)[1]
                for question, table in whole[side]
            )
    found.tables += tables[0] + tables[1]
    return {kind: as_trees(fit_ranker(tables[0] + tables[1], kind, seed)) for kind in RANKED_BY}


class _Recommenders:
    """Everything that is compared, as one fold leaves it."""

    def __init__(self, world: World, rankers: Mapping[str, Trees], neural: Neural, seed: int) -> None:
        self._world, self._rankers, self._neural = world, rankers, neural
        self._factors = FactorModels(world.index.songs, seed)

    def served(self, asked: Question) -> Ints:
        """Return what the ranker with everything answers, best first."""
        table = self._world.ranked(asked, neural=self._world.neural_scores(self._neural, asked))
        return order(table, self._rankers["ensemble"].decide(table.columns))

    def few(self, asked: Question) -> dict[str, Ints]:
        """Return what each recommender answers that is asked at every cut."""
        world, lists, rankers = self._world, self._world.index.songs, self._rankers
        table, by_content = world.ranked(asked), world.ranked(asked, with_lists=False)
        artists, counts = np.unique(world.pool.artist[asked.seeds], return_counts=True)
        named = world.index.scores_for(asked.seeds, artists, np.sqrt(counts), world.seeds(asked).name_words)["name_knn"]
        return {
            RANKERS["ensemble"]: self.served(asked),
            RANKERS["playlists"]: order(table, rankers["playlists"].decide(table.columns)),
            CONTENT_ONLY: order(by_content, rankers["content"].decide(by_content.columns)),
            NEURAL_ALONE: self._best(world.neural_scores(self._neural, asked), asked),
            KNN: self._best(lists.neighbours(asked.seeds, TUNED), asked),
            "popularity": self._best(lists.count.astype(float), asked),
            "title words": self._best(named, asked),
        }

    def all(self, asked: Question) -> dict[str, Ints]:
        """Return what each recommender answers, best first."""
        lists = self._world.index.songs
        by_user, by_item = (
            lists.neighbours(asked.seeds, TUNED),
            lists.item_neighbours(asked.seeds, TUNED_ITEM_POWER),
        )
        blend = scaled(by_user) + scaled(by_item) + _FAME * scaled(lists.count.astype(float))
        others = {
            ITEM_KNN: by_item,
            "item-kNN, cosine": lists.item_neighbours(asked.seeds),
            PLAIN_KNN: lists.neighbours(asked.seeds, PLAIN),
            BLEND: blend,
        } | self._factors.scores(asked.seeds)
        return self.few(asked) | {name: self._best(scores, asked) for name, scores in others.items()}

    def _best(self, scores: Floats, asked: Question) -> Ints:
        return best(scores, asked.seeds, max(DEPTH, len(asked.hidden)))


def order(table: Ranked, scores: Floats) -> Ints:
    """Return the candidates of a table, the highest score first."""
    return table.songs[np.lexsort((table.songs, -scores))]


def country_artists(known: ArtistData, genres: Ints) -> npt.NDArray[np.int8]:
    """Return (A,) 1 for artists whose most frequent genre is of the country family, 0 for others, -1 for unknown."""
    taxonomy = Taxonomy.active()
    of_genre = np.array([taxonomy.family_of(name) == _COUNTRY for name in known.genre_names])
    return np.where(genres[:, 0] >= 0, of_genre[genres[:, 0]], -1).astype(np.int8)


def is_country(artists: npt.NDArray[np.int8]) -> bool:
    """Tell whether a list is a country playlist: most of its songs by artists of a known genre are country."""
    known = artists[artists >= 0]
    return len(known) >= _FEWEST_KNOWN and bool(known.mean() > 0.5)


def country_share(world: World, country: npt.NDArray[np.int8], ranked: Ints, most: int = 50) -> tuple[float, float]:
    """Return the share of country among the first recommendations of known genre, and among all candidates'."""
    first, every = (country[world.pool.artist[songs]] for songs in (ranked[:most], np.flatnonzero(world.described)))
    return float(first[first >= 0].mean()) if (first >= 0).any() else 0.0, float(every[every >= 0].mean())


def country_summary(scores: Scores) -> str:
    """Return in words how much country is recommended to country playlists, beside chance."""
    if not scores.country:
        return "No list asked about was a country playlist."
    shares = np.array(scores.country)
    ours = interval(shares[:, 0])
    return (
        f"Country playlists, {len(shares)} of all that could be asked (most of their songs whose artist's genre is "
        "known are by artists whose first genre is of the country family), get "
        f"{ours.mean:.0%} country ({ours.low:.0%} to {ours.high:.0%}) among the first 50 recommendations of known "
        f"genre, by chance {shares[:, 1].mean():.0%}, all from {RANKERS['ensemble']}: what ships was not asked."
    )


def best_knn(scores: Scores) -> list[str]:
    """Return the best of the tuned kNNs and their blend in R-precision, and in NDCG."""
    rivals = (KNN, ITEM_KNN, BLEND)
    return [max(rivals, key=lambda name: float(scores.means("half", name)[:, at].mean())) for at in (0, 1)]


def targets(scores: Scores) -> list[tuple[str, bool]]:
    """Return what was aimed at, in words with the figure, and whether it is met.

    The neural part is judged without the fold that was in view.
    """
    found = []
    for ours, served in ((CONTENT_ONLY, "which ships"), (RANKERS[scores.better], "with one's own playlists")):
        for at, theirs in enumerate(best_knn(scores)):
            gain = scores.gain(at, ours, theirs)
            target = f"{ours} ({served}), {TARGET} times {theirs} in {MEASURES[at]}, interval above 1: {gain}"
            found.append((target, gain.mean >= TARGET and gain.low > 1.0))
    for at in (0, 1):
        gain = scores.gain(at, NEURAL_ALONE, PLAIN_KNN, without=IN_VIEW)
        target = f"{NEURAL_ALONE} alone, at least equal to {PLAIN_KNN} in {MEASURES[at]}, folds not in view: {gain}"
        found.append((target, gain.mean >= 1.0))
    if scores.country:
        ours, chance = np.mean(scores.country, axis=0)
        target = f"{RANKERS['ensemble']}, more country for country playlists than by chance: {ours:.2f}, {chance:.2f}"
        found.append((target, bool(ours > chance)))
    return found


def ratios(scores: Scores) -> Sequence[str]:
    """Return in words how ours compare: all with the best tuned kNN or blend, the neural part with the plain one."""
    pairs = [(ours, best_knn(scores)) for ours in (*RANKERS.values(), CONTENT_ONLY, NEURAL_ALONE)]
    pairs.append((NEURAL_ALONE, [PLAIN_KNN, PLAIN_KNN]))
    return [
        f"{ours} / {theirs[at]}, {MEASURES[at]}: {scores.gain(at, ours, theirs[at])}"
        for ours, theirs in pairs
        for at in (0, 1)
    ]


def validation(scores: Scores) -> str:
    """Return in words how the rankers with playlists did on validation lists."""
    means = ", ".join(f"{name} {np.mean(scores.valid[kind]):.4f}" for kind, name in RANKERS.items())
    return f"NDCG@500 on {len(scores.valid['playlists'])} questions of the inner folds: {means}."


def format_scores(scores: Scores) -> str:
    """Return all tables and ratios as Markdown."""
    parts = [f"Half of each list hidden ({len(scores.asked['half'])} lists):", format_table(scores.table("half"))]
    parts += ["\n".join(f"- {line}" for line in ratios(scores)), validation(scores)]
    for protocol in (name for name in scores.rows if name != "half"):
        parts += [f"{protocol} seeds ({len(scores.asked[protocol])} lists):", format_table(scores.table(protocol))]
    return "\n\n".join(parts)
