"""Import of a slice of the Million Playlist Dataset beside merely parsing it, and beside json with pandas.

    python -m bench.mpd [--slice mpd.slice.0-999.json]

Without a slice one is invented: a thousand playlists, 33 MB. Seconds are processor time, the best of several; the
limits are twice the time of orjson alone and a fifth of the time of json with pandas.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from etl.dataset_import import import_slice
from etl.imports.recognise import DatasetFile, recognise

ROUNDS = 7
MEMORY = """
import re, sys
from pathlib import Path
import pyarrow.parquet
from etl.dataset_import import import_slice
from etl.imports.recognise import recognise
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
before = peak()
found = recognise(Path(sys.argv[1]))
import_slice(found.source, found.sha256, found.size, Path(sys.argv[2]), lambda progress: None)
print(f"peak {peak()} MB, of which {before} MB before the file was opened")
"""
TRACKS, LISTS, ROWS = 34_000, 1000, 66


def invent(path: Path) -> None:
    """Write a slice like those of the dataset: its fields, its indentation, its size."""
    rng = random.Random(1)

    def uri(kind: str) -> str:
        return f"spotify:{kind}:" + "".join(rng.choices(string.ascii_letters + string.digits, k=22))

    tracks = [
        {
            "artist_name": f"Artist number {at % 9000}",
            "track_uri": uri("track"),
            "artist_uri": uri("artist"),
            "track_name": f"A song of some length {at}",
            "album_uri": uri("album"),
            "duration_ms": 200_000 + at,
            "album_name": f"Album {at % 12_000}",
        }
        for at in range(TRACKS)
    ]
    lists = [
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
        for pid in range(LISTS)
    ]
    path.write_text(json.dumps({"info": {"slice": "0-999", "version": "v1"}, "playlists": lists}, indent=4))


def with_pandas(path: Path, folder: Path) -> None:
    """Import a slice the usual way: json.load, json_normalize, and the rows and the distinct tracks as CSV."""
    with path.open() as file:
        document = json.load(file)
    meta = ["pid", "name", "modified_at", "num_followers", "collaborative"]
    frame = pd.json_normalize(document["playlists"], record_path="tracks", meta=meta, record_prefix="track_")
    frame[[*meta, "track_pos", "track_track_uri"]].to_csv(folder / "rows.csv", index=False)
    tracks = frame.drop_duplicates("track_track_uri")
    tracks[
        [f"track_{name}" for name in ("track_uri", "track_name", "artist_name", "album_name", "duration_ms")]
    ].to_csv(folder / "tracks.csv", index=False)


def seconds(work: Callable[[], Any]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def memory(path: Path, folder: Path) -> str:
    """Import ``path`` in a fresh process; return its peak in MB with all modules loaded, and at the end."""
    command = [sys.executable, "-c", MEMORY, str(path), str(folder / "memory")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slice", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = options.slice or folder / "mpd.slice.0-999.json"
        if options.slice is None:
            invent(path)

        def ours(at: int) -> None:
            found = recognise(path)
            assert isinstance(found, DatasetFile)
            import_slice(found.source, found.sha256, found.size, folder / str(at), lambda progress: None)

        rounds = [
            (
                seconds(lambda at=at: ours(at)),
                seconds(lambda: orjson.loads(path.read_bytes())),
                seconds(lambda: with_pandas(path, folder)),
            )
            for at in range(ROUNDS)
        ]
        imported, parsed, framed = map(min, zip(*rounds, strict=True))
        print(f"{path.stat().st_size / 1e6:.0f} MB: import with its SHA-256 {imported:.3f} s; {memory(path, folder)}")
        print(f"orjson alone {parsed:.3f} s: {parsed / imported:.2f} of its speed (at least 0.5)")
        print(f"json and pandas {framed:.3f} s: {framed / imported:.1f} times as fast (at least 5)")
    return int(imported > 2 * parsed or imported * 5 > framed)


if __name__ == "__main__":
    raise SystemExit(main())
