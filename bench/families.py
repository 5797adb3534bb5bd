"""K-means for each genre family: scores on the test split against baselines, and the cost of picks from a catalogue.

    python -m bench.families [--seeds 2] [--queries 200]

First the tracks of a catalogue are sorted into families and picks are drawn from them. The catalogue is that of
TASTEMAP_VAR (default var/) if it is a full one; if not, one is built for this run. Then the served version is scored
family by family against baselines, which are fitted anew for each seed. Exit code 1 if a family that occurs has no
model, or if the same seed gives different picks.
"""

import argparse
import random
from collections.abc import Sequence

from bench._cost import DATA, Meter, call_times, finish
from bench.catalogue import full_catalogue
from ml import artefacts
from ml.families.model import Families
from ml.families.train.train import evaluate, occurring_families
from ml.train.sound_data import read
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import Track

SEED = 1
Query = tuple[Track, Sequence[str], int]


def draw_queries(families: Families, snapshot: Snapshot, count: int) -> list[Query]:
    """Draw tracks that have families and features; return each with its families and the seed for its picks."""
    chance, found = random.Random(SEED), list[Query]()
    for draw in range(count):
        track = snapshot.track(snapshot.ref(chance.randrange(len(snapshot))))
        known = families.families_of((*track.labels, *track.artist_genres))
        if track.features is not None and known:
            found.append((track, known, draw))
    return found


def picks(families: Families, snapshot: Snapshot, count: int) -> bool:
    """Print the cost of picks; return whether the same seeds give the same picks again."""
    meter = Meter()
    for segment in snapshot.segments:
        families.rows(segment, "rock")
    print(f"\n{len(snapshot)} tracks into families: {meter.read()}")
    queries = draw_queries(families, snapshot, count)

    def pick(query: Query) -> list[str]:
        track, known, draw = query
        return [found.ref.segment + str(found.ref.row) for found in families.pick(snapshot, track, known, draw=draw)]

    print("a fresh pick for each family:", call_times(pick, queries))
    made = [pick(query) for query in queries]
    short = sum(len(found) < len(query[1]) for found, query in zip(made, queries, strict=True))
    print(f"of {len(queries)} tracks, {short} had a family with none left")
    return made == [pick(query) for query in queries]


def main() -> int:
    """Print the tables and the cost; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--queries", type=int, default=200)
    arguments = options.parse_args()
    meter, families = Meter(), Families.load(artefacts.active("families"))
    with full_catalogue() as var:
        same = picks(families, Catalogue(var / "catalogue").current(), arguments.queries)
    for seed in range(1, arguments.seeds + 1):
        print(f"\nseed {seed}", flush=True)
        evaluate(DATA, artefacts.MODELS, seed)
    occurring = occurring_families(read(DATA), families.taxonomy)
    targets = [
        (f"each of {len(occurring)} families that occur has a model", occurring <= families.models.keys()),
        ("equal seeds, equal picks", same),
    ]
    return finish(meter, f"1 to {arguments.seeds}; picks {SEED}", targets)


if __name__ == "__main__":
    raise SystemExit(main())
