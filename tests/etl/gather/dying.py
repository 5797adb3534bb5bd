"""Harvests that are killed at a chosen call or write."""

import os
import signal
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


def harvest_until(uri: str, var: Path, urls: dict[str, str], run_id: str, kind: str, lives: int | None) -> str:
    """Do the run, and die at one of its "calls" or "writes" (``None``: at none); return how it ended."""
    return execute(CountingDatabase(uri, kind, lives), var, run_id, open_engine=opening(urls))
