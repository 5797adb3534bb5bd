"""Speed of imports on one core and on all, and of a catalogue of a million tracks compared with the whole table.

    python -m bench.scale [--files FOLDER] [--slices 16] [--cores N] [--repeats 3]
    python -m bench.scale --tracks 1000000 [--seconds 60] [--clients 8]

Each import is its own process with an empty store, alternately on one core and on all. The embedded database works on
the same cores. The medians of the ratios of elapsed times count. They include the start of the processes, which takes
seconds whatever is imported; for the slices the ratio without it is printed too.

With ``--tracks`` a table of that many generated tracks is imported and built into a catalogue. Two workers serve it,
and two others serve the whole table. Clients request searches and recommendations from both in turn (A B A B ...), each
track once. Exit code 1 if the large catalogue takes more than twice the processor time, or more than 700 MB.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import psutil

from bench._generated import generate_table
from bench.catalogue import TABLE, WORK, full_catalogue
from bench.load import hammer, memory, served
from bench.mpd import invent
from config import ROOT
from jobs.scale.options import available_cores
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from store.catalogue.catalogue import Catalogue

PLAYLISTS = "*_*.csv"  # the folder also has a list of the files
EXPORTIFY = ROOT.parent / "shared" / "data" / "exportify"
MOST_TIMES_WHOLE, MOST_PSS_MB, TURNS = 2.0, 700.0, 4


def seconds(pattern: Path, cores: int) -> float:
    """Import what ``pattern`` matches into an empty store and return the elapsed time."""
    with tempfile.TemporaryDirectory() as var:
        env = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"} | {"TASTEMAP_VAR": var}
        command = [sys.executable, "-m", "etl", "import", "--cores", str(cores), str(pattern)]
        begin = time.monotonic()
        subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
        return time.monotonic() - begin


def compare(name: str, pattern: Path, cores: int, repeats: int, empty: Path | None = None) -> None:
    """Print the medians of the times on one core and on ``cores``, and the median of their ratios.

    ``empty`` has as many files as ``cores`` with hardly any content; their import gives the time of the start, and the
    ratio without it is printed too.
    """
    table = [(seconds(pattern, 1), seconds(pattern, cores)) for _ in range(repeats)]
    single, several = (median(column) for column in zip(*table, strict=True))
    ratio = median(alone / together for alone, together in table)
    print(f"{name}: {single:.1f} s on one core, {several:.1f} s on {cores}: {ratio:.2f} times as fast", end="")
    if empty:
        starts = [(seconds(empty, 1), seconds(empty, cores)) for _ in range(repeats)]
        bare, bare_several = (median(column) for column in zip(*starts, strict=True))
        work, shared = single - bare, several - bare_several
        known = min(work, shared) > 0  # on a busy machine the start alone may have taken longer than everything before
        print(
            f"; {work / shared:.2f} times without the start" if known else "; too busy to tell the start apart", end=""
        )
    print()


def questions(var: Path) -> dict[str, Iterator[str]]:
    """Return by kind the paths to request; each track is requested only once."""
    snapshot, known = Catalogue(var / "catalogue").current(), ArtistEmbedding.load(artefacts.active("artists"))
    rows = random.Random(1).sample(range(len(snapshot)), 60_000)
    first, second, third = (
        [snapshot.track(snapshot.ref(row)) for row in rows[begin : begin + 20_000]] for begin in (0, 20_000, 40_000)
    )
    words = (word for track in first for word in track.title.split() if word.isascii() and word.isalnum())
    names = ({"q": f"{track.artists[0]} {track.title}"} for track in second if track.artists)
    by: dict[bool, list[str]] = {True: [], False: []}
    for track in third:
        is_known = any(known.find_exact(name) is not None for name in track.artists)
        by[is_known].append(f"/recommend?track_id={track.id}")
    return {
        "search, a word": (f"/api/search?q={word}" for word in words),
        "search, artist and title": (f"/api/search?{urlencode(query)}" for query in names),
        "/recommend, its artist is known": iter(by[True]),
        "/recommend, its artist is not known": iter(by[False]),
    }


def grown(count: int, seconds: float, clients: int) -> bool:
    """Build a catalogue of ``count`` generated tracks and compare it as :func:`compare_served` does."""
    with tempfile.TemporaryDirectory() as name, full_catalogue() as whole:
        large, table = Path(name) / "var", Path(name) / "generated.csv"
        generate_table(TABLE, table, count)
        subprocess.run([sys.executable, "-c", WORK, table, large / "catalogue"], cwd=ROOT, check=True)
        table.unlink()
        return compare_served(whole, large, seconds, clients)


def compare_served(whole: Path, large: Path, seconds: float, clients: int) -> bool:
    """Serve both catalogues and request them in turn; print the ratios and return whether the targets are met."""
    paths = (questions(whole), questions(large))
    slice_s = seconds / TURNS / len(paths) / len(paths[0])
    well = True
    with (
        served("app:create_app()", ROOT, whole) as of_whole,
        served("app:create_app()", ROOT, large) as of_large,
        ThreadPoolExecutor(clients) as pool,
    ):
        for kind in paths[0]:
            costs = [[0.0, 0.0, 0], [0.0, 0.0, 0]]  # of each server: wall-clock and processor seconds, answers
            for turn in range(TURNS + 1):  # the first turn loads models and catalogue and does not count
                for cost, (port, master), of_port in zip(costs, (of_whole, of_large), paths, strict=True):
                    before = processor_seconds(master)
                    answers = hammer(pool, clients, port, of_port[kind], slice_s)
                    well = well and all(status == HTTPStatus.OK for status, _ in answers)
                    if turn:
                        cost[0] += sum(milliseconds for _, milliseconds in answers) / 1000
                        cost[1] += processor_seconds(master) - before
                        cost[2] += len(answers)
            if not all(answered for *_, answered in costs):
                print(f"{kind}: only one of the tables has such tracks")
                continue
            (wall, work), (wall_large, work_large) = ((a / count, b / count) for a, b, count in costs)
            well = well and work_large / work <= MOST_TIMES_WHOLE
            print(
                f"{kind}: {1000 * work:.1f} ms of processor time over the whole table, {1000 * work_large:.1f} ms over "
                f"the large one: {work_large / work:.2f} times (at most {MOST_TIMES_WHOLE:g}); by the clock "
                f"{1000 * wall:.0f} and {1000 * wall_large:.0f} ms; {costs[1][2]} answers"
            )
        return memory(of_large[1], MOST_PSS_MB) and well


def processor_seconds(master: psutil.Process) -> float:
    """Return the processor time in seconds that the workers of a gunicorn have taken so far."""
    taken = [worker.cpu_times() for worker in master.children() if "gunicorn" in " ".join(worker.cmdline())]
    return sum(times.user + times.system for times in taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, default=EXPORTIFY)
    parser.add_argument("--slices", type=int, default=16)
    parser.add_argument("--cores", type=int, default=available_cores())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tracks", type=int, help="serve so many generated tracks; measure no imports")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    if options.tracks:
        sys.exit(not grown(options.tracks, options.seconds, options.clients))
    with tempfile.TemporaryDirectory() as name:
        slices, tiny = Path(name) / "slices", Path(name) / "tiny"
        for folder, count, lists in ((slices, options.slices, 1000), (tiny, options.cores, 1)):
            folder.mkdir()
            for at in range(count):
                invent(folder / f"mpd.slice.{at}000-{at}999.json", first=1000 * at, lists=lists)
        compare(f"{options.slices} slices of 34 MB", slices, options.cores, options.repeats, tiny)
    if options.files.is_dir():
        files = len(list(options.files.glob(PLAYLISTS)))
        compare(f"{files} playlists", options.files / PLAYLISTS, options.cores, options.repeats)
    else:
        print(f"no playlists: {options.files} is not there")


if __name__ == "__main__":
    main()
