"""Clusters of sound: scores on the test split with k-means and chance, for several seeds, with time and memory.

    python -m bench.clusters [--seeds 2] [--sweep]

Affinity propagation runs on 18 tracks of each genre (about 2,000); 10,000 balanced tracks are then assigned to the
nearest exemplar. `--sweep` tries every preference, as training does; without it only that of the served version is
tried. Exit code 1 if 10,000 points take more than 5 minutes of processor time or 2 GB. Data: TASTEMAP_DATA, default
../shared/data.
"""

import argparse
from dataclasses import replace

from bench._cost import DATA, Cost, Meter, call_times, finish, peak
from ml import artefacts
from ml.clusters.model import Clusters
from ml.clusters.train.scores import format_table
from ml.clusters.train.study import Settings, format_sweep
from ml.clusters.train.train import VERSION, fit
from ml.taxonomy.model import Taxonomy
from ml.train.sound_data import SoundTable, read

POINTS, LONGEST_S, MOST_MB = 10_000, 300.0, 2000.0


def preference_of(clusters: Clusters) -> float:
    """Return the preference, of those that training tries, that is nearest to the served version's.

    It is a multiple of the median similarity.
    """
    chosen = next(step["preference"] for step in clusters.settings["sweep"] if step["elbow"])
    last = clusters.settings["sweep"][-1]["preference"]
    tried = Settings().preferences
    return min(tried, key=lambda multiple: abs(multiple / tried[-1] - chosen / last))


def run(table: SoundTable, settings: Settings, seed: int) -> tuple[int, Cost]:
    """Fit and score with one seed; return the number of points and the cost."""
    meter = Meter()
    found = fit(table, Taxonomy.active(), VERSION, settings, seed, lambda line: None)
    cost = meter.read()
    print(f"\nseed {seed}: {found.points} points, a subsample of {found.subsample}, {cost}\n")
    if len(found.sweep) > 1:
        print(format_sweep(found) + "\n")
    print(format_table(found.results), flush=True)
    return found.points, cost


def main() -> int:
    """Print the tables and the cost; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--sweep", action="store_true")
    arguments = options.parse_args()
    meter, served, table = Meter(), Clusters.load(artefacts.active("clusters")), read(DATA)
    print(f"read {len(table)} tracks, {peak():.0f} MB")
    settings = Settings() if arguments.sweep else replace(Settings(), preferences=(preference_of(served),))
    runs = [run(table, settings, seed) for seed in range(1, arguments.seeds + 1)]
    print("\nassign one track:     ", call_times(served.assign, (table.values[row : row + 1] for row in range(200))))
    print("assign 10,000 tracks: ", call_times(served.assign, (table.values[:POINTS] for _ in range(5))))
    least, longest = min(points for points, _ in runs), max(cost.cpu for _, cost in runs)
    targets = [
        (f"{POINTS} points or more ({least})", least >= POINTS),
        (f"within {LONGEST_S:.0f} s of processor time each ({longest:.0f} s)", longest <= LONGEST_S),
        (f"within {MOST_MB:.0f} MB ({peak():.0f} MB, the table of all tracks included)", peak() <= MOST_MB),
    ]
    return finish(meter, f"1 to {arguments.seeds}", targets)


if __name__ == "__main__":
    raise SystemExit(main())
