"""Scans watched music folders again when their files have changed."""

import time
from pathlib import Path

from etl.library.places import fingerprint, music_folder
from etl.library.scan import new_scan
from jobs.queue import WorkQueue, enqueue, spawn_worker
from store.audio.files import AudioFolder, audio_folders
from store.database import Database
from store.errors import TastemapError

EVERY_SECONDS = 600.0


class MusicWatch:
    """Looks at the watched folders every :data:`EVERY_SECONDS`; ``only``, if given, is the one allowed folder."""

    def __init__(self, database: Database, var: Path, only: Path | None) -> None:
        self._database, self._var, self._only = database, var, only
        self._next = time.monotonic() + EVERY_SECONDS

    def look(self) -> None:
        """If it is time to look, queue scans of the changed folders and start the worker."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY_SECONDS
        if self.queue_changed():
            spawn_worker(self._var, self._database.uri, [WorkQueue.LONG])

    def queue_changed(self) -> int:
        """Queue a scan of each watched folder with files changed since its last scan; return the number of scans."""
        changed = [
            folder.path
            for folder in audio_folders(self._database)
            if folder.watched and self._only in {None, Path(folder.path)} and _has_changed(folder)
        ]
        return len(enqueue(self._database, self._var, *(new_scan(path) for path in changed)))


def _has_changed(folder: AudioFolder) -> bool:
    try:
        return fingerprint(music_folder(folder.path)) != folder.fingerprint
    except TastemapError:  # the folder's disk is not mounted: nothing to scan
        return False
