"""Measures from which similarity on two tracks go together, for the limits in ml.neighbours.close_match.

    python -m bench.close_match [--split test] [--labels]

It draws pairs of tracks by different artists from TASTEMAP_DATA: pairs from one held-out playlist, and pairs from two.
For each range of similarity it prints how many times as frequent it is among the pairs from one playlist, once for each
basis of the comparison (artists, sound or both). With --labels it does the same for pairs that share one of the 114
genres, with an artist embedding trained without the labels of the held-out artists (some minutes). Then it builds small
catalogues from three held-out playlists, and counts how many of their recommendations for a track of a fourth playlist
go with the track.
"""

import argparse
import gzip
import json
import math
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench._cost import DATA
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.artists.train.data import read
from ml.artists.train.embedding import ArtistModel
from ml.neighbours.close_match import LEAST, genres, is_close_match, likeness
from ml.neighbours.model import Neighbours, NothingToCompare
from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from store.text import normalise, split_artists

SEED, PAIRS, EDGES = 1, 40_000, (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
CATALOGUES, SEEDS, AT, LEAST_TRACKS = 20, 20, 10, 10
Pair = tuple[Track, Track]


def tracks_of(folder: Path, wanted: Callable[[pd.DataFrame], pd.Series]) -> dict[str, Track]:
    """Return by id the tracks of the table that are ``wanted``; their labels are those of the 114 genres."""
    table = pd.read_csv(folder / "tracks.csv.gz", low_memory=False)
    found = {}
    for row in table[wanted(table)].itertuples():
        values = {name: value for name in AUDIO_FEATURES if (value := _number(getattr(row, name))) is not None}
        labels = tuple(str(row.genres114).split("|")) if isinstance(row.genres114, str) else ()
        found[str(row.track_id)] = Track(
            id=str(row.track_id),
            title=str(row.track_name),
            artists=split_artists(str(row.artist)),
            popularity=_number(row.popularity),
            features=AudioFeatures(values=values, source="table"),
            labels=labels,
            artist_genres=tuple(row.artist_genres.split("|")) if isinstance(row.artist_genres, str) else (),
        )
    return found


def _number(cell: Any) -> float | None:
    return None if math.isnan(cell) else float(cell)


def lists_of(folder: Path, split: str) -> tuple[list[list[str]], set[str]]:
    """Return one playlist of each group of ``split`` as track ids, and the set of all these ids."""
    groups: dict[str, list[str]] = {}
    with gzip.open(folder / "playlists.jsonl.gz", "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            if raw["split"] == split:
                groups[f"{raw['source']} {raw['group']}"] = list(dict.fromkeys(filter(None, raw["tracks"])))
    return list(groups.values()), {track for tracks in groups.values() for track in tracks}


def pairs_of(draw: Callable[[random.Random], Pair], rng: random.Random) -> list[Pair]:
    drawn = (draw(rng) for _ in range(PAIRS))
    return [(one, two) for one, two in drawn if _first(one) != _first(two)]


def _first(track: Track) -> str:
    return normalise(track.artists[0]) if track.artists else track.id


def judged(pairs: Iterable[Pair], artists: ArtistEmbedding, by: frozenset[str]) -> np.ndarray:
    """Return the likeness of those pairs that can be judged by everything in ``by``."""
    found = (likeness(one, two, artists, set(by)) for one, two in pairs)
    return np.array([value for value, judged_by in found if judged_by == by])


def report(title: str, alike: Mapping[frozenset[str], tuple[np.ndarray, np.ndarray]]) -> None:
    """Print how many times as frequent each range of likeness is in the first set of pairs as in the second.

    ``alike`` has, by what the likeness was judged by, the values of both sets.
    """
    print(f"\n{title}")
    for by, (together, chance) in alike.items():
        bins = [np.histogram(values, EDGES)[0] / len(values) for values in (together, chance)]
        times = " ".join(f"{a / b:6.1f}" if b else "     -" for a, b in zip(*bins, strict=True))
        above = [float((values >= LEAST[by]).mean()) for values in (together, chance)]
        print(f"  by {' and '.join(sorted(by)):<16} times chance from {EDGES[:-1]}: {times}")
        print(
            f"    from {LEAST[by]:.2f} on: {above[0]:.1%} of those together, {above[1]:.1%} of chance pairs, ", end=""
        )
        print(f"{above[0] / above[1]:.1f} times")


def compare(title: str, together: Sequence[Pair], chance: Sequence[Pair], artists: ArtistEmbedding) -> None:
    report(title, {by: (judged(together, artists, by), judged(chance, artists, by)) for by in LEAST})


def small_catalogues(lists: Sequence[Sequence[Track]], artists: ArtistEmbedding, rng: random.Random) -> None:
    """Print how many recommendations from a catalogue of three lists go with their track.

    The tracks are from one of the three lists (not in the catalogue then) and from a fourth list.
    """
    counts: dict[str, list[int]] = defaultdict(list)
    for _ in range(CATALOGUES):
        *mine, other = rng.sample(list(lists), 4)
        with tempfile.TemporaryDirectory() as folder:
            (root := Path(folder) / "catalogue").mkdir()
            inside = rng.sample(mine[0], min(SEEDS, len(mine[0]) // 2))
            build_collection(root, [track for tracks in mine for track in tracks if track not in inside])
            snapshot, model = Catalogue(root).current(), Neighbours(artists)
            for kind, seeds in (
                ("one of its lists", inside),
                ("another list", rng.sample(other, min(SEEDS, len(other)))),
            ):
                for seed in seeds:
                    try:
                        recommended = model.recommend(snapshot, seed, limit=AT)
                    except NothingToCompare:
                        continue
                    tracks = [snapshot.track(neighbour.ref) for neighbour in recommended]
                    counts[kind].append(sum(is_close_match(seed, track, artists) for track in tracks))
    print(f"\nOf {AT} tracks that catalogues of three lists recommend:")
    for kind, close in counts.items():
        none = np.mean([count == 0 for count in close])
        print(f"  for a track of {kind:<16} {np.mean(close):.1f} go with it; none for {none:.0%} ({len(close)} seeds)")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--split", default="test", choices=("valid", "test"))
    options.add_argument("--labels", action="store_true", help="also by shared genres")
    arguments = options.parse_args()
    folder = DATA
    artists, rng = ArtistEmbedding.load(artefacts.active("artists")), random.Random(SEED)
    names, ids = lists_of(folder, arguments.split)
    known = tracks_of(folder, lambda table: table["track_id"].isin(ids))
    plain = {name: replace(track, labels=()) for name, track in known.items()}
    lists = [
        tracks for listed in names if len(tracks := [plain[name] for name in listed if name in plain]) >= LEAST_TRACKS
    ]

    def together(rng: random.Random) -> Pair:
        one, two = rng.sample(rng.choice(lists), 2)
        return one, two

    def apart(rng: random.Random) -> Pair:
        one, two = rng.sample(lists, 2)
        return rng.choice(one), rng.choice(two)

    drawn, chance = pairs_of(together, rng), pairs_of(apart, rng)
    title = f"On one of {len(lists)} held-out playlists ({arguments.split})"
    compare(title, drawn, chance, artists)
    shares = [
        np.mean([bool(genres(a) & genres(b)) for a, b in of if genres(a) and genres(b)]) for of in (drawn, chance)
    ]
    print(f"  a genre of the artists shared: {shares[0]:.1%} together, {shares[1]:.1%} by chance, ", end="")
    print(f"{shares[0] / shares[1]:.1f} times")
    small_catalogues(lists, artists, rng)
    if arguments.labels:
        by_labels(folder, arguments.split, rng)


def by_labels(folder: Path, split: str, rng: random.Random) -> None:
    hidden = read(folder, hide_labels_of=[split])
    blind = ArtistModel().fit(hidden).export(hidden, "without labels")
    tracks = list(tracks_of(folder, lambda t: (t["split"] == split) & t["genres114"].notna()).values())
    with_label: dict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        for label in track.labels:
            with_label[label].append(track)
    labelled = [members for members in with_label.values() if len(members) > 1]

    def one_genre(rng: random.Random) -> Pair:
        one, two = rng.sample(rng.choice(labelled), 2)
        return one, two

    def apart(rng: random.Random) -> Pair:
        one, two = rng.choice(labelled), rng.choice(labelled)
        return rng.choice(one), rng.choice(two)

    compare(f"Of one of 114 genres ({split})", pairs_of(one_genre, rng), pairs_of(apart, rng), blind)


if __name__ == "__main__":
    main()
