"""Playlist continuation beside its baselines, cross-validated: python -m bench.continuation [--quick] [--seed N]

Prints the tables of R-precision, NDCG@500 and clicks, the seconds a question takes, and the memory of all.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

from config import ROOT
from ml.train import artists_data
from ml.train.continuation import QUICK
from ml.train.continuation_data import read
from ml.train.continuation_scores import Size, cross_validate, format_scores


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TASTEMAP_DATA", ROOT.parent / "shared/data")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    started = time.perf_counter()
    data = read(asked.data, artists_data.read(asked.data), seed=asked.seed)
    print(f"read {len(data.lists)} lists, {len(data.songs)} recordings in {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    scores = cross_validate(data, QUICK if asked.quick else Size(), asked.seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{format_scores(scores)}\n\nseed {asked.seed}, {time.perf_counter() - started:.0f} s, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
