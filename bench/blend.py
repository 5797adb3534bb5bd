"""How fair lists for several people are, by method, and what one costs.

    python -m bench.blend [--groups 30]

Needs a catalogue in TASTEMAP_VAR (default var/) and the playlists of TASTEMAP_DATA. A group is three people, each with
the tracks of one held-out playlist (split `test`) of ten known tracks or more, drawn with a fixed seed. Printed for
each method: satisfaction of everybody and of the least satisfied (means over a list of 20, 0 to 1).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import time
from pathlib import Path

from config import ROOT, Config
from ml import artefacts
from ml.artists import ArtistEmbedding
from ml.blend import Blend, Listener, Wish, blend
from ml.fairness import Method
from ml.neighbours import Neighbours
from store.catalogue import Catalogue, Snapshot

SEED, PEOPLE, LENGTH = 1, 3, 20


def groups(folder: Path, snapshot: Snapshot, count: int) -> list[list[Listener]]:
    lists = {}
    with gzip.open(folder / "playlists.jsonl.gz", "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            if raw["split"] == "test":
                known = [snapshot.track(ref) for ref in map(snapshot.find, raw["tracks"]) if ref is not None]
                if len(known) >= 10:
                    lists[f"{raw['source']} {raw['group']}"] = Listener(str(raw["pid"]), str(raw["pid"]), tuple(known))
    rng = random.Random(SEED)
    return [rng.sample([lists[name] for name in sorted(lists)], PEOPLE) for _ in range(count)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--groups", type=int, default=30)
    asked = options.parse_args()
    folder = Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data")
    snapshot = Catalogue(Config.from_env().var / "catalogue").current()
    neighbours = Neighbours(ArtistEmbedding.load(artefacts.active("artists")))
    drawn = groups(folder, snapshot, asked.groups)
    print(f"{len(drawn)} groups of {PEOPLE}, {LENGTH} tracks each, seed {SEED}, {len(snapshot)} tracks to choose from")
    for method in Method:
        began, made = time.perf_counter(), list[Blend]()
        for people in drawn:
            known = [track for one in people for track in one.tracks]
            made.append(blend(neighbours, snapshot, people, Wish(method=method, length=LENGTH, known=known)))
        took = (time.perf_counter() - began) / len(drawn)
        mean = statistics.mean(share.mean for one in made for share in one.shares)
        least = statistics.mean(min(share.mean for share in one.shares) for one in made)
        print(f"  {method:<14} everybody {mean:.3f}, the least satisfied {least:.3f}; {took:.2f} s a list")


if __name__ == "__main__":
    main()
