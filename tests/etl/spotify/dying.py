"""An import from Spotify that is killed at a chosen write."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jobs.worker import execute
from tests.etl.imports.dying import DyingDatabase
from tests.etl.spotify.setting import engine_for

FURTHER_WRITES = ("put_document", "change_document", "delete_documents")
# What the engine notes of its budgets and leases comes by the clock.
CONTENT = {"tracks", "playlists", "playlist_pages", "stats", "runs", "spotify_pages"}


class Dying(DyingDatabase):
    """Also dies at the writes of what is read, before and after the tracks are stored."""

    def __init__(self, uri: str, write: int) -> None:
        super().__init__(uri, sys.maxsize)
        for name in FURTHER_WRITES:
            setattr(self, name, self._mortal_on_content(getattr(self, name)))
        self.write = write

    def _mortal_on_content(self, method: Callable[..., Any]) -> Callable[..., Any]:
        mortal = self._mortal(method)
        return lambda name, *args, **kwargs: (mortal if name in CONTENT else method)(name, *args, **kwargs)

    def begin(self) -> None:
        """Count from here on."""
        self.left = self.write


def run_until(uri: str, var: Path, run_id: str, write: int, client_id: str, urls: Mapping[str, str]) -> int:
    """Do the run, and die at a write (0: at none); return the number of writes of a whole run."""
    database = Dying(uri, write)
    engine = engine_for(database, var, urls, client_id)
    database.begin()
    execute(database, var, run_id, open_engine=lambda *_: engine)
    return write - database.left
