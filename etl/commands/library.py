"""The command ``scan``, which makes tracks of the music in a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from etl.commands.doing import do
from etl.library.places import music_folder
from etl.library.scan import new_scan
from jobs.queue import enqueue
from jobs.scale.options import add_scale_options
from store.database import Database
from store.errors import TastemapError


def add_library(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``python -m etl``."""
    parser = commands.add_parser("scan", help="make tracks of the music in a folder, with features from its sound")
    parser.add_argument("folder", help="a repeated scan examines only new and changed files")
    add_scale_options(parser)
    parser.set_defaults(command=_scan)


def _scan(database: Database, var: Path, options: argparse.Namespace) -> int:
    try:
        folder = music_folder(Path(options.folder).absolute())
    except TastemapError as fault:
        print(fault, file=sys.stderr)
        return 1
    [run] = enqueue(database, var, new_scan(str(folder), cores=options.cores, cluster=options.cluster))
    ended = do(database, var, [run.id])
    done = database.get_run(run.id)
    for example in done.skipped_examples if done else ():
        print(f"    {example.reason}")
    return ended
