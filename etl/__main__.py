"""The command line of imports and exports: ``python -m etl import FILE_OR_FOLDER_OR_URL...``, ``resume`` and more."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config import Config, ConfigError
from etl.doctor.command import add_doctor
from etl.engine.command import add_sources
from etl.exports.command import add_export
from etl.importing import STORED, execute, finish, give_up, rebuild, sweep_uploads, tries
from etl.imports.download import is_url
from etl.imports.recognise import may_be_ours
from etl.progress_bar import CATALOGUE, ProgressBar
from etl.runs import ImportProblem, catalogue_is_behind, new_run
from store.catalogue import CatalogueError
from store.database import Database, StoreError, open_database
from store.embedded import EmbeddedError
from store.locks import take

# An import may wait longer than a page: for a database that reads itself whole on a busy machine.
_PATIENCE_SECONDS = 600.0


# A run that has ended the worker so often ends, so that others get their turn.
_PATIENCE = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 something failed or remains, 2 wrong use."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = _parser().parse_args(arguments)
    # The embedded database is left in order (and stopped, if nobody else uses it) when we are told to stop.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(128 + signal.SIGTERM))
    try:
        config = Config.from_env()
        if options.alone:
            return int(options.command(config, options))
        database = open_database(config.var, config.mongodb_uri, place=config.place, patience_s=_PATIENCE_SECONDS)
    except (ConfigError, EmbeddedError, StoreError) as fault:
        print(f"{fault}", file=sys.stderr)
        return 2
    try:
        return int(options.command(database, config.var, options))
    except StoreError as fault:
        print(
            f"{fault.message} ({fault.__cause__}) {fault.hint}\nGo on afterwards with: python -m etl resume",
            file=sys.stderr,
        )
        return 1
    except CatalogueError as fault:
        print(f"{fault.message} {fault.hint}", file=sys.stderr)
        return 1
    except ImportProblem as problem:
        print(f"{problem.message} {problem.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Go on with: python -m etl resume", file=sys.stderr)
        return 130
    finally:
        database.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m etl", description=__doc__)
    parser.set_defaults(alone=False)  # True: a command that opens the database itself
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("import", help="import playlists, histories and track tables")
    one.add_argument("sources", nargs="+", metavar="PATH_OR_URL", help="files, folders, patterns, https addresses")
    one.set_defaults(command=_import)
    one = commands.add_parser("resume", help="finish what was cut off")
    one.set_defaults(command=_resume)
    one = commands.add_parser("work", help="do the queued imports in turn (the web process starts this)")
    one.set_defaults(command=_work)
    one = commands.add_parser("catalogue", help="build the catalogue anew")
    one.set_defaults(command=_catalogue)
    one = commands.add_parser("delete", help="delete a playlist; its tracks stay known")
    one.add_argument("playlist_id")
    one.set_defaults(command=_delete)
    add_export(commands)
    add_sources(commands)
    add_doctor(commands)
    return parser


def _import(database: Database, var: Path, options: argparse.Namespace) -> int:
    sources, missing = _expand(options.sources)
    for name in missing:
        print(f"{name}: no such file, or no file in it that could be a playlist or a table.", file=sys.stderr)
    unfinished = {run["source"]: run["_id"] for run in database.unfinished_runs() if run["owner"] is None}
    run_ids = []
    for source in sources:
        run_id = unfinished.get(source)
        if run_id is None:
            run = new_run(source.rsplit("/", 1)[-1], source=source, size=_size(source))
            database.put_run(run)
            run_id = run["_id"]
        run_ids.append(run_id)
    return _do(database, var, run_ids) or int(bool(missing))


def _resume(database: Database, var: Path, _options: argparse.Namespace) -> int:
    sweep_uploads(database, var)
    unfinished = [run["_id"] for run in database.unfinished_runs()]
    if not unfinished:
        print("Nothing was cut off.")
    return _do(database, var, unfinished)


def _work(database: Database, var: Path, _options: argparse.Namespace) -> int:
    """Do what is queued until nothing is. Whoever queues a run after our last look finds the lock free again."""
    tried: set[str] = set()
    while True:
        lock = take(var / "runs" / "worker.lock", wait=False)
        if lock is None:
            return 0
        try:
            _mend_catalogue(database, var)
            waiting = [run["_id"] for run in database.unfinished_runs() if run["_id"] not in tried]
            for run_id in sorted(waiting, key=lambda run_id: tries(var, run_id)):
                tried.add(run_id)
                if tries(var, run_id) >= _PATIENCE:
                    give_up(database, var, run_id)
                else:
                    execute(database, var, run_id)
        finally:
            os.close(lock)
        if all(run["_id"] in tried for run in database.unfinished_runs()):
            sweep_uploads(database, var)
            return 0


def _mend_catalogue(database: Database, var: Path) -> None:
    try:
        if catalogue_is_behind(database, var):
            rebuild(database, var)
    except (CatalogueError, OSError):
        # What people bring in must not wait for a table that cannot be read.
        logging.exception("the catalogue could not be built")


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


def _do(database: Database, var: Path, run_ids: Sequence[str]) -> int:
    """Do the runs, bring all of them into the catalogue at once, and print the reckoning."""
    ours = []
    for run_id in run_ids:
        run = database.get_run(run_id)
        with ProgressBar(run["name"] if run else run_id) as bar:
            state = execute(database, var, run_id, bar, build=False)
        if state == "running" and not _stored(database, run_id):
            print(f"{run_id} is being imported by another process.", file=sys.stderr)
            continue
        ours.append(run_id)
    if ours:
        with ProgressBar(CATALOGUE) as bar:
            finish(database, var, ours, bar)
    done = [run for run in map(database.get_run, ours) if run]
    print_reckoning(done)
    return int(any(run["state"] != "done" for run in done) or len(done) < len(run_ids))


def _stored(database: Database, run_id: str) -> bool:
    run = database.get_run(run_id)
    return run is not None and run["phase"] == STORED


def _expand(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the absolute paths and addresses that ``sources`` mean, and those that mean nothing."""
    found: list[str] = []
    missing = []
    for source in sources:
        if is_url(source):
            found.append(source)
            continue
        files = [
            file
            for path in _matching(source)
            for file in (_files_in(path) if path.is_dir() else [path])
            if file.is_file()
        ]
        found += [str(file.resolve()) for file in files]
        if not files:
            missing.append(source)
    return list(dict.fromkeys(found)), missing


def _matching(source: str) -> list[Path]:
    path = Path(source)
    if path.exists():  # a name may hold brackets without being a pattern
        return [path]
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if source else []


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if may_be_ours(path.relative_to(folder).as_posix()))


def _size(source: str) -> int | None:
    return None if is_url(source) else Path(source).stat().st_size


def print_reckoning(runs: Sequence[dict[str, Any]]) -> None:
    """Print asked, stored, already known and skipped (and why) of each run, and their sums."""
    if not runs:
        return
    width = max(len(run["name"]) for run in runs)
    print(f"{'file':{width}}  {'asked':>8} {'stored':>8} {'known':>8} {'skipped':>8}")
    for run in runs:
        skipped = sum(run["skipped"].values())
        print(f"{run['name']:{width}}  {run['asked']:8,} {run['stored']:8,} {run['known']:8,} {skipped:8,}")
        for reason, count in run["skipped"].items():
            print(f"{'':{width}}    {count:,} skipped: {reason}")
        if run["error"]:
            print(f"{'':{width}}    failed: {run['error']['message']} {run['error']['hint']}")
    if len(runs) > 1:
        sums = [sum(run[name] for run in runs) for name in ("asked", "stored", "known")]
        skipped = sum(sum(run["skipped"].values()) for run in runs)
        print(f"{f'{len(runs)} files':{width}}  " + " ".join(f"{number:8,}" for number in (*sums, skipped)))


if __name__ == "__main__":
    sys.exit(main())
