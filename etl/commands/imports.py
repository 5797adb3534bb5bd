"""The commands ``import`` and ``resume``, for files, folders, patterns and addresses."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from etl.commands.doing import do, local_time
from etl.imports.reading.archive import Archive
from etl.imports.reading.download import is_url
from etl.imports.reading.read_options import ReadOptions
from etl.imports.recognise import may_be_ours
from etl.imports.sheets.heading_names import LIST_HEADINGS
from jobs.finishing import sweep_uploads
from jobs.queue import enqueue
from jobs.scale.options import add_scale_options, workers_from
from store.database import Database
from store.runs import ImportProblem, Run

# How many ignored files of a folder are named.
_MAX_NAMED = 10


def add_imports(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser of ``python -m etl``."""
    parser = commands.add_parser("import", help="import playlists, histories and track tables")
    parser.add_argument("sources", nargs="+", metavar="PATH_OR_URL", help="files, folders, patterns, https addresses")
    parser.add_argument(
        "--as",
        dest="read_as",
        choices=("playlist", "table"),
        help="what CSV files of tracks are; by default a table with audio features goes into the catalogue",
    )
    parser.add_argument("--encoding", help="the encoding of text files, such as cp1251; by default it is detected")
    parser.add_argument(
        "--columns",
        type=_columns,
        default={},
        metavar="FIELD=COLUMN,...",
        help="which columns hold what, by heading or by number from 1 (0: none), such as title=Lied,artists=2,album=0; "
        f"the fields are {', '.join(LIST_HEADINGS)}",
    )
    parser.add_argument("--no-headings", action="store_true", help="the first row is a track; columns go by number")
    parser.add_argument(
        "--allow-private", action="store_true", help="allow https addresses in the local network, such as of a NAS"
    )
    add_scale_options(parser)
    parser.set_defaults(command=_import)
    parser = commands.add_parser("resume", help="finish runs that were interrupted or waited for a source")
    add_scale_options(parser)
    parser.set_defaults(command=_resume)


def _columns(written: str) -> dict[str, int | str]:
    """Return the columns of an option such as ``title=Lied,artists=2``; a heading may contain commas."""
    pairs = [part.partition("=") for part in re.split(rf",(?=(?:{'|'.join(LIST_HEADINGS)})=)", written)]
    if any(field not in LIST_HEADINGS or not column for field, _, column in pairs):
        raise argparse.ArgumentTypeError(f"{written} is not FIELD=COLUMN,... with known fields")
    return {field: int(column) if column.isdecimal() else column for field, _, column in pairs}


def _import(database: Database, var: Path, options: argparse.Namespace) -> int:
    sources, missing = _expand(options.sources)
    for name in missing:
        print(f"{name}: no such file, or no file in it that could be a playlist or a table.", file=sys.stderr)
    chosen = ReadOptions(
        read_as=options.read_as,
        encoding=options.encoding,
        columns=options.columns,
        has_headings=not options.no_headings,
        allow_private=options.allow_private,
    ).document()
    runs = [
        Run(name=source.rsplit("/", 1)[-1], source=source, bytes_total=_size(source), read_options=chosen)
        for source in sources
    ]
    run_ids = [run.id for run in enqueue(database, var, *runs)]
    with workers_from(options) as workers:
        return do(database, var, run_ids, workers) or int(bool(missing))


def _resume(database: Database, var: Path, options: argparse.Namespace) -> int:
    sweep_uploads(database, var)
    unfinished = [run.id for run in database.unfinished_runs()]
    if not unfinished:
        print("No run was interrupted.")
    for run in database.waiting_runs():
        print(f"{run.name}: {run.phase}; not before {local_time(run.wake_at)}.")
    with workers_from(options) as workers:
        return do(database, var, unfinished, workers)


def _expand(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the absolute paths and addresses that ``sources`` match, and those of ``sources`` without a match."""
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
    if path.exists():  # a name with brackets need not be a pattern
        return [path]
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if source else []


def _files_in(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    ours = [path for path in files if may_be_ours(path.relative_to(folder).as_posix()) or _holds_ours(path)]
    others = [path.relative_to(folder).as_posix() for path in files if path not in set(ours)]
    if ours and others:
        subject = f"{len(others)} files do not bear" if len(others) > 1 else "one file does not bear"
        named = ", ".join(others[:_MAX_NAMED]) + ", ..." * (len(others) > _MAX_NAMED)
        print(
            f"{folder}: {subject} the name of a playlist, a table or an analysis; import such by a pattern: {named}.",
            file=sys.stderr,
        )
    return ours


def _holds_ours(path: Path) -> bool:
    """Return whether ``path`` is a zip with a file that may be a playlist, by its name."""
    try:
        return path.suffix.lower() == ".zip" and any(map(may_be_ours, Archive(path).names()))
    except (ImportProblem, OSError):
        return True  # the import will report what is wrong with it


def _size(source: str) -> int | None:
    return None if is_url(source) else Path(source).stat().st_size
