"""Cost of exporting a long playlist: seconds, bytes and memory of every format and of the SQL tables.

    python -m bench.exports [--rows 200000]

The playlist is generated and read from a temporary embedded database. Memory is what the writing process needs on top
of what it held before; it must not grow with the playlist.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil

from etl.exports.formats import FORMATS
from etl.exports.rows import read_pages
from etl.exports.sql import export_tracks
from store.catalogue.catalogue import Snapshot
from store.database import PAGE_ITEMS, Database, open_database
from store.domain import AUDIO_FEATURES, AudioFeatures, Playlist, PlaylistItem, Track

MAX_MEGABYTES = 60
SAMPLE_EVERY = 20
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def resident() -> float:
    """Return the resident memory of this process in MB."""
    return float(psutil.Process().memory_info().rss / 1e6)


def a_track(number: int) -> Track:
    values = dict.fromkeys(AUDIO_FEATURES, 0.001 + number % 997 / 1000)
    return Track(
        id=f"{number:022d}",
        title=f"Song, the {number}th",
        artists=(f"Artist {number % 9973}", "Another"),
        album=f"Album {number // 12}",
        year=1960 + number % 60,
        duration_ms=120_000 + number,
        artist_genres=("rock", "art rock"),
        features=AudioFeatures(values=values, source="bench", fetched_at=NOW, licence="none"),
        source="bench",
    )


def fill(database: Database, rows: int) -> Playlist:
    """Store a playlist of ``rows`` distinct tracks in the same form as an import does."""
    playlist = Playlist(id="bench", name="Bench", item_count=rows, complete=True, created_at=NOW)
    for page, start in enumerate(range(0, rows, PAGE_ITEMS)):
        tracks = [a_track(number) for number in range(start, min(start + PAGE_ITEMS, rows))]
        database.put_tracks(tracks)
        items = [
            PlaylistItem(position=start + at, track_id=track.id, added_by=f"user_{at % 4}", added_at=NOW)
            for at, track in enumerate(tracks)
        ]
        database.put_page(playlist.id, page, items)
    database.put_playlist(playlist)
    return playlist


def peak_of(blocks: Iterator[bytes]) -> tuple[int, float]:
    """Consume ``blocks``; return their bytes in all and the peak resident MB meanwhile."""
    size, peak = 0, 0.0
    for number, block in enumerate(blocks):
        size += len(block)
        if number % SAMPLE_EVERY == 0:
            peak = max(peak, resident())
    return size, max(peak, resident())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        try:
            measure(database, fill(database, rows), Path(folder) / "music.db")
        finally:
            database.close()


def measure(database: Database, playlist: Playlist, sqlite: Path) -> None:
    begin = time.monotonic()
    for _ in read_pages(database, Snapshot(), playlist, files=True):
        pass
    print(f"reading {playlist.item_count:,} rows from the database alone: {time.monotonic() - begin:.1f} s")
    for kind in FORMATS.values():
        before, begin = resident(), time.monotonic()
        size, peak = peak_of(kind.write(playlist, read_pages(database, Snapshot(), playlist, files=True)))
        report(kind.name, size, time.monotonic() - begin, peak - before)
    before, begin = resident(), time.monotonic()
    peaks: list[float] = []
    export_tracks(database.all_tracks(), f"sqlite:///{sqlite}", lambda _done: peaks.append(resident()))
    report("sqlite", sqlite.stat().st_size, time.monotonic() - begin, max(peaks, default=before) - before)


def report(name: str, size: int, seconds: float, grown: float) -> None:
    print(
        f"{name:8} {size / 1e6:6.1f} MB in {seconds:6.1f} s, {grown:5.1f} MB more resident (limit {MAX_MEGABYTES} MB)"
    )


if __name__ == "__main__":
    main()
