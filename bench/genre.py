"""Scores of the shipped genre model and of baselines fitted in the same run, and the cost of a prediction.

Run: python -m bench.genre [--quick]        (needs the training data: ../shared/data or TASTEMAP_DATA)

--quick leaves out the gradient boosters, the nearest neighbours and the networks trained without a part of the inputs.
Exit code 1 if a target is missed, 2 if the training data is missing.
"""

import argparse
import sys

from bench._cost import DATA, Meter, call_times, finish
from ml.genre.model import GenrePredictor
from ml.genre.train import train as genre
from ml.genre.train.card import targets_of
from ml.genre.train.data import TrackTable, read
from ml.genre.train.network import Settings

QUERIES = 300


def latency(predictor: GenrePredictor, table: TrackTable) -> None:
    """Print the cost of one track; each is predicted only once, so that no name is cached from an earlier call."""
    inputs = [table.input(row) for row in table.rows("test")]
    step = len(inputs) // (2 * QUERIES)
    guess = predictor.genres[0]
    predictor.explain(inputs[-1], guess)
    tracks = inputs[:: 2 * step][:QUERIES]
    print("predict, one track:", call_times(lambda track: predictor.predict([track]), tracks))
    others = inputs[step :: 2 * step][:QUERIES]
    print("explain, one track:", call_times(lambda track: predictor.explain(track, guess), others))


def main() -> int:
    """Print the latency, the tables, seed, time, memory and the targets; return the exit code given above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    meter, settings = Meter(), Settings()
    try:
        table = read(DATA)
    except FileNotFoundError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    predictor = GenrePredictor.active()
    latency(predictor, table)
    task, _ = genre.prepare(table, predictor.taxonomy, settings)
    report = genre.score_all(predictor, table, print, task=task, thorough=not arguments.quick)
    return finish(meter, str(settings.seed), targets_of(report))


if __name__ == "__main__":
    sys.exit(main())
