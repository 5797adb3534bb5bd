"""Harvests that are killed: ``python -m tests.etl.harvest.dying URI VAR URLS`` does runs that its input names.

Each line of the input is JSON: the id of a run and how many calls of the database it lives (null: to the end). A child
of this process, which has everything loaded and is forked in a moment, does it, and how it ended is printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from etl.importing import execute
from store.database import Database
from store.domain import Track
from tests.etl.harvest.support import opening

_CALLS = (
    *("get_document", "get_documents", "documents_where", "documents_among", "names_where", "put_document"),
    *("insert_document", "change_document", "update_run", "load_run", "put_playlist", "put_page", "grow_playlist"),
    *("refresh_counts", "playlist", "playlist_items", "get_tracks"),
)


class CountingDatabase(Database):
    """Counts its calls, and ends the process with SIGKILL at one of them; in the middle where tracks are stored."""

    def __init__(self, uri: str, lives: int | None = None) -> None:
        super().__init__(uri)
        self.calls = 0
        self.lives = lives
        for name in _CALLS:
            setattr(self, name, self._mortal(getattr(self, name)))

    def put_tracks(self, tracks: Sequence[Track], brought_by: str = "") -> tuple[int, int]:
        self.calls += 1
        if self.calls == self.lives:
            super().put_tracks(tracks[: len(tracks) // 2], brought_by)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().put_tracks(tracks, brought_by)

    def _mortal(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self.lives:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*args, **kwargs)

        return counted


def main(uri: str, var: Path, urls: dict[str, str]) -> None:
    for line in sys.stdin:
        run_id, lives = json.loads(line)
        child = os.fork()
        if child == 0:
            database = CountingDatabase(uri, lives)
            state = execute(database, var, run_id, open_engine=opening(urls))
            os._exit(0 if state == "done" else 1)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
