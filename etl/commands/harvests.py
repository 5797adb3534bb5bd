"""The commands ``enrich``, ``balanced`` and ``harvest``, which gather from the sources that are switched on."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from etl.commands.doing import do
from etl.gather.balanced import PER_GENRE, new_balanced
from etl.gather.enrich import DEFAULT_NEEDS, NEEDS, new_enrichment
from etl.gather.page_stream import NO_FILTERS
from etl.gather.segments import TRACKS, new_segments
from etl.gather.terms import TERMS, new_harvest
from etl.progress_bar import PAGES, ProgressBar
from jobs.queue import enqueue
from jobs.scale.ahead import ask_ahead
from jobs.scale.options import add_scale_options, workers_from
from jobs.scale.workers import OneCore
from store.database import Database
from store.runs import Progress, Run


def add_harvests(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser of ``python -m etl``."""
    parser = commands.add_parser("enrich", help="fetch features, genres and recommendations for a playlist")
    parser.add_argument("playlist_id", help="the last part of the playlist's address in the page")
    parser.add_argument("--needs", nargs="+", choices=list(NEEDS), default=DEFAULT_NEEDS, help="default: all but mbids")
    add_scale_options(parser)
    parser.set_defaults(command=_enrich)
    parser = commands.add_parser("balanced", help="gather as many tracks of each genre, as a playlist")
    parser.add_argument("--genres", nargs="+", default=[], metavar="GENRE", help="default: those of the genre model")
    parser.add_argument("--per-genre", type=_positive, default=PER_GENRE, metavar="N", help=f"default: {PER_GENRE}")
    _add_filters(parser)
    parser.set_defaults(command=_balanced)
    parser = commands.add_parser("harvest", help="search sources for a, b, ... z, aa, ab, ...; goes on where it ended")
    parser.add_argument("what", choices=("tracks", "artists", "segments"))
    parser.add_argument(
        "--terms", type=_positive, metavar="N", help=f"default: {TERMS} terms; for segments: {TRACKS} tracks"
    )
    parser.add_argument("--min-segments", type=_positive, default=1, metavar="N", help="leave out shorter analyses")
    _add_filters(parser)
    parser.set_defaults(command=_harvest)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", metavar="NAME", help="ask only this source; default: all that are switched on")
    parser.add_argument("--min-popularity", type=float, metavar="N", help="leave out less popular tracks (0 to 100)")
    parser.add_argument("--years", type=_years, metavar="A-B", help="leave out older and newer tracks")
    parser.add_argument("--strict", action="store_true", help="also leave out tracks of unknown popularity or year")


def _enrich(database: Database, var: Path, options: argparse.Namespace) -> int:
    playlist = database.playlist(options.playlist_id)
    if playlist is None:
        print(f"There is no playlist {options.playlist_id}.", file=sys.stderr)
        return 1
    # The run is stored first, so that it can be resumed after a kill.
    run = _queued(database, var, new_enrichment(playlist.id, playlist.name, None, options.needs))
    with workers_from(options) as workers:
        if not isinstance(workers, OneCore):
            with ProgressBar(PAGES) as bar:
                for done, total in ask_ahead(workers, database, var, run):
                    bar(Progress(phase=f"asking, {workers.count} at a time", done=done, total=total))
    return do(database, var, [run.id])


def _balanced(database: Database, var: Path, options: argparse.Namespace) -> int:
    return _run(database, var, new_balanced(genres=options.genres, per_genre=options.per_genre, **_filters(options)))


def _harvest(database: Database, var: Path, options: argparse.Namespace) -> int:
    if options.what == "segments":
        terms, least = options.terms or TRACKS, options.min_segments
        return _run(database, var, new_segments(terms=terms, min_segments=least, **_filters(options)))
    return _run(database, var, new_harvest(options.what, terms=options.terms or TERMS, **_filters(options)))


def _filters(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in NO_FILTERS}


def _run(database: Database, var: Path, run: Run) -> int:
    """Do the run, or the operator's open run that is equal to it."""
    return do(database, var, [_queued(database, var, run).id])


def _queued(database: Database, var: Path, run: Run) -> Run:
    """Queue ``run`` and return it, or return the operator's open run that is equal to it."""
    [queued] = enqueue(database, var, run)
    return queued


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def _years(text: str) -> list[int]:
    found = re.fullmatch(r"(\d{4})-(\d{4})", text)
    if not found or found[1] > found[2]:
        raise argparse.ArgumentTypeError(f"must look like 1990-1999, not {text!r}")
    return [int(found[1]), int(found[2])]
