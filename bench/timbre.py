"""How often a part of a track finds another part of it, the served embedding beside plain statistics; and its cost.

    python -m bench.timbre [--networks] [--seeds 3]

Reads the analyses in TASTEMAP_DATA (default ../shared/data). Tracks are left out in turn. With --networks the
autoencoders are trained and scored too, which takes minutes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from config import ROOT
from ml import artefacts
from ml.timbre import TimbreModel, alike
from ml.train import timbre as training
from ml.train.timbre_data import read
from ml.train.timbre_network import Settings
from ml.train.timbre_scores import format_table, ratio, table


def report_cost(timbres: Sequence) -> None:
    """Print what placing a track and finding sound-alikes take."""
    memory = psutil.Process().memory_info().rss
    started = time.perf_counter()
    model = TimbreModel.load(artefacts.active("timbre"))
    print(f"\n{model.version}: loaded in {time.perf_counter() - started:.2f} s")
    started = time.perf_counter()
    placed = {str(number): model.place(timbre) for number, timbre in enumerate(timbres)}
    took = (time.perf_counter() - started) / len(placed)
    print(
        f"placing a track: {1000 * took:.1f} ms; memory +{(psutil.Process().memory_info().rss - memory) / 1e6:.0f} MB"
    )
    started = time.perf_counter()
    for name in placed:
        alike(placed, name, 10)
    print(f"sound-alikes among {len(placed)}: {1000 * (time.perf_counter() - started) / len(placed):.2f} ms")


def main() -> int:
    """Print the tables; 1 where the served embedding has less than 1.3 times the recall of the moments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--networks", action="store_true", help="score the autoencoders too")
    parser.add_argument("--seeds", type=int, default=3, help="draws of the stretches learnt from")
    options = parser.parse_args()
    timbres = read(Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data")).timbres
    gains = []
    for seed in range(1, options.seeds + 1):
        started = time.perf_counter()
        found = training.compare(
            timbres, Settings(seed=seed), networks=options.networks and seed == 1, say=lambda _: None
        )
        gain = ratio(found[training.OURS]["halves"], found[training.PLAIN]["halves"], training.SCORE_SEED)
        gains.append(gain.mean)
        print(f"\nseed {seed}, {len(timbres)} tracks, {time.perf_counter() - started:.0f} s")
        print(f"{format_table(table(found, training.SCORE_SEED))}\nrecall@1 beside the moments: {gain} times")
    report_cost(timbres)
    return int(min(gains) < training.ENOUGH)


if __name__ == "__main__":
    raise SystemExit(main())
