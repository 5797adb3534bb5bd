"""The command ``export``, which writes a playlist to a file, or tracks to a SQL database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from etl.exports.formats import FORMATS, Format, file_name
from etl.exports.rows import Pages, read_pages
from store.catalogue.catalogue import Catalogue, Snapshot
from store.database import PAGE_ITEMS, Database, StoreError
from store.disk import replacing
from store.domain import Playlist, Track
from store.library import tracks_of_playlist

_DESCRIPTION = """formats:
""" + "\n".join(f"  {format_.name:14}{format_.purpose}" for format_ in FORMATS.values())


def add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``python -m etl``."""
    parser = commands.add_parser(
        "export",
        help="write a playlist to a file, or tracks to a SQL database",
        epilog=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("playlist_id", nargs="?", help="the last part of the playlist's address in the page")
    what.add_argument("--all", action="store_true", help="every track that was imported with a playlist (with --to)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="FILE", help="default: named after the playlist, in this folder")
    where.add_argument("--to", metavar="URL", help="a database as SQLAlchemy writes it, such as sqlite:///music.db")
    parser.add_argument("--format", choices=list(FORMATS), help="default: what FILE ends with, else csv")
    parser.set_defaults(command=_export)


def _export(database: Database, var: Path, options: argparse.Namespace) -> int:
    if options.all and not options.to:
        print("--all needs --to URL, such as: python -m etl export --all --to sqlite:///music.db", file=sys.stderr)
        return 2
    if options.to and options.format:
        print("--format is for files; --to writes tables.", file=sys.stderr)
        return 2
    playlist = None if options.all else database.playlist(options.playlist_id)
    if playlist is None and not options.all:
        print(f"There is no playlist {options.playlist_id}.", file=sys.stderr)
        return 1
    try:
        snapshot = Catalogue(var / "catalogue").current()
        if options.to:
            return _to_database(database, snapshot, playlist, options.to)
        assert playlist is not None
        return _to_file(database, snapshot, playlist, options)
    except StoreError as fault:  # handled here, because main gives advice for imports
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Give the command again to start from the beginning.", file=sys.stderr)
        return 130


def _to_file(database: Database, snapshot: Snapshot, playlist: Playlist, options: argparse.Namespace) -> int:
    chosen = _format(options)
    target = options.out or Path(file_name(playlist, chosen))
    try:
        with _bar(playlist.item_count) as bar:
            pages = _seen(read_pages(database, snapshot, playlist, files=True), bar)
            size = _write(chosen.write(playlist, pages), target)
    except OSError as fault:
        print(f"{target} cannot be written: {fault.strerror}", file=sys.stderr)
        return 1
    print(f"{target}: {playlist.item_count:,} rows, {size:,} bytes")
    return 0


def _format(options: argparse.Namespace) -> Format:
    ending = options.out.suffix.lower() if options.out else ""
    by_ending = next((format_.name for format_ in FORMATS.values() if format_.ending == ending), "csv")
    return FORMATS[options.format or by_ending]


def _write(blocks: Iterable[bytes], target: Path) -> int:
    """Write the file atomically; return its size in bytes."""
    with replacing(target) as file:
        return sum(file.write(block) for block in blocks)


def _to_database(database: Database, snapshot: Snapshot, playlist: Playlist | None, url: str) -> int:
    from etl.exports.sql import SqlProblem, export_tracks  # SQLAlchemy takes a quarter of a second

    try:
        with _bar(playlist.item_count if playlist else None) as bar:
            tracks = _tracks(database, snapshot, playlist) if playlist else _all_tracks(database, snapshot)
            done = export_tracks(tracks, url, lambda count: bar.update(count - bar.n))
    except SqlProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{done:,} tracks written")
    return 0


def _tracks(database: Database, snapshot: Snapshot, playlist: Playlist) -> Iterator[Track]:
    return (row.track for page in read_pages(database, snapshot, playlist, files=True) for row in page)


def _all_tracks(database: Database, snapshot: Snapshot) -> Iterator[Track]:
    remaining = database.all_tracks()
    while batch := list(islice(remaining, PAGE_ITEMS)):
        ids = [track.id for track in batch]
        yield from tracks_of_playlist(snapshot, database, None, ids).values()


def _seen(pages: Pages, bar: tqdm) -> Pages:
    for page in pages:
        yield page
        bar.update(len(page))


def _bar(total: int | None) -> tqdm:
    return tqdm(total=total, unit="rows", unit_scale=True, leave=False, disable=not sys.stderr.isatty())
