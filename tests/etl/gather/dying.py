"""Harvests that are killed: ``python -m tests.etl.gather.dying URI VAR URLS`` does runs that its input names.

Each line of the input is JSON: the id of a run, and at which of its "calls" or "writes" it dies (null: at none). A
child of this process, which has everything loaded and is forked in a moment, does it, and how it ended is printed.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jobs.worker import execute
from store.database import Database
from store.domain import Track
from tests.etl.gather.support import opening

_READS = ("get_document", "get_documents", "documents_where", "documents_among", "names_where", "get_run")
_WRITES = (
    *("put_document", "insert_document", "change_document", "delete_documents"),
    *("update_run", "put_playlist", "put_page", "grow_playlist", "refresh_counts"),
)
_OF_THE_ENGINE = ("sources", "lookups")


class CountingDatabase(Database):
    """Counts its calls, and the writes of the harvest among them; ends the process with SIGKILL at one of them.

    ``kind`` is "calls" or "writes". Where tracks are stored it dies in the middle.
    """

    def __init__(self, uri: str, kind: str = "calls", lives: int | None = None) -> None:
        super().__init__(uri)
        self.counts = {"calls": 0, "writes": 0}
        self._kind = kind
        self._lives = lives
        for name in (*_READS, *_WRITES):
            setattr(self, name, self._mortal(getattr(self, name), name in _WRITES))

    def put_tracks(self, tracks: Sequence[Track], brought_by: str = "", **more: Any) -> tuple[int, int]:
        if self._is_last(writes=True):
            super().put_tracks(tracks[: len(tracks) // 2], brought_by, **more)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().put_tracks(tracks, brought_by, **more)

    def _is_last(self, *, writes: bool) -> bool:
        self.counts["calls"] += 1
        self.counts["writes"] += writes
        return self.counts[self._kind] == self._lives

    def _mortal(self, method: Callable[..., Any], writes: bool) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if self._is_last(writes=writes and not (args and args[0] in _OF_THE_ENGINE)):
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*args, **kwargs)

        return counted


def main(uri: str, var: Path, urls: dict[str, str]) -> None:
    for line in sys.stdin:
        run_id, kind, lives = json.loads(line)
        child = os.fork()
        if child == 0:
            database = CountingDatabase(uri, kind, lives)
            state = execute(database, var, run_id, open_engine=opening(urls))
            os._exit(0 if state == "done" else 1)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
