"""Scores of playlist continuation and baselines on held-out playlists, and the cost of a request.

    python -m bench.continuation [--quick] [--seed N] [--serving]

It prints R-precision, NDCG@500 and clicks. Then a fresh process serves all of tracks.csv.gz (or the catalogue in
TASTEMAP_VAR if it is a full one), and it prints the memory and the seconds of GET /api/playlists/<id>/next, for the
shipped version and for one trained on playlists of the data. ``--serving`` prints only this part. Exit code 1 if a
target of the scores is missed.
"""

import argparse
import gzip
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from bench._cost import DATA, Meter, finish, peak
from bench.catalogue import full_catalogue
from bench.serving import ask, processor_seconds, served
from config import ROOT, Config
from ml.jobs import Job
from ml.registry import ModelRegistry
from store.catalogue.catalogue import Catalogue, Snapshot
from store.database import PAGE_ITEMS, open_database
from store.domain import Playlist, PlaylistItem, Track

_LOOK_S, _IDLE_S = 3.0, 0.1  # a process that takes no more processor time between two looks is idle
LEARNT, SERVED, SOURCES = 120, 12, {"tidytuesday", "editorial"}  # playlists to train on and to continue; their sources


def scores(folder: Path, seed: int, quick: bool) -> list[tuple[str, bool]]:
    """Train and score the model and the baselines, print the tables, and return each target and whether it is met."""
    from ml.artists.train import data as artists_data
    from ml.continuation.train.data import read
    from ml.continuation.train.scores import Size, format_scores, score, targets
    from ml.continuation.train.train import QUICK

    started = time.perf_counter()
    data = read(folder, artists_data.read(folder), seed=seed)
    print(f"read {len(data.lists)} lists, {len(data.songs)} recordings in {time.perf_counter() - started:.0f} s")
    found = score(data, QUICK if quick else Size(), seed)
    print(f"\n{format_scores(found)}")
    return targets(found)


def serving(folder: Path) -> None:
    """Continue playlists over the full catalogue with the shipped version, then with one trained on the data."""
    with full_catalogue() as full, tempfile.TemporaryDirectory() as name:
        var = Path(name)
        shutil.copytree(full / "catalogue", var / "catalogue")
        os.environ["TASTEMAP_VAR"] = name
        os.environ.pop("MONGODB_URI", None)
        work = (
            "import sys; from pathlib import Path; from bench.continuation import prepare; prepare(Path(sys.argv[1]))"
        )
        trained = subprocess.run([sys.executable, "-c", work, folder], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        user_trained, *ids = trained.stdout.decode().split()
        registry = ModelRegistry(Config.from_env().models, var / "models")
        for version in (registry.active_version("continuation"), user_trained):
            registry.activate("continuation", version)
            measure(version, [f"/api/playlists/{playlist}/next" for playlist in ids])


def prepare(folder: Path) -> None:
    """Store playlists of the data, train on them, and print the new version and the ids of the served playlists."""
    from ml.continuation.train.user_trained import train_own

    config = Config.from_env()
    catalogue, database = Catalogue(config.var / "catalogue"), open_database(config.var)
    try:
        ids = [f"bench{at}" for at in range(LEARNT)]
        for name, tracks in zip(ids, known_lists(folder, catalogue.current()), strict=False):
            track_ids = list(dict.fromkeys(track.id for track in tracks))
            items = [PlaylistItem(position=at, track_id=track_id) for at, track_id in enumerate(track_ids)]
            database.put_tracks(list({track.id: track for track in tracks}.values()))
            database.put_page(name, 0, items[:PAGE_ITEMS])
            database.put_playlist(Playlist(id=name, name=name, item_count=len(items), complete=True))
        registry = ModelRegistry(config.models, config.var / "models")
        result = train_own(Job(database=database, catalogue=catalogue, registry=registry, var=config.var))
        # No scores are printed: the shipped rankers were trained on the same lists.
        report = f"trained on {LEARNT} lists: {result['served']} is served; peak {peak():.0f} MB"
        print(report, file=sys.stderr)
        print(result["version"], *ids[:SERVED])
    finally:
        database.close()


def known_lists(folder: Path, snapshot: Snapshot) -> Iterator[list[Track]]:
    """Yield the playlists with 20 to 100 tracks that the catalogue knows, as these tracks."""
    with gzip.open(folder / "playlists.jsonl.gz", "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            known = [snapshot.track(ref) for ref in map(snapshot.find, raw["tracks"]) if ref is not None]
            if 20 <= len(known) <= PAGE_ITEMS and raw["source"] in SOURCES:
                yield known


def measure(version: str, paths: Sequence[str]) -> None:
    """Request ``paths`` from a server of one worker; print its times and its memory."""
    with served("app:create_app()", ROOT) as (port, worker):
        wait_until_idle(worker)
        first = ask(port, paths[:1])[0]
        before = processor_seconds(worker)
        times = ask(port, paths)
        cpu = (processor_seconds(worker) - before) / len(paths)
        memory = worker.memory_full_info()
        print(
            f"{version}: {statistics.median(times):.2f} s a request, {cpu:.2f} s of CPU, the first one {first:.2f} s; "
            f"web process {memory.rss / 1e6:.0f} MB resident, {memory.uss / 1e6:.0f} MB of its own"
        )


def wait_until_idle(worker: psutil.Process) -> None:
    """Return when a web process has prepared its first answers, which it does beside the requests."""
    before = -math.inf
    while (now := processor_seconds(worker)) - before > _IDLE_S:
        before = now
        time.sleep(_LOOK_S)


def main() -> int:
    """Run the benchmark; return the exit code given above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--serving", action="store_true")
    arguments = parser.parse_args()
    meter, targets = Meter(), []
    if not arguments.serving:
        targets = scores(arguments.data, arguments.seed, arguments.quick)
    serving(arguments.data)
    return finish(meter, str(arguments.seed), targets)


if __name__ == "__main__":
    sys.exit(main())
