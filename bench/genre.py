"""The genre model that ships beside plain models fitted here and now, and what an answer costs.

Run: python -m bench.genre [--quick]        (needs the training data: ../shared/data or TASTEMAP_DATA)

--quick leaves out the gradient boosters, the nearest neighbours and the networks trained without a part.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ml.genre import GenrePredictor
from ml.train import genre
from ml.train.genre_data import DataMissingError, TrackTable, read
from ml.train.genre_network import Settings

DATA = Path(os.environ.get("TASTEMAP_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
ASKED = 300


def milliseconds(call: Callable[[int], object]) -> str:
    """Return median and 90th percentile of ``call(i)`` for ``i`` of 0 to ASKED - 1."""
    taken = []
    for number in range(ASKED):
        started = time.perf_counter()
        call(number)
        taken.append(1e3 * (time.perf_counter() - started))
    return f"median {statistics.median(taken):.2f} ms, p90 {statistics.quantiles(taken, n=10)[-1]:.2f} ms"


def latency(predictor: GenrePredictor, table: TrackTable) -> None:
    """Print what one track costs, each asked once, so that no name is remembered from the time before."""
    inputs = [table.input(row) for row in table.rows("test")]
    step = len(inputs) // (2 * ASKED)
    guess = predictor.genres[0]
    predictor.explain(inputs[-1], guess)
    print("predict, one track:", milliseconds(lambda i: predictor.predict([inputs[2 * i * step]])))
    print("explain, one track:", milliseconds(lambda i: predictor.explain(inputs[(2 * i + 1) * step], guess)))


def main() -> int:
    """Print the latency, then the tables, then seed, time and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    started, settings = time.process_time(), Settings()
    try:
        table = read(DATA)
    except DataMissingError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    predictor = GenrePredictor.active()
    latency(predictor, table)
    task, _ = genre.prepare(table, predictor.taxonomy, settings)
    genre.score_all(predictor, table, print, task=task, thorough=not asked.quick)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"seed {settings.seed}; {time.process_time() - started:.0f} s of CPU; {memory:.0f} MB at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
