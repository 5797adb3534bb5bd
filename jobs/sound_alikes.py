"""Stores what the user's own files sound like, according to the served tagger, for files that lack it.

Each file is stored as soon as it is done, so a run that was killed continues with the remaining files. Like scans, it
decodes files in separate processes.
"""

import os
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from etl.audio.decoding import UnreadableSound, missing_packages, mono_blocks
from etl.library.places import NotInLibrary, open_below
from etl.task import Task
from jobs.queue import enqueue
from jobs.scale.options import processes
from ml.registry import ModelRegistry
from ml.tagger.mel import TooShort
from ml.tagger.model import TASK, MusicTagger, Sound
from store.audio.files import CRASHED, AudioFile, AudioIndexFile, audio_files
from store.audio.sounds import put_silent, put_sound, without_sound
from store.database import Database
from store.errors import TastemapError
from store.runs import ImportProblem, Progress, Run

KIND = "sounds"
_FILES_A_LOOK = 200
_HINT = "Install them in the library, under My music."


@dataclass(frozen=True, slots=True)
class _Embedded:
    """The result of one file: its sound, or why there is none, or neither if the file is gone."""

    file: AudioFile
    sound: Sound | None = None
    problem: str = ""


def can_listen() -> bool:
    """Return whether the packages that decode files are installed."""
    return not {"av", "soundfile"} <= {*missing_packages()}


def lacking(database: Database, version: str) -> list[AudioFile]:
    """Return the files that have a track, and no sound by this ``version`` of the tagger."""
    files = [file for file in audio_files(database) if file.track_id and not file.problem and not file.gone]
    return without_sound(database, files, version)


def new_run(owner: str | None = None, *, cores: int | str = 1) -> Run:
    """Return the run that does all files that lack a sound, in ``cores`` processes (a number or "all")."""
    request = {"cores": cores}
    return Run(kind=KIND, name="How your music sounds", owner=owner, request=request, unit="files", cursor={})


def after_scan(task: Task) -> None:
    """Queue the run, with the cores of the scan, if files lack a sound and can be decoded."""
    version = ModelRegistry(local=task.var / "models").active_version(TASK)
    if can_listen() and lacking(task.database, version):
        cores = (task.run.request or {}).get("cores", 1)
        enqueue(task.database, task.var, new_run(task.run.owner, cores=cores))


def run(task: Task) -> None:
    """Do the run.

    Raises
    ------
    ImportProblem
        The packages that decode files are not installed.
    Cancelled
        Somebody has ended the run; stored files are kept.
    """
    if not can_listen():
        raise ImportProblem("missing_packages", "The packages that decode music are not installed.", _HINT)
    folder = ModelRegistry(local=task.var / "models").active(TASK)
    files = lacking(task.database, folder.name)
    cores = (task.run.request or {}).get("cores", 1)
    left, stored, skipped = {file.id: file for file in files}, 0, 0
    task.report(Progress(phase="listening", done=0, total=len(files)))
    try:
        with processes(cores) as workers:
            for embedded in workers.map(partial(_embed, folder), files):
                del left[embedded.file.id]
                stored, skipped = stored + (embedded.sound is not None), skipped + bool(embedded.problem)
                _store(task.database, folder.name, embedded)
                done = len(files) - len(left)
                if done % _FILES_A_LOOK == 0:
                    AudioIndexFile(task.var).build(task.database)
                task.report(Progress(phase="listening", done=done, total=len(files), stored=stored, skipped=skipped))
    except TastemapError as fault:
        if fault.code != "deadly_items":
            raise
        for file in left.values():  # each of them has ended every process that read it; all others are done
            put_silent(task.database, file, folder.name, CRASHED)
        skipped += len(left)
    finally:
        AudioIndexFile(task.var).build(task.database)
    task.report.record(requested=len(files), stored=stored, skipped={"no sound to compare": skipped} if skipped else {})


def _embed(folder: Path, file: AudioFile) -> _Embedded:
    try:
        os.close(open_below(file.root, file.path))  # raises if the file is gone or is a link now
        return _Embedded(file, _tagger(folder).predict(mono_blocks(Path(file.root, file.path), MusicTagger.rate)))
    except NotInLibrary:
        return _Embedded(file)
    except (UnreadableSound, TooShort) as fault:
        return _Embedded(file, problem=str(fault))


@lru_cache(1)
def _tagger(folder: Path) -> MusicTagger:
    return MusicTagger.load(folder)


def _store(database: Database, version: str, embedded: _Embedded) -> None:
    if embedded.sound is not None:
        put_sound(database, embedded.file, version, embedded.sound.parts, embedded.sound.tags)
    elif embedded.problem:
        put_silent(database, embedded.file, version, embedded.problem)
