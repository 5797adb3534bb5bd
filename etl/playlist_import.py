"""A playlist file into the store, page by page."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from etl.imports.exportify import Row, Sheet, read_rows
from etl.runs import ImportProblem, Progress
from store.database import PAGE_ITEMS, Database
from store.domain import Playlist, PlaylistItem, Track

_MAX_EXAMPLES = 20
_PHASE = "storing the tracks"
Report = Callable[..., None]


def playlist_id(owner: str | None, sha256: str) -> str:
    """Return the id of a playlist: the same owner and the same file always give the same one."""
    return hashlib.sha256(f"{owner or ''}\x1f{sha256}".encode()).hexdigest()[:24]


def playlist_name(filename: str) -> str:
    """Return a name for people from a file's: Exportify writes underscores for spaces."""
    stem = re.sub(r"(?i)(\.(csv|tsv|txt|gz))+$", "", PurePath(filename).name)
    return stem.replace("_", " ").strip() or "Playlist"


class PlaylistImport:
    """One playlist file on its way into the store; goes on from the cursor in the run's ``document``."""

    def __init__(self, database: Database, document: dict[str, Any], sheet: Sheet, report: Report) -> None:
        self.database = database
        self.run_id: str = document["_id"]
        self.document = document
        self.sheet = sheet
        self.report = report
        self.id = playlist_id(document["owner"], sheet.file.sha256)
        cursor = document["cursor"]
        self.rows: int = cursor["rows"]
        self.items: int = cursor["items"]
        self.contributors = Counter(dict(cursor["contributors"]))
        self.asked, self.stored, self.known = document["asked"], document["stored"], document["known"]
        self.skipped = Counter(dict(document["skipped"]))
        self.examples: list[dict[str, Any]] = list(document["skipped_examples"])
        self.page: list[Row] = []
        self.bytes_read = 0

    def run(self) -> None:
        """Store the playlist.

        Raises
        ------
        ImportProblem
            No row holds a track (``no_tracks``); the playlist was deleted meanwhile (``deleted``).
        """
        before = self.database.playlist(self.id)
        self.database.update_run(self.run_id, {"kind": "playlist", "playlist_id": self.id, "phase": _PHASE})
        created_at = before.created_at if before else self.document["started_at"]
        playlist = Playlist(
            id=self.id,
            name=playlist_name(self.document["name"]),
            owner=self.document["owner"],
            source=self._source,
            created_at=created_at,
        )
        if before is None:
            self.database.put_playlist(playlist)
        self._store_rows()
        if not self.items:
            raise ImportProblem(
                "no_tracks",
                f"None of the {self.asked} rows of {self.document['name']} holds a track.",
                "See which rows were skipped and why.",
            )
        self._complete(playlist)

    @property
    def _source(self) -> str:
        return f"exportify: {self.document['name']}"

    def _complete(self, playlist: Playlist) -> None:
        if self.database.playlist(self.id) is None:
            raise self._deleted()
        self.database.put_playlist(
            Playlist(
                id=playlist.id,
                name=playlist.name,
                owner=playlist.owner,
                source=playlist.source,
                created_at=playlist.created_at,
                item_count=self.items,
                contributors=dict(self.contributors),
                complete=True,
            )
        )

    def _store_rows(self) -> None:
        stored_before = self.rows
        rows = read_rows(self.sheet, self._source, self.document["started_at"], self._watch)
        for number, row in enumerate(rows, start=1):
            if number <= stored_before:
                continue
            self._count(row)
            self.rows = number
            if len(self.page) == PAGE_ITEMS:
                self._flush()
        self._flush()

    def _count(self, row: Row) -> None:
        self.asked += 1
        if row.track is None:
            self.skipped[row.reason] += 1
            if len(self.examples) < _MAX_EXAMPLES:
                self.examples.append({"line": row.line, "reason": row.reason})
            return
        self.page.append(row)
        if row.added_by:
            self.contributors[row.added_by] += 1

    def _flush(self) -> None:
        """Store the page, then move the cursor behind it."""
        if self.page:
            number = self.items // PAGE_ITEMS
            stored = self._put_tracks(f"{self.run_id}:{number}")
            self.database.put_page(self.id, number, [self._item(at, row) for at, row in enumerate(self.page)])
            self.stored += stored
            self.known += len(self.page) - stored
            self.items += len(self.page)
            self.page = []
            if not self.database.grow_playlist(self.id, self.items):
                raise self._deleted()
        self.database.update_run(self.run_id, self._state())
        self.report(self._progress(), recorded=True)

    def _put_tracks(self, brought_by: str) -> int:
        first: dict[str, Track] = {}
        further: dict[str, Track] = {}
        for row in self.page:
            assert row.track is not None
            if first.setdefault(row.track.id, row.track) != row.track:
                further[row.track.id] = row.track
        stored, _ = self.database.put_tracks(list(first.values()), brought_by)
        if further:  # rows that name a track again may know more of it
            self.database.put_tracks(list(further.values()), brought_by)
        return stored

    def _item(self, offset: int, row: Row) -> PlaylistItem:
        assert row.track is not None
        return PlaylistItem(
            position=self.items + offset, track_id=row.track.id, added_by=row.added_by, added_at=row.added_at
        )

    def _state(self) -> dict[str, Any]:
        contributors = [list(pair) for pair in self.contributors.items()]
        return {
            "cursor": {"rows": self.rows, "items": self.items, "contributors": contributors},
            "bytes_done": self.bytes_read,
            "asked": self.asked,
            "stored": self.stored,
            "known": self.known,
            "skipped": [list(pair) for pair in self.skipped.items()],
            "skipped_examples": self.examples,
        }

    def _watch(self, bytes_read: int) -> None:
        self.bytes_read = bytes_read

    def _progress(self) -> Progress:
        return Progress(
            phase=_PHASE,
            done=self.bytes_read,
            total=self.sheet.file.size,
            asked=self.asked,
            stored=self.stored,
            known=self.known,
            skipped=self.skipped.total(),
        )

    def _deleted(self) -> ImportProblem:
        self.database.delete_playlist(self.id, self.items)  # the page that came after
        return ImportProblem("deleted", "The playlist was deleted while it arrived.", "Bring the file again.")
