"""An importer that is killed at a chosen write."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jobs.worker import execute
from store.database import Database
from store.domain import Track

WRITES = ("put_page", "grow_playlist", "update_run", "put_playlist", "refresh_counts")


class DyingDatabase(Database):
    """Counts its writes and dies at one of them; in the middle of the batch where that is one of tracks."""

    def __init__(self, uri: str, write: int, end: Callable[[], None] | None = None) -> None:
        super().__init__(uri)
        self.left = write
        self.end = end or die
        for name in WRITES:
            setattr(self, name, self._mortal(getattr(self, name)))

    def put_tracks(self, tracks: Sequence[Track], brought_by: str = "", **more: Any) -> tuple[int, int]:
        self.left -= 1
        if self.left == 0:
            super().put_tracks(tracks[: len(tracks) // 2], brought_by, **more)
            self.end()
        return super().put_tracks(tracks, brought_by, **more)

    def _mortal(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if "states" not in kwargs:  # else a report of progress, which comes by the clock
                self.left -= 1
                if self.left == 0:
                    self.end()
            return method(*args, **kwargs)

        return counted


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def import_until(uri: str, var: Path, run_id: str, write: int) -> int:
    """Import, and die at a write; return the number of writes of a whole run, where that has fewer."""
    database = DyingDatabase(uri, write)
    execute(database, var, run_id)
    return write - database.left
