"""What the artist embedding costs (load, memory, milliseconds) and how well it splits typed queries.

    python -m bench.artists [--tracks 2000]

Queries are made from tracks of the training table (TASTEMAP_DATA, default ../shared/data), popular ones more often
as people ask for them more often: the artist is known, which one it is and where it ends is the question. Titles
alone should be split into nothing.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import psutil

from config import ROOT
from ml import artefacts
from ml.artists import ArtistEmbedding
from store.text import normalise, plain_title, split_artists

SEED = 1


def sample_tracks(folder: Path, count: int) -> list[tuple[str, str]]:
    """Draw (artist, title) pairs by popularity; single-artist tracks, so that the wanted artist is beyond doubt."""
    columns = ["artist", "track_name", "popularity"]
    table = pd.read_csv(folder / "tracks.csv.gz", usecols=columns, keep_default_na=False, na_values=[""]).dropna()
    table = table[~table["artist"].str.contains(r"[;,]") & (table["popularity"] > 0)]
    drawn = table.sample(count, weights="popularity", random_state=SEED)
    return [(split_artists(a)[0], plain_title(t)) for a, t in zip(drawn["artist"], drawn["track_name"], strict=True)]


def slip(name: str, rng: random.Random) -> str:
    """Return ``name`` without one of its inner letters."""
    if len(name) < 6:
        return name
    at = rng.randrange(1, len(name) - 1)
    return name[:at] + name[at + 1 :]


def phrasings(rng: random.Random) -> dict[str, Callable[[str, str], str]]:
    return {
        "artist title": lambda a, t: f"{a} {t}",
        "title artist": lambda a, t: f"{t} {a}",
        "artist - title": lambda a, t: f"{a} - {t}",
        "title by artist": lambda a, t: f"{t} by {a}",
        "artist title, lower case, one letter missing": lambda a, t: f"{slip(a, rng)} {t}".lower(),
    }


def report_splits(artists: ArtistEmbedding, pairs: Sequence[tuple[str, str]]) -> None:
    took: list[float] = []

    def split(query: str) -> tuple[str, str] | None:
        start = time.perf_counter()
        found = artists.split_query(query)
        took.append((time.perf_counter() - start) * 1000)
        return found

    for name, phrase in phrasings(random.Random(SEED)).items():
        right = wrong = 0
        for artist, title in pairs:
            found = split(phrase(artist, title))
            good = found is not None and artists.find(found[0]) == artists.find(artist)
            right, wrong = right + good, wrong + (found is not None and not good)
        print(f"{name:<46} right {right / len(pairs):6.1%}  wrong artist {wrong / len(pairs):6.1%}")
    titles = {title for _, title in pairs if len(normalise(title).split()) > 1}
    split_anyway = sum(split(title) is not None for title in titles)
    print(
        f"{'title alone (of two words or more)':<46} split though no artist is meant {split_anyway / len(titles):6.1%}"
    )
    print_times("split_query", took)


def print_times(name: str, took: list[float]) -> None:
    took = sorted(took)
    print(f"{name}: p50 {statistics.median(took):.2f} ms, p99 {took[int(len(took) * 0.99)]:.2f} ms ({len(took)} calls)")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tracks", type=int, default=2000)
    asked = options.parse_args()
    process = psutil.Process()
    gc.collect()
    before, start = process.memory_info().rss, time.perf_counter()
    artists = ArtistEmbedding.load(artefacts.active("artists"))
    artists.alike("Metallica")
    took, grown = time.perf_counter() - start, process.memory_info().rss - before
    print(f"load and first answer: {took:.3f} s, {grown / 1e6:.1f} MB more resident")
    pairs = sample_tracks(Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data"), asked.tracks)
    times = []
    for artist, _ in pairs[:500]:
        start = time.perf_counter()
        artists.alike(artist)
        times.append((time.perf_counter() - start) * 1000)
    print_times("alike", times)
    report_splits(artists, pairs)


if __name__ == "__main__":
    main()
