"""Imports an audio file that the operator has uploaded: it is kept, and becomes a track as in a scan."""

import os
from pathlib import Path

from etl.audio.analyser import VERSION
from etl.library.examine import Job, can_analyse, examine
from etl.library.storing import FileStore, music_of_uploads
from etl.task import Reporter
from store.audio.files import AudioFile, AudioIndexFile, put_audio_file
from store.database import Database
from store.runs import ImportProblem, Progress, Run, RunSummary


def import_audio(database: Database, var: Path, run: Run, path: Path, report: Reporter) -> RunSummary:
    """Keep the file at ``path`` in ``var/music``, and store its track, sound and cover for ``run``.

    Raises ImportProblem if the run is not of the operator (``operator_only``), or the file cannot be decoded
    (``unreadable``).
    """
    if run.owner is not None and not run.by_operator:
        raise ImportProblem(
            "operator_only",
            "Only whoever runs this server keeps music files on it.",
            "Import a playlist, or scan the folder on a Tastemap of your own.",
        )
    root = music_of_uploads(var)
    kept = root / run.id / path.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        os.link(path, kept)  # the upload is deleted when the run ends
    below = f"{run.id}/{path.name}"
    report(Progress(phase="analysing", total=1))
    analysing = can_analyse()
    examined = examine(Job(str(root), below, analysing))
    if examined.problem:
        kept.unlink()
        kept.parent.rmdir()
        raise ImportProblem("unreadable", f"{examined.problem.removeprefix(f'{run.id}/')}", "Import another file.")
    file = AudioFile(
        root=str(root),
        path=below,
        size=examined.size,
        modified_ns=examined.modified_ns,
        sha256=examined.sha256,
        media_type=examined.media_type,
        analyser=VERSION if analysing else None,
        brought_by=run.id,
    )
    put_audio_file(database, FileStore(database, var, run.id).store(file, examined))
    AudioIndexFile(var).build(database)
    return RunSummary(requested=1, stored=1)
