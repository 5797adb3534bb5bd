"""Clusters of sound: scores on the test split beside k-means and chance, for several seeds, with time and memory.

    python -m bench.clusters [--seeds 2] [--sweep] [--pictures DIR]

Messages pass among a subsample of 18 tracks of each genre (about 2,000); 10,000 balanced tracks then go to the nearest
exemplar. `--sweep` tries every preference, as training does; else only that of the served version. Exit code 1
where 10,000 points take more than 5 minutes or 2 GB. Data: TASTEMAP_DATA, default ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from config import ROOT
from ml import artefacts
from ml.clusters import Clusters
from ml.pictures import heat_map
from ml.taxonomy import Taxonomy
from ml.train.clusters import VERSION, Settings, fit, preference_of
from ml.train.clusters_card import format_sweep
from ml.train.clusters_scores import format_table
from ml.train.sound_data import SoundTable, read

LONGEST_S, MOST_MB = 300.0, 2000.0


def run(table: SoundTable, settings: Settings, seed: int) -> tuple[float, float]:
    """Fit and score with one seed; return seconds and the peak of memory (MB) so far."""
    start = time.perf_counter()
    found = fit(table, Taxonomy.active(), VERSION, settings, seed, lambda line: None)
    took, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"\nseed {seed}: {found.points} points, messages among {found.heard}, {took:.0f} s, peak {peak:.0f} MB\n")
    if len(found.sweep) > 1:
        print(format_sweep(found) + "\n")
    print(format_table(found.results))
    return took, peak


def assign_speed(clusters: Clusters, table: SoundTable) -> None:
    start = time.perf_counter()
    clusters.assign(table.values[:10_000])
    whole = time.perf_counter() - start
    start = time.perf_counter()
    for row in range(200):
        clusters.assign(table.values[row : row + 1])
    print(f"\nassign: 10,000 tracks {whole * 1000:.0f} ms, one track {(time.perf_counter() - start) * 5:.2f} ms")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--sweep", action="store_true")
    options.add_argument("--pictures", type=Path, help="write the heat maps as SVG into this folder")
    asked = options.parse_args()
    served = Clusters.load(artefacts.active("clusters"))
    table = read(Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data"))
    print(f"read {len(table)} tracks, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")
    settings = Settings() if asked.sweep else replace(Settings(), preferences=(preference_of(served),))
    runs = [run(table, settings, seed) for seed in range(1, asked.seeds + 1)]
    assign_speed(served, table)
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
        columns = [str(number + 1) for number in range(len(served))]
        for of, rows in (("family", served.settings["families"]), ("genre", served.settings["genres"])):
            path = asked.pictures / f"clusters-{of}.svg"
            path.write_text(heat_map(rows, columns, served.shares(of), f"Share of each {of}'s tracks by cluster"))
            print(path)
    took, peak = np.max(runs, axis=0)
    return int(took > LONGEST_S or peak > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
