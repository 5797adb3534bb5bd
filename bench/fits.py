"""Chooses the least score with which a suggested track "fits" a playlist, and says how often that is right.

    python -m bench.fits          (needs the training data: ../shared/data or TASTEMAP_DATA; four minutes)

Half of each held-out playlist is hidden. The lists of 20 tracks, at most three of one artist, are as the page shows
them. The scores to choose by are those of rankers fitted without the playlist, in four folds over the groups of the
side LEARNT (the data's `valid` and a share of its `train`). The least score is the lowest, in steps of 0.01, with which
one in five of the tracks is in the hidden half. The rates on TEST are those of the shipped rankers, which have not
seen it. A track is also counted where the hidden half has any track of its artist. Exit code 1 if the scores in use
are not those that are chosen here, or if of the tracks that fit on TEST less than the rate is right, by more than a
standard error over playlists.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench._cost import DATA, Meter, finish
from ml import artefacts
from ml.artists.train import data as artists_data
from ml.artists.train.embedding import Settings, top_genres
from ml.continuation.fitting import LEAST, RIGHT
from ml.continuation.interactions import Ints
from ml.continuation.model import RANKED_BY
from ml.continuation.train.data import LEARNT, TEST, read
from ml.continuation.train.protocol import CUTS, HeldOutQuery, held_out_queries
from ml.continuation.train.ranker import as_trees, fit_ranker, thinned
from ml.continuation.train.scores import place_artists
from ml.continuation.train.world import Ranked, Titles, World
from ml.trees import Trees
from store.feature_rows import Floats

SEED, FOLDS, SHOWN, OF_ONE_ARTIST, STEP = 1, 4, 20, 3, 0.01


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """Suggested tracks (n,): their scores, whether each is hidden, whether its artist is, and their playlist."""

    score: Floats
    hit: npt.NDArray[np.bool_]
    artist: npt.NDArray[np.bool_]
    playlist: Ints

    def rates(self, which: npt.NDArray[np.bool_]) -> str:
        """Return the rates of some tracks as text."""
        share, hit, artist = which.mean(), self.hit[which].mean(), self.artist[which].mean()
        return f"{share:.1%} of the tracks, {hit:.3f} hidden (one in {1 / hit:.0f}), {artist:.3f} by a hidden artist"

    def error(self, which: npt.NDArray[np.bool_]) -> float:
        """Return the standard error of the rate of some tracks, as playlists vary."""
        playlists, at = np.unique(self.playlist[which], return_inverse=True)
        hits, counts = np.bincount(at, self.hit[which]), np.bincount(at)
        apart = hits - counts * hits.sum() / counts.sum()
        return float(np.sqrt(np.square(apart).sum()) / counts.sum()) if len(playlists) else 0.0


def suggested(world: World, found: Sequence[tuple[HeldOutQuery, Ranked, Trees]], kind: str) -> Suggestions:
    """Return what is shown for queries whose tables are scored by the given trees."""
    rows: list[tuple[float, bool, bool, int]] = []
    for query, table, trees in found:
        artist = world.pool.artist[table.songs]
        by_hidden = np.isin(artist, world.pool.artist[query.hidden])
        scores = 1.0 / (1.0 + np.exp(-trees.decide(table.columns[:, : len(RANKED_BY[kind])])))
        taken: Counter[int] = Counter()
        for at in np.lexsort((table.songs, -scores)).tolist():
            if taken[artist[at]] < OF_ONE_ARTIST and taken.total() < SHOWN:
                taken[artist[at]] += 1
                rows.append((scores[at], table.hit[at], by_hidden[at], query.at))
    score, hit, of_artist, playlist = (np.array(column) for column in zip(*rows, strict=True))
    return Suggestions(score=score, hit=hit, artist=of_artist, playlist=playlist)


def fold_of(query: HeldOutQuery) -> int:
    return zlib.crc32(query.group.encode()) % FOLDS


def left_out(world: World, queries: Sequence[HeldOutQuery], kind: str) -> Suggestions:
    """Return what rankers show for ``queries`` that were fitted on the other folds, as the shipped one was on all."""
    rng, with_lists = np.random.default_rng(SEED), kind == "playlists"
    tables, learnt = [], list[tuple[int, Ranked]]()
    for query in queries:
        whole = np.concatenate([query.seeds, query.hidden])
        cut = int(rng.choice([c for c in CUTS if c < len(query.seeds)]))
        fewer = (replace(query, seeds=whole[:n], hidden=whole[n:]) for n in {0, cut})
        tables.append(world.ranked(query, with_lists=with_lists))
        ranked = (tables[-1], *(world.ranked(one, with_lists=with_lists) for one in fewer))
        learnt += [(fold_of(query), thinned(table, rng)) for table in ranked if table.hit.any()]
    trees = [as_trees(fit_ranker([table for of, table in learnt if of != fold], kind, SEED)) for fold in range(FOLDS)]
    return suggested(world, [(q, table, trees[fold_of(q)]) for q, table in zip(queries, tables, strict=True)], kind)


def chosen(found: Suggestions) -> float:
    """Return the lowest score, in steps of 0.01, with which one in five of the tracks is hidden."""
    steps = np.arange(STEP, 1.0, STEP)
    return float(next(round(least, 2) for least in steps if found.hit[found.score >= least].mean() >= RIGHT))


def main() -> int:
    """Print the least scores and their rates; return the exit code given above."""
    meter = Meter()
    data = read(DATA, artists_data.read(DATA), seed=SEED)
    _, genres = top_genres(data.known, np.arange(len(data.known.keys)), Settings())
    sides = {playlist.group: playlist.side for playlist in data.lists}
    artists = place_artists(data.known, sides, genres, SEED)
    learnable = np.array([playlist.side != TEST for playlist in data.lists])
    world = World(data, artists, learnable, Titles(data.titles))
    queries = held_out_queries(world.lists)
    sources = {query.at: query.source for query in queries}
    targets = []
    for kind in LEAST:
        inner = left_out(world, [query for query in queries if query.side == LEARNT], kind)
        least = chosen(inner)
        shipped = Trees.load(artefacts.active("continuation") / f"ranker-{kind}.npz")
        tests = [query for query in queries if query.side == TEST]
        tables = [world.ranked(query, with_lists=kind == "playlists") for query in tests]
        outer = suggested(world, [(q, table, shipped) for q, table in zip(tests, tables, strict=True)], kind)
        print(f"\n{kind}: a track fits from {least:.2f}")
        for name, found in (("inner folds", inner), ("test", outer)):
            fits = found.score >= least
            print(f"  {name}: fits {found.rates(fits)}\n  {name}: others {found.rates(~fits)}")
        of = np.array([sources[at] for at in outer.playlist.tolist()])
        fits = outer.score >= least
        for source in sorted(set(of)):
            here = of == source
            print(f"  test, {source}: {fits[here].mean():.1%} fit; {outer.hit[here & fits].mean():.3f} of them hidden")
        rate, error = outer.hit[fits].mean(), outer.error(fits)
        targets.append((f"{kind}: {LEAST[kind]:.2f} is in use", least == LEAST[kind]))
        targets.append((f"{kind}: {RIGHT} right on test ({rate:.3f}, error {error:.3f})", rate + error >= RIGHT))
    return finish(meter, str(SEED), targets)


if __name__ == "__main__":
    raise SystemExit(main())
