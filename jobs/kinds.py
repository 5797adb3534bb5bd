"""The kinds of runs, and the function that does each, loaded by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from pkgutil import resolve_name

from etl.task import OpenEngine, Reporter, Task
from store.database import Database
from store.runs import Run

# Kind of run that does not import a file -> the function that does it. Its module is imported when the first such run
# starts, so that a short run starts in a fraction of the time that all of them would take to load.
RUNNERS: Mapping[str, str] = {
    "enrich": "etl.gather.enrich:run",
    "balanced": "etl.gather.balanced:run",
    "tracks": "etl.gather.terms:run",
    "artists": "etl.gather.terms:run",
    "segments": "etl.gather.segments:run",
    "give": "etl.whole_playlists:give",
    "delete": "etl.whole_playlists:delete",
    "index": "etl.whole_playlists:index",
    "sounds": "jobs.sound_alikes:run",
    "train": "jobs.training:run",
    "scan": "jobs.scanning:run",
    "calibrate": "jobs.calibrating:run",
    "forget-music": "etl.library.forgetting:run",
    "install": "jobs.installing:run",
    "spotify": "etl.spotify.importing:run",
    "spotify-write": "etl.spotify.writing:run",
    "spotify-forget": "etl.spotify.forgetting:forget",
}
# What does every other run: it loads the readers of all formats.
_IMPORTER = "etl.imports.storing.source:import_source"


def import_file(database: Database, var: Path, run: Run, report: Reporter) -> None:
    """Do a run that imports a file or an address, or the rest of it."""
    resolve_name(_IMPORTER)(database, var, run, report)


def run_task(database: Database, var: Path, run: Run, report: Reporter, open_engine: OpenEngine) -> None:
    """Do a run of one of the kinds in :data:`RUNNERS`, or the rest of it."""
    runner: Callable[[Task], None] = resolve_name(RUNNERS[run.kind or ""])
    engine = open_engine(database, var)
    try:
        runner(Task(database=database, var=var, run=run, report=report, engine=engine))
    finally:
        engine.close()
