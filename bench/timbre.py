"""How often a part of a track finds another part of the same track, by the served embedding and baselines; its cost.

    python -m bench.timbre [--networks] [--seeds 3]

It reads the analyses in TASTEMAP_DATA (default ../shared/data) and cross-validates over the tracks. With --networks the
autoencoders and the contrastive network are trained and scored too, which takes minutes. Exit code 1 if the embedding
has less than 1.3 times the recall of the moments, unless the moments themselves are served.
"""

import argparse
from collections.abc import Sequence

from bench._cost import DATA, Meter, call_times, finish, peak
from ml import artefacts
from ml.timbre.model import TimbreModel, alike
from ml.timbre.train import train as training
from ml.timbre.train.data import read
from ml.timbre.train.network import Settings
from ml.timbre.train.scores import format_table, ratio, table
from store.feature_rows import Floats


def report_cost(timbres: Sequence[Floats]) -> None:
    """Print the cost of embedding a track and of finding similar ones."""
    meter, before = Meter(), peak()
    model = TimbreModel.load(artefacts.active("timbre"))
    print(f"\n{model.version}: loaded in {meter.read().wall:.2f} s")
    print(f"placing a track: {call_times(model.predict, timbres)}; {peak() - before:.0f} MB more at the peak")
    placed = {str(number): model.predict(timbre) for number, timbre in enumerate(timbres)}
    print("sound-alikes:   ", call_times(lambda name: alike(placed, name, 10), placed))


def main() -> int:
    """Print the tables and the cost; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--networks", action="store_true", help="score the networks too")
    options.add_argument("--seeds", type=int, default=3, help="number of seeds, which draw the training stretches")
    arguments = options.parse_args()
    meter, timbres, gains = Meter(), read(DATA).timbres, []
    report_cost(timbres)
    for seed in range(1, arguments.seeds + 1):
        found = training.compare(
            timbres, Settings(seed=seed), networks=arguments.networks and seed == 1, say=lambda _: None
        )
        gain = ratio(found[training.OURS]["halves"], found[training.PLAIN]["halves"], training.SCORE_SEED)
        gains.append(gain.mean)
        print(f"\nseed {seed}, {len(timbres)} tracks, {meter.read()}")
        print(
            f"{format_table(table(found, training.SCORE_SEED))}\nrecall@1: {gain} times that of the moments", flush=True
        )
    target = f"{training.ENOUGH} times the recall@1 of the moments, or those are served ({min(gains):.2f})"
    plain = TimbreModel.load(artefacts.active("timbre")).projection.statistics == "moments"
    seeds = f"1 to {arguments.seeds}; folds and intervals {training.SCORE_SEED}"
    return finish(meter, seeds, [(target, plain or min(gains) >= training.ENOUGH)])


if __name__ == "__main__":
    raise SystemExit(main())
