"""How well recommendations fit held-out playlists, how evenly tracks are recommended, and the cost of a list.

    python -m bench.neighbours [--split test] [--queries 400] [--hubs] [--world 1000]

Needs a catalogue of the training table in TASTEMAP_VAR (default var/) and the playlists of TASTEMAP_DATA.

The seeds are tracks of held-out playlists. Two shares are printed: how many of 20 recommended tracks are on the seed's
playlist, and how many of the labelled ones have one of the seed's 114 labels. The artist embedding knows the artists'
labels; for the second share it is trained again without those of the scored split, and the seeds' labels are hidden.

Each list is made with hub correction (ml.neighbours.hubs), as served, and without ("plain"). To measure hubness, each
of ``--world`` recordings drawn at random is the seed of one list of ten from these recordings. The k-occurrence of a
track is the number of lists it is in, and its skewness is the hubness (M. Radovanović et al., JMLR 2010). This is
repeated with a user's weights, for which the correction is an approximation. ``--hubs`` leaves out the other
recommenders.
"""

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench._cost import DATA, peak
from config import Config
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.artists.train.data import read
from ml.artists.train.embedding import ArtistModel
from ml.neighbours.model import Neighbours, Weights
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue, Ref, Snapshot
from store.domain import Track

AT, SEED = 20, 1
LISTED = 10  # length of the lists whose k-occurrence is counted
USER_WEIGHTS: Sequence[dict[str, float]] = ({}, {"artist": 0, "valence": 5})
HOW = {"corrected": True, "plain": False}
COMPARED = {
    "sound alone": Weights(artist=0.0, popularity=0.0),
    "sound and popularity": Weights(artist=0.0),
    "artists and popularity": Weights(sound=0.0),
    "artists alone": Weights(sound=0.0, popularity=0.0),
}
Recommend = Callable[[Track], list[Ref]]
Seeds = Sequence[Any]  # the queries of a score: tracks, or (track, recordings of its playlist)


def held_out(folder: Path, snapshot: Snapshot, split: str, count: int) -> list[tuple[Track, set[int]]]:
    """Draw pairs of a track and the recordings on its playlist.

    Each group of ``split`` with a playlist of ten known tracks or more gives equally many.
    """
    groups: dict[str, list[list[Ref]]] = defaultdict(list)
    with gzip.open(folder / "playlists.jsonl.gz", "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            if raw["split"] == split:
                known = [ref for ref in map(snapshot.find, raw["tracks"]) if ref is not None]
                if len(known) >= 10:
                    groups[f"{raw['source']} {raw['group']}"].append(known)
    rng = random.Random(SEED)
    drawn = []
    for group in sorted(groups):
        tracks = groups[group][-1]
        recordings = {recording(snapshot, ref) for ref in tracks}
        drawn += [
            (snapshot.track(ref), recordings) for ref in rng.sample(tracks, min(count // len(groups) + 1, len(tracks)))
        ]
    return drawn


def recording(snapshot: Snapshot, ref: Ref) -> int:
    return int(snapshot.segment(ref.segment).recording_code[ref.row])


def weighted(
    snapshot: Snapshot, artists: ArtistEmbedding, weights: Weights | None = None, corrected: bool = True, cap: int = 2
) -> Recommend:
    """Return a recommender with these weights; it hides the labels of the seeds."""
    model = Neighbours(artists, weights)

    def recommend(track: Track) -> list[Ref]:
        seed = replace(track, labels=())
        found = model.recommend(snapshot, seed, limit=AT, corrected=corrected, artist_cap=cap)
        return [recommended.ref for recommended in found]

    return recommend


def recommenders(snapshot: Snapshot, artists: ArtistEmbedding, hubs_alone: bool) -> dict[str, Recommend]:
    both = {f"neighbours, {name}": weighted(snapshot, artists, corrected=how) for name, how in HOW.items()}
    return both if hubs_alone else both | others(snapshot, artists)


def others(snapshot: Snapshot, artists: ArtistEmbedding) -> dict[str, Recommend]:
    rng = np.random.default_rng(SEED)
    largest = max(snapshot.segments, key=len)

    def at_random(track: Track) -> list[Ref]:
        return [Ref(largest.name, int(row)) for row in rng.choice(len(largest), AT, replace=False)]

    def popular(track: Track) -> list[Ref]:
        return [Ref(largest.name, row) for row in range(AT)]

    return {
        **{name: weighted(snapshot, artists, weights) for name, weights in COMPARED.items()},
        "popularity": popular,
        "random": at_random,
    }


def playlist_share(snapshot: Snapshot, recommend: Recommend, queries: Sequence[tuple[Track, set[int]]]) -> list[float]:
    return [sum(recording(snapshot, ref) in others for ref in recommend(track)) / AT for track, others in queries]


def label_share(snapshot: Snapshot, recommend: Recommend, seeds: Sequence[Track]) -> list[float]:
    """Return for each seed the share of its labelled recommendations that have one of its labels.

    Seeds without a labelled recommendation are left out.
    """
    shares = []
    for seed in seeds:
        labels = [set(snapshot.track(ref).labels) for ref in recommend(seed)]
        if labelled := [of_track for of_track in labels if of_track]:
            shares.append(sum(bool(of_track & set(seed.labels)) for of_track in labelled) / len(labelled))
    return shares


def compare(
    score: Callable[[Snapshot, Recommend, Seeds], list[float]],
    snapshot: Snapshot,
    recommended: dict[str, Recommend],
    seeds: Seeds,
) -> None:
    """Print the mean score of each recommender and of the first less the second, with 95 % intervals."""
    scores = {}
    for name, recommend in recommended.items():
        scores[name] = score(snapshot, recommend, seeds)
        print(f"  {name:<24} {interval(scores[name])}", flush=True)
    first, second = list(scores.values())[:2]
    if len(first) == len(second):
        print(f"  {'corrected less plain':<24} {interval(np.subtract(first, second).tolist())}")


def interval(values: Sequence[float]) -> str:
    draws = np.random.default_rng(SEED).choice(values, (1000, len(values))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{np.mean(values):.4f} ({low:.4f}-{high:.4f})"


def labelled_seeds(folder: Path, snapshot: Snapshot, split: str, count: int) -> list[Track]:
    table = pd.read_csv(folder / "tracks.csv.gz", usecols=["track_id", "genres114", "split"])
    ids = table[(table["split"] == split) & table["genres114"].notna()]["track_id"].sample(count, random_state=SEED)
    return [snapshot.track(ref) for ref in map(snapshot.find, ids) if ref is not None]


def measure(snapshot: Snapshot, model: Neighbours, seeds: Sequence[Track]) -> None:
    """Print the cost of a recommendation for each of ``seeds``, with and without hub correction."""
    took: dict[str, list[float]] = {name: [] for name in HOW}
    spent = dict.fromkeys(HOW, 0.0)
    for seed in seeds:
        for name, corrected in HOW.items():
            start, cpu = time.perf_counter(), time.process_time()
            model.recommend(snapshot, seed, limit=10, corrected=corrected)
            spent[name] += (time.process_time() - cpu) * 1000 / len(seeds)
            took[name].append((time.perf_counter() - start) * 1000)
    print(f"recommend over {len(snapshot)} tracks:")
    for name, times in took.items():
        p50, p99 = statistics.median(times), sorted(times)[int(len(times) * 0.99)]
        print(f"  {name:<10} p50 {p50:.1f} ms, p99 {p99:.1f} ms, {spent[name]:.1f} ms of CPU")
    print(f"  corrected to plain: {spent['corrected'] / spent['plain']:.2f} times the CPU")


def same_artist(snapshot: Snapshot, recommend: Recommend, seeds: Sequence[Track]) -> list[float]:
    """Return for each seed the share of its recommendations that have the same first artist."""
    return [sum(snapshot.track(ref).artists[:1] == seed.artists[:1] for ref in recommend(seed)) / AT for seed in seeds]


def hubness(occurrences: npt.NDArray[np.int64]) -> str:
    """Return a text on how unevenly tracks are recommended; ``occurrences`` is the number of lists of each track."""
    most = np.sort(occurrences)[::-1]
    counts = most.astype(np.float64)
    skew = float(((counts - counts.mean()) ** 3).mean() / counts.std() ** 3)
    hundredth = most[: -(-len(most) // 100)].sum() / most.sum()
    return (
        f"skewness {skew:.2f}, the most frequent in {most[0]} lists, the most frequent 1 % hold {hundredth:.2%}, "
        f"in none {np.mean(most == 0):.2%}"
    )


def hubs(snapshot: Snapshot, model: Neighbours, count: int) -> None:
    """Print the hubness in a catalogue of ``count`` recordings drawn from ``snapshot``, corrected and plain."""
    drawn = np.random.default_rng(SEED).permutation(len(snapshot))
    by_recording = {recording(snapshot, ref): ref for ref in map(snapshot.ref, drawn[: 2 * count].tolist())}
    tracks = [snapshot.track(ref) for ref in list(by_recording.values())[:count]]
    with tempfile.TemporaryDirectory() as folder:
        build_collection(Path(folder), tracks)
        world = Catalogue(Path(folder)).current()
        print(f"\nLists of {LISTED} for each of {len(world)} recordings (mean occurrence {LISTED}):")
        for weights in USER_WEIGHTS:
            print(f"  weights {','.join(f'{name}:{factor:g}' for name, factor in weights.items()) or 'default'}")
            for name, corrected in HOW.items():
                occurrences = np.zeros(len(world), np.int64)
                for row in range(len(world)):
                    found = model.recommend(world, world.ref(row), limit=LISTED, weights=weights, corrected=corrected)
                    occurrences[[recommended.ref.row for recommended in found]] += 1
                print(f"    {name:<10} {hubness(occurrences)}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--split", default="test", choices=("valid", "test"))
    options.add_argument("--queries", type=int, default=400)
    options.add_argument("--hubs", action="store_true")
    options.add_argument("--world", type=int, default=1000)
    arguments = options.parse_args()
    folder = DATA
    snapshot = Catalogue(Config.from_env().var / "catalogue").current()
    artists = ArtistEmbedding.load(artefacts.active("artists"))
    model = Neighbours(artists)
    pairs = held_out(folder, snapshot, arguments.split, arguments.queries)
    before = peak()
    start = time.perf_counter()
    model.recommend(snapshot, pairs[0][0])
    print(f"first answer {time.perf_counter() - start:.2f} s, {peak() - before:.0f} MB more at the peak")
    measure(snapshot, model, [track for track, _ in pairs])
    print(f"\nOn the seed's playlist, of {AT} recommended ({arguments.split}, {len(pairs)} seeds):")
    compare(playlist_share, snapshot, recommenders(snapshot, artists, arguments.hubs), pairs)
    print(f"\nBy the seed's own artist, of {AT} recommended without a cap:")
    uncapped = {name: weighted(snapshot, artists, corrected=how, cap=AT) for name, how in HOW.items()}
    compare(same_artist, snapshot, uncapped, [track for track, _ in pairs])
    hubs(snapshot, model, arguments.world)
    hidden = read(folder, hide_labels_of=[arguments.split])
    blind = ArtistModel().fit(hidden).export(hidden, "without labels")
    seeds = labelled_seeds(folder, snapshot, arguments.split, arguments.queries)
    print(f"\nWith a label of the seed, of the labelled ones recommended ({arguments.split}, {len(seeds)} seeds):")
    compare(label_share, snapshot, recommenders(snapshot, blind, arguments.hubs), seeds)


if __name__ == "__main__":
    main()
