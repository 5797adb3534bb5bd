"""The run that imports one list of an account: it is read as a whole first, then stored as a playlist.

Each page is staged, and then the cursor is moved, so a run that goes on after a kill fetches at most one page again.
A list that changes meanwhile is read again, because its rows have moved.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from etl.imports.reading.bytes import Watch
from etl.imports.rows.entries import Begin, Entry, PlaylistFile, Row
from etl.imports.storing.playlists import PlaylistImport
from etl.lookup.name_matching import NameMatching
from etl.providers.base import FaultKind, SourceFault
from etl.spotify.attempt import KIND, SOURCE, Staging, attempt
from etl.spotify.lists import PAGE_ROWS, Mark, Reader, reader_of, row_from
from etl.task import Task
from store.runs import FRESH_CURSOR, ImportProblem, Progress, Run

WITHHELD = "Spotify does not give this row to an app like this one"
_READING = "reading from Spotify"
_FRESH = {"name": "", "fingerprint": None, "offset": 0, "total": None, "withheld": 0, "whole": False, "times": 0}
_MOST_TIMES = 5
# Retries of an empty page before the end; then its rows count as withheld.
_EMPTY_TRIES = 2


def new_import(owner: str, list_id: str, name: str) -> Run:
    """Return a run that imports the list with this id, which :func:`etl.spotify.lists.is_list` must accept."""
    cursor = {**FRESH_CURSOR, "reading": _FRESH, "faults": 0}
    return Run(kind="spotify", name=name, owner=owner, request={"list": list_id}, unit="rows", cursor=cursor)


def run(task: Task) -> None:
    """Import the list of ``task``; raises what :func:`etl.spotify.attempt.attempt` does."""
    staging, cursor = Staging(task.database, task.run.id), dict(task.run.cursor)
    gone = ImportProblem("not_there", "Spotify no longer has this playlist, or gives it to no app.")
    refused = ImportProblem(
        "not_given",
        "Spotify does not give the rows of this playlist to this app.",
        "It gives those of playlists that you own or collaborate on. For others, import a file (Exportify).",
    )
    list_id = (task.run.request or {})["list"]
    with attempt(task, cursor, staging, gone=gone, refused=refused) as (session, account):
        if not cursor["reading"]["whole"]:
            _Reading(task, cursor, staging, reader_of(session, list_id)).run()
        _store(task, cursor, staging, f"{SOURCE}:{account.user_id}:{list_id}")


class _Reading:
    """Reads the list into the staging, starting from ``cursor["reading"]``."""

    def __init__(self, task: Task, cursor: dict[str, Any], staging: Staging, reader: Reader) -> None:
        self._task, self._cursor, self._staging, self._reader = task, cursor, staging, reader
        self._state: dict[str, Any] = cursor["reading"]

    def run(self) -> None:
        mark = self._reader.mark()
        while not self._state["whole"]:
            if self._state["fingerprint"] != mark.fingerprint:
                self._start(mark)
            more = True
            while more:
                more = self._page()
            # A list of a single page cannot be a mixture of two states.
            again = self._reader.mark() if self._state["offset"] > PAGE_ROWS else mark
            self._state["whole"] = again.fingerprint == mark.fingerprint
            mark = again
        self._record()

    def _start(self, mark: Mark) -> None:
        if self._state["times"] == _MOST_TIMES:
            raise ImportProblem("changing", "The list keeps changing while it is read.", "Import it again later.")
        self._staging.clear()
        self._state |= {**_FRESH, "times": self._state["times"] + 1}
        self._state |= {"name": mark.name, "fingerprint": mark.fingerprint}
        self._record()

    def _page(self) -> bool:
        page = self._reader.page(self._state["offset"])
        if page.withheld and not page.rows and self._cursor["faults"] < _EMPTY_TRIES:
            raise SourceFault(FaultKind.GARBLED, "Spotify sent an empty page before the end of the list.", "Try again.")
        self._staging.put(self._state["offset"], page.rows)
        self._state["offset"] += len(page.rows)
        self._state |= {"total": page.total, "withheld": page.withheld}
        self._record()
        return page.more

    def _record(self) -> None:
        """Move the cursor; raises Cancelled if somebody has ended the run."""
        done, total = self._state["offset"], self._state["total"]
        self._cursor["faults"] = 0
        self._task.report.record(cursor=self._cursor, name=self._state["name"], bytes_done=done, bytes_total=total)
        self._task.report(Progress(phase=_READING, done=done, total=total), recorded=True)


def _store(task: Task, cursor: dict[str, Any], staging: Staging, identity: str) -> None:
    """Store the staged list as a playlist, like one of a file; ``identity`` is that of the account's list."""
    reading = cursor["reading"]

    def read(_source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        yield Begin(name=reading["name"])
        for line, row in enumerate(staging.rows(reading["offset"]), start=1):
            if watch:
                watch(line)
            yield row_from(line, row, KIND)
        if reading["withheld"]:
            yield Row(line=reading["offset"] + 1, reason=WITHHELD, times=reading["withheld"])

    key = hashlib.sha256(identity.encode()).hexdigest()
    file = PlaylistFile(kind=KIND, size=reading["offset"], sha256=key, read=read)
    run = replace(task.run, name=reading["name"], cursor=cursor)
    PlaylistImport(task.database, run, file, task.report, NameMatching(task.var)).run()
