"""``catalogue``, ``delete`` and ``cancel``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from etl.progress_bar import CATALOGUE, ProgressBar
from jobs.catalogue import rebuild
from store.database import Database
from store.runs import cancel_run


def add_upkeep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser of ``python -m etl``."""
    parser = commands.add_parser("catalogue", help="build the catalogue anew")
    parser.set_defaults(command=_catalogue)
    parser = commands.add_parser("delete", help="delete a playlist; its tracks stay known")
    parser.add_argument("playlist_id")
    parser.set_defaults(command=_delete)
    parser = commands.add_parser("cancel", help="end a run; what it has stored stays")
    parser.add_argument("run_id")
    parser.set_defaults(command=_cancel)


def _catalogue(database: Database, var: Path, _options: argparse.Namespace) -> int:
    with ProgressBar(CATALOGUE) as bar:
        rebuild(database, var, bar)
    return 0


def _delete(database: Database, _var: Path, options: argparse.Namespace) -> int:
    playlist = database.playlist(options.playlist_id)
    if playlist is None:
        print(f"There is no playlist {options.playlist_id}.", file=sys.stderr)
        return 1
    database.delete_playlist(playlist.id)
    database.refresh_counts()
    print(f"Deleted {playlist.name!r} ({playlist.item_count} rows).")
    return 0


def _cancel(database: Database, _var: Path, options: argparse.Namespace) -> int:
    if not cancel_run(database, options.run_id):
        print(f"There is no run {options.run_id} that has not ended.", file=sys.stderr)
        return 1
    print(f"{options.run_id} is cancelled; a process that does it ends behind the present page.")
    return 0
