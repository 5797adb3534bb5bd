"""Whose track: the network beside chance, majority, nearest neighbours and gradient boosters, and what asking costs.

Run: python -m bench.contributors        (needs the training data: ../shared/data or TASTEMAP_DATA)
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ml import artefacts
from ml.contributors import Contributors
from ml.shelf import Shelf
from ml.train import contributors
from ml.train.contributors_data import DataMissingError, read_likes
from ml.train.contributors_model import fit
from ml.train.contributors_settings import read

DATA = Path(os.environ.get("TASTEMAP_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
ASKED = 200
GAIN, AS_GOOD, FASTER = 0.02, 0.005, 2.0  # of the issue: so much AUC above a booster, or as good and faster


def asking() -> str:
    """Train once on all likes and return what one question costs: reading the track, and the network."""
    settings, added = read(), read_likes(DATA)
    reader = contributors.reader_of(Shelf(), settings.inputs)
    tracks = added.tracks(reader)
    made = fit(tracks, len(added.people), settings, lambda: None)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        written = contributors.described(made, reader, added, "bench", settings)
        files = contributors.save(made, models / "contributors" / "bench", written, tracks)
        artefacts.register("contributors", "bench", files, models)
        model = Contributors.load(models / "contributors" / "bench")
    taken = []
    for one in added.inputs[:ASKED]:
        started = time.perf_counter()
        model.odds(reader.blocks([one]))
        taken.append(1e3 * (time.perf_counter() - started))
    return f"median {np.median(taken):.2f} ms, p90 {np.quantile(taken, 0.9):.2f} ms"


def main() -> int:
    """Print the tables, whether the mark is kept, and time and memory; 1 where it is missed."""
    settings = read()
    try:
        found = contributors.study(DATA, artefacts.MODELS, settings, print, ablate=False)
    except DataMissingError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    gap = found.differences[contributors.BOOSTER][0]
    same = found.differences[contributors.BOOSTER_ALL][0]
    ratio = found.table[contributors.BOOSTER_ALL].seconds / found.table[contributors.NETWORK].seconds
    kept = gap >= GAIN or (same >= -AS_GOOD and ratio >= FASTER)
    print(f"booster on the same inputs: {ratio:.1f} times the network's training time")
    print(f"answers {found.not_sure['answered']:.0%} of the tracks, {found.not_sure['right']:.0%} of them rightly")
    print("ask about one track:", asking())
    print(f"seed {settings.seed}; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
    print("mark kept" if kept else "mark missed")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
