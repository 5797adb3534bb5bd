"""K-means per family: scores on the test split beside baselines, and what picks cost over a catalogue.

    python -m bench.families [--seeds 2] [--queries 200] [--pictures DIR]

The served version is scored family by family, with baselines fitted in the same run for each seed. Where TASTEMAP_VAR
(default var/) has a catalogue, it is put into families and asked for picks, with time and memory.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import time
from pathlib import Path

from config import ROOT, Config
from ml import artefacts
from ml.families import Families
from ml.pictures import histogram_sheet
from ml.train.families import ALL, evaluate
from store.catalogue import Catalogue, Snapshot


def memory() -> float:
    """Return the peak of resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def picks(families: Families, snapshot: Snapshot, queries: int) -> None:
    before, start = memory(), time.perf_counter()
    for segment in snapshot.segments:
        families.rows(segment, "rock")
    took = time.perf_counter() - start
    print(f"\n{len(snapshot)} tracks into families: {took:.1f} s, {memory() - before:.0f} MB more at the peak")
    chance, times, none = random.Random(1), [], 0
    for draw in range(queries):
        track = snapshot.track(snapshot.ref(chance.randrange(len(snapshot))))
        known = families.families_of((*track.labels, *track.artist_genres))
        if track.features is None or not known:
            continue
        start = time.perf_counter()
        none += len(families.pick(snapshot, track, known, draw=draw)) < len(known)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    if times:
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        print(f"picks for {len(times)} tracks: p50 {p50:.1f} ms, p99 {p99:.1f} ms; {none} had a family with none left")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--queries", type=int, default=200)
    options.add_argument("--pictures", type=Path, help="write the histograms as SVG into this folder")
    asked = options.parse_args()
    families = Families.load(artefacts.active("families"))
    snapshot = Catalogue(Config.from_env().var / "catalogue").current()
    if len(snapshot):
        picks(families, snapshot, asked.queries)
    data = Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data")
    for seed in range(1, asked.seeds + 1):
        start = time.perf_counter()
        print(f"\nseed {seed}")
        evaluate(data, artefacts.MODELS, seed)
        print(f"\n{time.perf_counter() - start:.0f} s, peak {memory():.0f} MB")
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
        path = asked.pictures / "histograms.svg"
        path.write_text(histogram_sheet(families.histograms[ALL], {}, "Audio features of the tracks learnt from"))
        print(path)


if __name__ == "__main__":
    main()
