"""Search over the full catalogue: its accuracy, the latency of the running server, and its memory.

    python -m bench.search [--tracks 400] [--typed 60]

The catalogue is the one in TASTEMAP_VAR (default var/) if it is a full one; if not, one is built for this run from
../shared/data/tracks.csv.gz. There are three parts: the share of queries of several kinds that find the right
recording first; the memory that an opened and searched catalogue adds to a process; and the latency of the application
under gunicorn for every prefix of typed titles and artists. Its limit is 30 ms at the 99th percentile.
"""

import argparse
import random
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from bench._queries import SEED, cases, sample_tracks, with_typo
from bench.catalogue import full_catalogue
from bench.serving import ask, served
from config import ROOT
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import Track
from store.text import recording_key

LIMIT_MS, TOP = 30.0, 5
MEMORY = """
import random, sys
from pathlib import Path
import psutil
def report(what):
    memory = psutil.Process().memory_full_info()
    print(f"{what:42s} {memory.rss / 1e6:4.0f} MB resident, {memory.uss / 1e6:4.0f} MB of its own")
import numpy, hashlib, json, logging, unicodedata
report("Python and numpy")
from store.catalogue.catalogue import Catalogue
report("+ tantivy and rapidfuzz imported")
snapshot = Catalogue(Path(sys.argv[1])).current()
report(f"+ catalogue of {len(snapshot)} tracks opened")
for query in sys.stdin.read().splitlines():
    for hit in snapshot.search(query):
        snapshot.track(hit.ref)
report("+ 1,000 searches")
"""


def relevance(snapshot: Snapshot, tracks: list[Track], rng: random.Random) -> None:
    """Print for each kind of query how often the right recording is first and among the first five."""
    places: dict[str, list[int]] = defaultdict(list)
    for case in cases(tracks, rng):
        found = (snapshot.track(hit.ref) for hit in snapshot.search(case.query, TOP))
        keys = [recording_key(track.title, track.first_artist) for track in found]
        places[case.kind].append(keys.index(case.wanted) if case.wanted in keys else TOP)
    for kind, found_at in places.items():
        first, top = (sum(place < bound for place in found_at) / len(found_at) for bound in (1, TOP))
        print(f"{kind:38s} {len(found_at):4d} queries: first {first:6.1%}, in the first five {top:6.1%}")


def as_typed(tracks: list[Track], rng: random.Random) -> list[str]:
    """Return every prefix of one query for each track; every second query has a typo."""
    typed = []
    for at, track in enumerate(tracks):
        names = [track.title, track.artists[0]]
        rng.shuffle(names)
        query = " ".join(names)[:60]
        query = with_typo(query, rng) if at % 2 else query
        typed += [query[:end] for end in range(1, len(query) + 1)]
    return typed


def latency(typed: list[str], connections: int) -> bool:
    """Request all of ``typed``; print the percentiles and the worker's memory; return whether p99 is in the limit."""
    paths = [f"/api/search?q={quote(query)}&limit=10" for query in typed if query.strip()]
    with served("app:create_app()", ROOT) as (port, worker):
        ask(port, paths[:50])
        with ThreadPoolExecutor(connections) as pool:
            parts = pool.map(lambda part: ask(port, part), [paths[at::connections] for at in range(connections)])
            seconds = sorted(taken for part in parts for taken in part)
        memory = worker.memory_info().rss / 1e6
    p50, p95, p99 = (1000 * seconds[int(len(seconds) * share)] for share in (0.50, 0.95, 0.99))
    print(f"{len(seconds)} requests as typed, {connections} at a time: p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms")
    print(f"web process afterwards: {memory:.0f} MB resident")
    return p99 <= LIMIT_MS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=400, help="tracks that each kind of query is made for")
    parser.add_argument("--typed", type=int, default=120, help="queries typed letter by letter")
    arguments = parser.parse_args()
    rng = random.Random(SEED)
    with full_catalogue() as var:
        snapshot = Catalogue(var / "catalogue").current()
        tracks = sample_tracks(snapshot, arguments.tracks, rng)
        relevance(snapshot, tracks, rng)
        typed = as_typed(rng.sample(tracks, min(arguments.typed, len(tracks))), rng)
        lines = "\n".join(rng.choices(typed, k=1000))
        command = [sys.executable, "-c", MEMORY, str(var / "catalogue")]
        subprocess.run(command, input=lines, text=True, check=True, cwd=ROOT)
        quick = latency(typed, 1)
        latency(typed, 4)
    if not quick:
        raise SystemExit(f"over {LIMIT_MS:.0f} ms at the 99th percentile")


if __name__ == "__main__":
    main()
