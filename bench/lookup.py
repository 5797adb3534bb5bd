"""Time to look up an unknown track when every answer of a music service takes 300 ms.

    python -m bench.lookup [--tracks 8] [--latency 0.3]

The application runs under gunicorn over the full catalogue (see bench.catalogue). The requests are those of the page:
/genre-predict and /recommend at once, for songs that only the fake services of the tests know. All sources that need no
key are on, with their real limits (MusicBrainz one call a second). A pause between two songs stands for typing. `cold`
is the first request of a song, `again` the second one, after all songs. The limit is 3 s.
"""

import argparse
import json
import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import quote
from urllib.request import urlopen

from bench.catalogue import full_catalogue
from bench.serving import served
from config import ROOT
from tests.fake_services.fixtures import FakeServices

LIMIT_S, PAUSE_S = 3.0, 4.0
PATHS = ("/genre-predict", "/recommend")
SOURCES = ("deezer", "itunes", "musicbrainz", "listenbrainz", "listenbrainz_labs", "acousticbrainz", "reccobeats")


@contextmanager
def services(latency_s: float) -> Iterator[FakeServices]:
    """Run the fake services, and set the environment so that an application started now uses them."""
    fakes = FakeServices()
    for service in fakes.all:
        service.start()
    fakes.set_latency(latency_s)
    os.environ |= fakes.environment | {"TASTEMAP_SOURCES": ",".join(SOURCES)}
    yield fakes
    for service in fakes.all:
        service.stop()


def ask(port: int, words: str) -> list[tuple[float, dict]]:
    """Send both requests at once; return seconds and body of each."""

    def timed(path: str) -> tuple[float, dict]:
        begin = time.perf_counter()
        with urlopen(f"http://127.0.0.1:{port}{path}?q={quote(words)}") as answer:
            body = json.load(answer)
        return time.perf_counter() - begin, body

    with ThreadPoolExecutor(len(PATHS)) as pool:
        return list(pool.map(timed, PATHS))


def report(name: str, answers: Sequence[list[tuple[float, dict]]]) -> bool:
    """Print the times of each request and what the answers held; return whether all are within the limit."""
    kept = True
    for path, of_path in zip(PATHS, zip(*answers, strict=True), strict=True):
        took = sorted(seconds for seconds, _ in of_path)
        bodies = [body for _, body in of_path]
        found = sum(body.get("match", {"kind": "source"})["kind"] == "source" for body in bodies)
        parts = [sum(bool(body.get(part)) for body in bodies) for part in ("features", "fetched")]
        late = Counter(
            f"{line['title']} {line['need']} {line['status']}"
            for body in bodies
            for line in body["sources"]
            if line["status"] in {"failed", "limited"}
        )
        what = f"{parts[0]} with features" if path == PATHS[0] else f"{parts[1]} with lists of sources"
        print(
            f"{name:>6} {path:15} p50 {statistics.median(took):.2f} s, worst {took[-1]:.2f} s; "
            f"of {len(bodies)}: {found} found, {what}, missing {dict(late) or 'nothing'}"
        )
        kept &= took[-1] < LIMIT_S
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds that every answer of a service takes")
    arguments = parser.parse_args()
    with services(arguments.latency) as fakes, full_catalogue(), served("app:create_app()", ROOT) as (port, _):
        songs = [song for song in fakes.world.songs if "Glass Tide" not in song.title][: arguments.tracks + 1]
        first, *queries = [f"{song.title} {song.artist.name}" for song in songs]
        ask(port, first)  # loads the models and starts the database
        cold = []
        for words in queries:
            time.sleep(PAUSE_S)
            cold.append(ask(port, words))
        kept = report("cold", cold)
        kept &= report("again", [ask(port, words) for words in queries])
    print(f"within {LIMIT_S:g} s: {'yes' if kept else 'NO'}")


if __name__ == "__main__":
    main()
