"""Accuracy of sorting tracks into playlists, compared with baselines, and the cost of a decision among many tracks.

    python -m bench.triage [--people 200]

People are simulated from held-out playlists (split `test` of TASTEMAP_DATA) and from real libraries, with fixed seeds.
The cost is measured with 10,000 tracks to sort into 20 playlists of 100. Exit code 1 if a baseline makes at least as
many right proposals, if the calibration error is above 0.05, or if the odds after a decision take more than a second of
processor time.
"""

import argparse
import time
from dataclasses import replace

from bench._cost import DATA, Meter, finish
from ml import artefacts
from ml.artists.train.data import read_tables
from ml.triage.heap import Heap, Standing
from ml.triage.model import Triage
from ml.triage.train import persons
from ml.triage.train.scores import OURS, compare, format_table
from ml.triage.train.train import Settings, reader_of, scored
from store.domain import FEATURE_BOUNDS, AudioFeatures, Track
from store.text import split_artists

SEED, HEAP, PLAYLISTS, LENGTH = 1, 10_000, 20, 100
MOST_ECE, MOST_SECONDS = 0.05, 1.0


def tracks(count: int) -> list[Track]:
    """Draw ``count`` tracks from the table."""
    rows = read_tables(DATA)[0].sample(count, random_state=SEED).to_dict("records")
    return [
        Track(
            id=row["track_id"],
            title=str(row["track_name"]),
            artists=split_artists(row["artist"]),
            features=AudioFeatures(
                values={name: row[name] for name, (low, high) in FEATURE_BOUNDS.items() if low <= row[name] <= high},
                source="table",
            ),
        )
        for row in rows
    ]


def long_heap(model: Triage) -> float:
    """Print the cost of a heap of 10,000 tracks; return the processor seconds for the odds after a decision."""
    drawn = tracks(HEAP + PLAYLISTS * LENGTH)
    lists = {str(n): drawn[HEAP + n * LENGTH : HEAP + (n + 1) * LENGTH] for n in range(PLAYLISTS)}
    meter = Meter()
    heap = Heap(model, reader_of(artefacts.MODELS), drawn[:HEAP], lists)
    members = {name: [track.id for track in listed] for name, listed in lists.items()}
    heap.odds(Standing(members, {}, 0, 0))
    print(f"\n{HEAP} tracks beside {PLAYLISTS} playlists of {LENGTH}: read and weighed in {meter.read()}")
    start = time.process_time()
    heap.odds(Standing({**members, "0": [*members["0"], drawn[0].id]}, {}, 0, 1))
    taken = time.process_time() - start
    print(f"the odds after a decision: {1e3 * taken:.0f} ms of CPU")
    return taken


def main() -> int:
    """Print the scores and the costs; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=Settings().scored)
    arguments = options.parse_args()
    meter, model = Meter(), Triage.load(artefacts.active("triage"))
    songs = persons.read(DATA, reader_of(artefacts.MODELS))
    test, libraries = scored(songs, model, replace(Settings(), scored=arguments.people), SEED)
    table = compare(model, test)
    print(f"{arguments.people} people, {sum(len(case.answers) for case in test)} tracks\n\n{format_table(table)}")
    print(f"\nreal libraries\n\n{format_table(compare(model, libraries))}")
    seconds = long_heap(model)
    best = max(scores.right for name, scores in table.items() if name != OURS)
    targets = [
        (f"more right proposals than any baseline ({best:.3f})", table[OURS].right > best),
        (f"calibration error at most {MOST_ECE}", table[OURS].ece <= MOST_ECE),
        (f"a decision in a long heap in {MOST_SECONDS:g} s", seconds <= MOST_SECONDS),
    ]
    return finish(meter, str(SEED), targets)


if __name__ == "__main__":
    raise SystemExit(main())
