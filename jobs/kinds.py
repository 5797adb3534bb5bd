"""The kinds of runs that do not import a file, and the function that does each, loaded by name."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from etl.task import OpenEngine, Reporter, Task
from store.database import Database
from store.runs import Run

# Kind of run -> the function that does it. Its module is imported when the first such run starts.
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


def run_task(database: Database, var: Path, run: Run, report: Reporter, open_engine: OpenEngine) -> None:
    """Do a run of one of the kinds in :data:`RUNNERS`, or the rest of it."""
    module, _, name = RUNNERS[run.kind or ""].partition(":")
    runner: Callable[[Task], None] = getattr(import_module(module), name)
    engine = open_engine(database, var)
    try:
        runner(Task(database=database, var=var, run=run, report=report, engine=engine))
    finally:
        engine.close()
