"""Import of a slice of the Million Playlist Dataset, compared with parsing alone and with json and pandas.

    python -m bench.mpd [--slice mpd.slice.0-999.json] [--slices 1000]

Without ``--slice`` one is generated: a thousand playlists, 34 MB. The three methods run in turn. Each repeat gives two
ratios of processor time, and the medians of the ratios count. The limits are twice the time of orjson alone and a fifth
of the time of json with pandas. ``--slices`` is the number of slices that a further process imports to measure its
memory.
"""

import argparse
import json
import random
import secrets
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import orjson
import pandas as pd

from etl.imports.recognise import recognise
from etl.imports.rows.entries import DatasetFile
from etl.imports.storing.playlist_sets import import_slice

REPEATS = 9
# Imports the slice several times under different names; the peak after the first should not grow until the last.
MEMORY = """
import re, sys, time
from pathlib import Path
import pandas, pyarrow.json, pyarrow.parquet
from etl.imports.storing.playlist_sets import import_slice
from etl.imports.recognise import recognise
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
path, folder, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
peaks, begin = [peak()], time.monotonic()
for at in range(count):
    found = recognise(path)
    import_slice(found.source, f"{at:012}", found.size, folder, lambda progress: None)
    if at in (0, count - 1):
        peaks.append(peak())
rate = count / (time.monotonic() - begin)
print(f"peak {peaks[1]} MB after the first and {peaks[-1]} MB after {count} slices, of which {peaks[0]} MB are the"
      f" interpreter and its modules; {rate:.1f} slices a second")
"""
TRACKS, LISTS, ROWS = 34_000, 1000, 66


def invent(path: Path, first: int = 0, lists: int = LISTS) -> None:
    """Write a slice with the fields, the indentation, the escapes and the size of a real one."""
    rng = random.Random(first)

    def uri(kind: str) -> str:
        return f"spotify:{kind}:" + "".join(rng.choices(string.ascii_letters + string.digits, k=22))

    tracks = [
        {
            "artist_name": f"Artist number {at % 9000}" + " é" * (at % 20 == 0),
            "track_uri": uri("track"),
            "artist_uri": uri("artist"),
            "track_name": f"A song of some length {at}" + ' "(Ñandú)"' * (at % 15 == 0),
            "album_uri": uri("album"),
            "duration_ms": 200_000 + at,
            "album_name": f"Album {at % 12_000}",
        }
        for at in range(TRACKS * lists // LISTS)
    ]
    playlists = [
        {
            "name": f"list {pid}",
            "collaborative": "false",
            "pid": pid,
            "modified_at": 1_493_424_000,
            "num_tracks": ROWS,
            "num_followers": 1,
            "tracks": [{"pos": at, **track} for at, track in enumerate(rng.choices(tracks, k=ROWS))],
            "num_edits": 3,
        }
        for pid in range(first, first + lists)
    ]
    path.write_text(json.dumps({"info": {"slice": "0-999", "version": "v1"}, "playlists": playlists}, indent=4))


def with_pandas(path: Path, folder: Path) -> None:
    """Read a slice with json and pandas, and write its rows and its distinct tracks as CSV."""
    with path.open() as file:
        document = json.load(file)
    meta = ["pid", "name", "modified_at", "num_followers", "collaborative"]
    frame = pd.json_normalize(document["playlists"], record_path="tracks", meta=meta, record_prefix="track_")
    frame[[*meta, "track_pos", "track_track_uri"]].to_csv(folder / "rows.csv", index=False)
    tracks = frame.drop_duplicates("track_track_uri")
    tracks[
        [f"track_{name}" for name in ("track_uri", "track_name", "artist_name", "album_name", "duration_ms")]
    ].to_csv(folder / "tracks.csv", index=False)


def with_orjson(path: Path, _folder: Path) -> None:
    """Parse a slice with orjson."""
    orjson.loads(path.read_bytes())


def ours(path: Path, folder: Path) -> None:
    found = recognise(path)
    assert isinstance(found, DatasetFile)
    import_slice(found.source, found.sha256, found.size, folder / secrets.token_hex(6), lambda progress: None)


def seconds(work: Callable[[Path, Path], None], path: Path, folder: Path) -> float:
    """Return the processor time that all threads of ``work`` take."""
    begin = time.process_time()
    work(path, folder)
    return time.process_time() - begin


def repeated(path: Path, folder: Path) -> list[list[float]]:
    """Return the seconds (repeats, 3) of orjson alone, of our import, and of json with pandas.

    Each runs in its own process: what one leaves in memory would slow the others down.
    """
    works = (with_orjson, ours, with_pandas)
    with ExitStack() as stack:
        spawn = get_context("spawn")
        homes = [stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)) for _ in works]
        return [
            [home.submit(seconds, work, path, folder).result() for home, work in zip(homes, works, strict=True)]
            for _ in range(1 + REPEATS)
        ][1:]  # the first repeat warms up


def memory(path: Path, folder: Path, count: int) -> str:
    """Import ``path`` ``count`` times in a fresh process; return the text on its memory that it prints."""
    command = [sys.executable, "-c", MEMORY, str(path), str(folder / "memory"), str(count)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slice", type=Path)
    parser.add_argument("--slices", type=int, default=20, help="how many to import for the memory (20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = options.slice or folder / "mpd.slice.0-999.json"
        if options.slice is None:
            invent(path)

        table = repeated(path, folder)
        parsed, imported, framed = (median(column) for column in zip(*table, strict=True))
        of_parsing = median(parse / imports for parse, imports, _ in table)
        of_pandas = median(framing / imports for _, imports, framing in table)
        print(f"{path.stat().st_size / 1e6:.0f} MB, medians of {REPEATS} repeats: import with SHA-256 {imported:.3f} s")
        print(f"orjson alone {parsed:.3f} s: the import has {of_parsing:.2f} of its speed (at least 0.5)")
        print(f"json and pandas {framed:.3f} s: the import is {of_pandas:.1f} times as fast (at least 5)")
        print(memory(path, folder, options.slices))
    return int(of_parsing < 0.5 or of_pandas < 5)


if __name__ == "__main__":
    raise SystemExit(main())
