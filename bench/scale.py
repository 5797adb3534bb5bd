"""Imports on one core and on all cores: the playlists in ../shared/data/exportify, and invented slices.

    python -m bench.scale [--files FOLDER] [--slices 16] [--cores N] [--repeats 3]

Each import is a process of its own with an empty store. One core and all take turns, the database is embedded and
works on the same cores, and the medians of the ratios of elapsed times count. The start of the processes is included;
for the slices the ratio without it is printed too, since it takes seconds whatever is imported.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.mpd import invent
from jobs.scale.options import available_cores

ROOT = Path(__file__).resolve().parents[1]
PLAYLISTS = "*_*.csv"  # the folder also has a list of the files
EXPORTIFY = ROOT.parent / "shared" / "data" / "exportify"


def seconds(pattern: Path, cores: int) -> float:
    """Import what ``pattern`` matches into an empty store and return the elapsed time."""
    with tempfile.TemporaryDirectory() as var:
        env = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"} | {"TASTEMAP_VAR": var}
        command = [sys.executable, "-m", "etl", "import", "--cores", str(cores), str(pattern)]
        begin = time.monotonic()
        subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
        return time.monotonic() - begin


def compare(name: str, pattern: Path, cores: int, repeats: int, empty: Path | None = None) -> None:
    """Print the medians and their ratio; with ``empty`` also the ratio less the time of an import of that."""
    table = [(seconds(pattern, 1), seconds(pattern, cores)) for _ in range(repeats)]
    single, several = (median(column) for column in zip(*table, strict=True))
    ratio = median(alone / together for alone, together in table)
    print(f"{name}: {single:.1f} s on one core, {several:.1f} s on {cores}: {ratio:.2f} times as fast", end="")
    if empty:
        starts = [(seconds(empty, 1), seconds(empty, cores)) for _ in range(repeats)]
        bare, bare_several = (median(column) for column in zip(*starts, strict=True))
        print(f"; {(single - bare) / (several - bare_several):.2f} times without the start", end="")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, default=EXPORTIFY)
    parser.add_argument("--slices", type=int, default=16)
    parser.add_argument("--cores", type=int, default=available_cores())
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
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
