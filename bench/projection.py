"""Cost and faithfulness of a map of the catalogue.

    python -m bench.projection [--points 20000]

Needs a catalogue in TASTEMAP_VAR (default var/). It prints time, memory, trustworthiness and continuity of t-SNE and
UMAP, and the latter two of the first two principal components. It also places held-out tracks on a map made without
them, and prints their distance from their places on the map of all. Exit code 1 if a method takes more than 2 minutes.
"""

import argparse
import sys

import numpy as np

from bench._cost import Meter
from config import Config
from ml.jobs import silent
from ml.projection.model import METHODS, Projection, faithfulness
from ml.projection.train.train import compute, drawn_from
from store.catalogue.catalogue import Catalogue

SECONDS = 120.0
HELD_BACK = 500


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()
    snapshot = Catalogue(Config.from_env().var / "catalogue").current()
    tracks, places, available = drawn_from(snapshot, arguments.points, arguments.seed)
    print(f"{len(tracks)} points of {available} recordings, seed {arguments.seed}")
    centred = places - places.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    print("  pca    trustworthiness {:.3f}, continuity {:.3f}".format(*faithfulness(places, centred @ axes.T)))
    missed = False
    for method in METHODS:
        meter = Meter()
        maps, scores = compute(places, [method], arguments.seed, silent)
        cost = meter.read()
        score = scores[method]
        print(
            f"  {method:<6} trustworthiness {score['trustworthiness']:.3f}, continuity {score['continuity']:.3f}; "
            f"{cost}",
            flush=True,
        )
        print(f"         new points: {placed_apart(places, maps[method], method):.4f} of the map's width off (median)")
        missed |= cost.wall > SECONDS
    return int(missed)


def placed_apart(places: np.ndarray, mapped: np.ndarray, method: str) -> float:
    """Place the first HELD_BACK points on the map of the others; return their median distance from ``mapped``.

    ``places`` (n, d) are the points in sound space and ``mapped`` (n, 2) those on the map, which is 2 wide. The result
    is a share of its width.
    """
    kept, back = np.arange(HELD_BACK, len(places)), np.arange(HELD_BACK)
    texts = tuple("" for _ in kept)
    without = Projection(
        ids=texts, titles=texts, artists=texts, families=texts,
        places=places[kept], maps={method: mapped[kept]}, about={},
    )  # fmt: skip
    apart = np.linalg.norm(without.place(places[back], method) - mapped[back], axis=1)
    return float(np.median(apart)) / 2


if __name__ == "__main__":
    sys.exit(main())
