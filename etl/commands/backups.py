"""The commands ``backup`` and ``restore``, and the daily snapshots."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from config import Config
from jobs.catalogue import rebuild
from store.database import Database, open_database
from store.errors import TastemapError
from store.mongo.backup import BackupError, check_backup, restore_backup, write_backup
from store.mongo.embedded import DamagedData, EmbeddedError, EmbeddedServer
from store.runs import now
from store.snapshots import delete_old_snapshots, is_snapshot_due, new_snapshot_path, newest_snapshot, snapshots


def add_backups(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser of ``python -m etl``."""
    parser = commands.add_parser("backup", help="write the database to a file")
    parser.add_argument("file", type=Path, nargs="?", help="by default the next snapshot in var/snapshots")
    parser.set_defaults(command=_backup)
    parser = commands.add_parser("restore", help="replace the database by a backup or snapshot")
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--newest", action="store_true", help="take the newest snapshot in var/snapshots")
    parser.add_argument("--list", action="store_true", dest="only_list", help="list the snapshots and change nothing")
    parser.add_argument("--replace", action="store_true", help="even if the database is damaged or not empty")
    parser.set_defaults(command=_restore, without_database=True)


def take_snapshot(database: Database, var: Path, keep: int) -> Path:
    """Write a snapshot, delete all but the ``keep`` newest, and return its path.

    Raises StoreError, and OSError if it cannot be written.
    """
    path = new_snapshot_path(var, now())
    write_backup(database.uri, path)
    delete_old_snapshots(var, keep)
    return path


def take_snapshot_if_due(database: Database, var: Path, keep: int) -> None:
    """Take the daily snapshot of an embedded database, unless ``keep`` is 0."""
    if keep and database.kind == "embedded" and is_snapshot_due(var, now()):
        take_snapshot(database, var, keep)


def _backup(database: Database, var: Path, options: argparse.Namespace) -> int:
    target = options.file or new_snapshot_path(var, now())
    try:
        counts = write_backup(database.uri, target)
    except OSError as fault:
        print(f"{target} cannot be written: {fault.strerror}.", file=sys.stderr)
        return 1
    print(f"{target}: {_numbers(counts)}, {target.stat().st_size:,} bytes")
    return 0


def _restore(config: Config, options: argparse.Namespace) -> int:
    if options.only_list:
        for snapshot in snapshots(config.var):
            print(
                f"{snapshot.written_at:%Y-%m-%d %H:%M} UTC  {snapshot.path.stat().st_size:12,} bytes  {snapshot.path}"
            )
        return 0
    try:
        counts = _restored(config, _file(config, options), replace=options.replace)
    except TastemapError as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"Restored: {_numbers(counts)}")
    database = open_database(config.var, config.mongodb_uri, installation_id=config.installation_id)
    try:
        shutil.rmtree(config.var / "catalogue" / "owners", ignore_errors=True)
        rebuild(database, config.var)
    finally:
        database.close()
    return 0


def _file(config: Config, options: argparse.Namespace) -> Path:
    newest = newest_snapshot(config.var) if options.newest else None
    found: Path | None = newest.path if newest else options.file
    if found is None:
        raise BackupError(
            f"There is no snapshot in {config.var / 'snapshots'}." if options.newest else "No file was named.",
            "Name a backup: python -m etl restore FILE, or --newest for the newest snapshot.",
        )
    return found


def _restored(config: Config, path: Path, *, replace: bool) -> Mapping[str, int]:
    if config.mongodb_uri:
        return restore_backup(config.mongodb_uri, path, replace=replace)
    server = EmbeddedServer(config.var)
    if server.is_in_use():
        raise EmbeddedError("The embedded database is in use.", "Stop Tastemap, then give the command again.")
    try:
        uri = server.start()
    except DamagedData:
        if not replace:
            raise
        check_backup(path)
        print(f"The data that cannot be opened are in {server.set_aside()} now.", file=sys.stderr)
        uri = server.start()
    try:
        return restore_backup(uri, path, replace=replace)
    finally:
        server.stop()


def _numbers(counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{counts[name]:,} {name}" for name in ("tracks", "playlists", "runs") if counts.get(name))
    return f"{sum(counts.values()):,} documents" + (f" ({shown})" if shown else "")
