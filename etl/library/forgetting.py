"""The run that forgets a folder of music: it deletes everything stored about its files, but not the files."""

from pathlib import Path

from etl.task import Task
from store.audio.files import AudioIndexFile, audio_files, forget_audio_files, forget_audio_folder
from store.audio.sounds import forget_sounds
from store.database import PAGE_ITEMS, Database
from store.facts import ANALYSES, OWN_AUDIO, forget_own_sound
from store.runs import Progress, Run


def new_forgetting(folder: str, owner: str | None = None) -> Run:
    """Return the run that forgets the scanned ``folder``."""
    request = {"folder": folder}
    return Run(
        kind="forget-music",
        name=f"Forget the music in {Path(folder).name}",
        owner=owner,
        request=request,
        unit="files",
        cursor={},
    )


def run(task: Task) -> None:
    """Forget the folder of the run.

    Tracks that came only from its files are deleted, unless a playlist or a file of another folder has them.
    """
    root, database = (task.run.request or {})["folder"], task.database
    files = audio_files(database, root)
    tracks = {file.track_id for file in files if file.track_id}
    tracks -= {file.track_id for file in audio_files(database) if file.root != root}
    forgetting = sorted(tracks - {None})
    held = _held(database, set(forgetting))
    for at, track_id in enumerate(forgetting):
        task.report(Progress(phase="forgetting", done=at, total=len(forgetting)))
        analysis = database.get_document(ANALYSES, track_id)
        if analysis and analysis["source"].startswith(OWN_AUDIO):
            database.delete_documents(ANALYSES, [track_id])
        track = database.get_track(track_id)
        if track is not None and track.source == OWN_AUDIO and track_id not in held:
            database.delete_tracks([track_id])
        else:
            forget_own_sound(database, track_id)
    forget_audio_files(database, files)
    forget_sounds(database, files)
    forget_audio_folder(database, root)
    AudioIndexFile(task.var).build(database)
    task.report.record(requested=len(files), stored=len(files))


def _held(database: Database, tracks: set[str]) -> set[str]:
    """Return those of ``tracks`` that are in a playlist."""
    held: set[str] = set()
    for row in database.fields_of("playlists", ["item_count"]):
        for start in range(0, row["item_count"], PAGE_ITEMS):
            held |= {item.track_id for item in database.playlist_items(row["_id"], start)} & tracks
    return held
