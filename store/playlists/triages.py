"""Stores triages: the decisions made while a heap of tracks is sorted into playlists, and their undoing.

A decision is stored before it is carried out. Reading a triage first carries out what a killed process left pending, so
no decision is lost or done twice.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from store.database import PAGE_ITEMS, Database
from store.documents import Document
from store.domain import PlaylistItem
from store.playlists.rows import add_rows, remove_rows

_COLLECTION, _PAGES = "triages", "triage_pages"
_DECIDE, _UNDO = "decide", "undo"


class Action(StrEnum):
    """A decision about a track."""

    ACCEPT = "accept"  # it goes into a playlist
    REJECT = "reject"  # it does not go into that playlist, maybe into another
    NONE = "none"  # it goes into none of them
    SKIP = "skip"  # later


@dataclass(frozen=True, kw_only=True)
class Decision:
    """``playlist_id`` is None for none and skip; decisions of one ``batch`` are undone together."""

    batch: int
    track_id: str
    action: Action
    playlist_id: str | None = None
    at: datetime

    def document(self) -> Document:
        return {
            "batch": self.batch,
            "track": self.track_id,
            "action": self.action.value,
            "playlist": self.playlist_id,
            "at": self.at,
        }

    @classmethod
    def from_document(cls, document: Document) -> Self:
        return cls(
            batch=document["batch"],
            track_id=document["track"],
            action=Action(document["action"]),
            playlist_id=document["playlist"],
            at=document["at"],
        )


@dataclass(frozen=True, kw_only=True)
class TriageRecord:
    """A triage without its decisions.

    Attributes
    ----------
    id : str
        That of :func:`triage_id`.
    heap : str
        Id of the playlist that is sorted.
    playlists : tuple of str
        Ids of the playlists that it is sorted into.
    person : str
        Id of the contributor as whom accepted tracks are added.
    decisions : int
        How many there are.
    revision : int
        Grows with every change.
    """

    id: str
    owner: str
    heap: str
    playlists: tuple[str, ...]
    person: str
    decisions: int = 0
    revision: int = 0


def triage_id(owner: str, heap: str) -> str:
    """Return the id of the triage of a playlist by a browser session."""
    return hashlib.sha256(f"{owner}\x1f{heap}".encode()).hexdigest()[:24]


def find_triage(database: Database, name: str) -> TriageRecord | None:
    """Return a triage, after carrying out its pending decisions; None if it does not exist."""
    document = database.get_document(_COLLECTION, name)
    if document is None:
        return None
    record = _record(document)
    return _carry_out(database, record, document["pending"]) if document["pending"] else record


def put_triage(database: Database, record: TriageRecord) -> None:
    """Store a triage without pending decisions."""
    plain = {name: value for name, value in vars(record).items() if name != "id"}
    database.put_document(
        _COLLECTION, {"_id": record.id, **plain, "playlists": list(record.playlists), "pending": None}
    )


def forget_triage(database: Database, name: str) -> None:
    """Delete a triage and its decisions; accepted tracks stay in the playlists."""
    document = database.get_document(_COLLECTION, name)
    if document:
        pages = range(document["decisions"] // PAGE_ITEMS + 1)
        database.delete_documents(_PAGES, [_page_id(name, page) for page in pages])
        database.delete_documents(_COLLECTION, [name])


def decisions_of(database: Database, record: TriageRecord) -> list[Decision]:
    """Return all decisions, the oldest first."""
    names = [_page_id(record.id, page) for page in range(-(-record.decisions // PAGE_ITEMS))]
    found = database.get_documents(_PAGES, names)
    rows = [row for name in names for row in found[name]["decisions"]]
    return [Decision.from_document(row) for row in rows[: record.decisions]]


def decide(database: Database, record: TriageRecord, decisions: Sequence[Decision]) -> TriageRecord:
    """Append ``decisions``, carry them out and return the changed triage."""
    return _change(database, record, _DECIDE, decisions)


def undo(database: Database, record: TriageRecord, decisions: Sequence[Decision]) -> TriageRecord:
    """Undo ``decisions``, which must be the last ones, and return the changed triage."""
    return _change(database, record, _UNDO, decisions)


def _change(database: Database, record: TriageRecord, kind: str, decisions: Sequence[Decision]) -> TriageRecord:
    pending = {"kind": kind, "decisions": [decision.document() for decision in decisions]}
    database.change_document(_COLLECTION, record.id, {"pending": pending})
    return _carry_out(database, record, pending)


def _carry_out(database: Database, record: TriageRecord, pending: Document) -> TriageRecord:
    """Carry out pending decisions; this is idempotent."""
    decisions = [Decision.from_document(row) for row in pending["decisions"]]
    undone = pending["kind"] == _UNDO
    accepted: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.action is Action.ACCEPT and decision.playlist_id:
            accepted[decision.playlist_id].append(decision)
    for playlist_id, some in accepted.items():
        playlist = database.playlist(playlist_id)
        if playlist is None:
            continue  # deleted meanwhile
        if undone:
            remove_rows(database, playlist, {(decision.track_id, decision.at) for decision in some})
        else:
            add_rows(database, playlist, [accepted_row(decision, record.person) for decision in some])
    if not undone:
        _append(database, record, pending["decisions"])
    changed = replace(
        record,
        decisions=record.decisions + (-len(decisions) if undone else len(decisions)),
        revision=record.revision + 1,
    )
    put_triage(database, changed)
    return changed


def accepted_row(decision: Decision, person: str) -> PlaylistItem:
    """Return the row that an accepted track gets in its playlist."""
    return PlaylistItem(position=0, track_id=decision.track_id, added_by=person, added_at=decision.at)


def _append(database: Database, record: TriageRecord, rows: Sequence[Document]) -> None:
    first = record.decisions // PAGE_ITEMS
    name = _page_id(record.id, first)
    begun = database.get_document(_PAGES, name) or {"decisions": []}
    rows = [*begun["decisions"][: record.decisions % PAGE_ITEMS], *rows]
    for page, at in enumerate(range(0, len(rows), PAGE_ITEMS), start=first):
        database.put_document(_PAGES, {"_id": _page_id(record.id, page), "decisions": list(rows[at : at + PAGE_ITEMS])})


def _record(document: Document) -> TriageRecord:
    known: dict[str, Any] = {name: value for name, value in document.items() if name not in {"_id", "pending"}}
    return TriageRecord(id=document["_id"], **{**known, "playlists": tuple(document["playlists"])})


def _page_id(name: str, page: int) -> str:
    return f"{name}:{page:06d}"
