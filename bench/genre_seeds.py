"""Compares networks of the genre model that differ only in their seed, by their scores on ``valid``.

    python -m bench.genre_seeds [1 2 3 4]        (needs the training data: ../shared/data or TASTEMAP_DATA)

It trains the networks of ``python -m ml train genre`` without the baselines, and writes no file. The shipped seed is
the one with the least log-loss when every input is known. A seed takes some minutes on two cores.
"""

import sys
from dataclasses import replace

from bench._cost import DATA
from ml import artefacts
from ml.genre.train.data import read
from ml.genre.train.network import Settings
from ml.genre.train.scores import format_table
from ml.genre.train.train import evaluate_predictor, fit
from ml.taxonomy.model import Taxonomy


def main(seeds: list[int]) -> int:
    """Print a table of scores for each seed."""
    try:
        table, taxonomy = read(DATA), Taxonomy.active(artefacts.MODELS)
    except FileNotFoundError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    for seed in seeds:
        made = fit(table, taxonomy, replace(Settings(), seed=seed), print, f"seed {seed}")
        print(f"seed {seed}\n{format_table(evaluate_predictor(made.predictor(taxonomy), table, 'valid'))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main([int(seed) for seed in sys.argv[1:]] or [1, 2, 3, 4]))
