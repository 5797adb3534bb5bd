"""Imports the whole table of real tracks and builds the catalogue: seconds, memory, and whether each track is found.

    python -m bench.catalogue [--table ../shared/data/tracks.csv.gz]

Both run in a fresh process, as on the command line. The limits are 60 s on two cores and 800 MB.
"""

import argparse
import gzip
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from bench._cost import DATA, MEMORY_UNIT
from config import ROOT, Config
from store.catalogue.catalogue import Catalogue, Snapshot

MAX_SECONDS, MAX_MEGABYTES = 60, 800
FULL = 200_000  # tracks
WORK = """
import sys, time
from pathlib import Path
from etl.imports.storing.tables import import_table
from store.catalogue.builder import build_public
begin = time.monotonic()
summary = import_table(Path(sys.argv[1]), Path(sys.argv[2]), lambda progress: None)
middle = time.monotonic()
build_public(Path(sys.argv[2]))
print(f"{summary.requested} rows read, {summary.stored} stored, {summary.known} known,")
print(f"skipped {dict(summary.skipped)}, values out of bounds {dict(summary.emptied)}")
print(f"import {middle - begin:.1f} s, build {time.monotonic() - middle:.1f} s")
"""
SAMPLE_EVERY = 400
TABLE = DATA / "tracks.csv.gz"


@contextmanager
def full_catalogue() -> Iterator[Path]:
    """Yield a var folder with a full catalogue: the application's own, or a new one that it then uses instead."""
    var = Config.from_env().var
    if len(Catalogue(var / "catalogue").current()) >= FULL:
        yield var
        return
    if not TABLE.is_file():
        raise SystemExit(f"neither {var / 'catalogue'} nor {TABLE} has the tracks this needs")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", WORK, TABLE, Path(folder) / "catalogue"], cwd=ROOT, check=True)
        os.environ["TASTEMAP_VAR"] = folder
        yield Path(folder)


def rows(table: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (id, title, artists) of each row, read independently of the import."""
    with gzip.open(table, "rt", encoding="utf-8", newline="") as text:
        frame = pd.read_csv(text, dtype=str, keep_default_na=False, usecols=["track_id", "track_name", "artist"])
    yield from frame[["track_id", "track_name", "artist"]].itertuples(index=False, name=None)


def check(snapshot: Snapshot, table: Path) -> bool:
    """Look up every id, search for one row in SAMPLE_EVERY, and print both counts; return whether every id is found."""
    count = missing = searched = found = 0
    for track_id, title, artist in rows(table):
        count += 1
        missing += snapshot.find(track_id) is None
        if count % SAMPLE_EVERY == 0 and title and artist:
            searched += 1
            wanted = snapshot.find(track_id)
            codes = {code_of(snapshot, hit.ref.segment, hit.ref.row) for hit in snapshot.search(f"{artist} {title}", 5)}
            found += wanted is not None and code_of(snapshot, wanted.segment, wanted.row) in codes
    print(f"by id: {count - missing} of {count} found; by search, in the first five: {found} of {searched}")
    return missing == 0


def code_of(snapshot: Snapshot, segment: str, row: int) -> int:
    return int(snapshot.segment(segment).recording_code[row])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=TABLE)
    table = parser.parse_args().table
    if not table.is_file():
        raise SystemExit(f"{table} is not there; give --table")
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        subprocess.run([sys.executable, "-c", WORK, str(table), folder], check=True, cwd=ROOT)
        seconds = time.monotonic() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        megabytes = used.ru_maxrss * MEMORY_UNIT / 1e6
        limits = f"limits: {MAX_SECONDS} s, {MAX_MEGABYTES} MB"
        print(f"both, with the start of Python: {seconds:.1f} s, at most {megabytes:.0f} MB resident ({limits});")
        print(f"of processor time {used.ru_utime + used.ru_stime:.1f} s")
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"on disk: {size / 1e6:.0f} MB")
        complete = check(Catalogue(Path(folder)).current(), table)
    if not complete or seconds > MAX_SECONDS or megabytes > MAX_MEGABYTES:
        raise SystemExit("over the limits")


if __name__ == "__main__":
    main()
