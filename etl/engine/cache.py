"""The cache of answers, in collection ``lookups``; of several processes with an equal query, one sends it.

A document is a lease ("pending") until its answer replaces it. A lease ends with its time, or when the process
that holds it is gone; then the next process with that query takes it over.

The key of a text query is made of the normalised text and the page. The key of a track is made of the source's own
id of it; if that is not known, of the ids in the namespaces that the source reads (``About.reads`` and its own) and
the normalised title and artists. Album, year and duration only help a source to choose between editions and are left
out.
"""

import hashlib
import json
import os
import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from etl.engine.answers import Answer, Fault, Status
from etl.engine.clock import Clock
from etl.engine.codec import dumps, loads
from etl.providers.base import About, FaultKind, LookupQuery, Need
from store.database import Database
from store.text import normalise, plain_title

COLLECTION = "lookups"
# The URL of a preview expires within minutes, so it is fetched when somebody listens.
NEVER_CACHED = frozenset({Need.PREVIEW})
_BY_TEXT = frozenset({Need.SEARCH, Need.GENRE_TRACKS, Need.ARTISTS})
_PENDING = "pending"
Since = Mapping[Status, datetime | None]
_HOUR_S = 3600
# How many hours one sweep cleans up after at most, so that it stays short after a long pause.
_SWEPT_AT_ONCE = 500
# Times of answers and leases farther in the future than this were stored before the clock was set back.
_FARTHEST_S = 3600.0


class AnswerCache:
    """The cached answers of all sources."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, keys: Collection[str], need: Need, since: Since) -> dict[str, Answer]:
        """Return the answers that have not expired, by key; for a status in ``since`` only those fetched later."""
        documents = self._database.get_documents(COLLECTION, keys)
        found = {key: self._answer(document, need, since) for key, document in documents.items()}
        return {key: answer for key, answer in found.items() if answer is not None}

    def claim(self, key: str, need: Need, since: Since, for_s: float) -> str | None:
        """Return a lease on ``key`` for ``for_s`` seconds.

        None if another process or thread holds the lease, or has stored an answer that :meth:`get` would return.
        """
        lease = f"{_me()}:{secrets.token_hex(8)}"
        until = self._clock.now(for_s)
        document = self._database.get_document(COLLECTION, key)
        if document is None:
            fresh = {"_id": key, "status": _PENDING, "slice": _slice(key), "expires_hour": _hour(until)}
            ours = self._database.insert_document(COLLECTION, {**fresh, "lease": lease, "lease_until": until})
        elif self._is_held(document) or self._answer(document, need, since) is not None:
            return None
        else:
            changes = {"lease": lease, "lease_until": until}
            ours = self._database.change_document(COLLECTION, key, changes, where={"lease": document["lease"]})
        if not ours:  # unless a lost connection made the client send the write twice
            document = self._database.get_document(COLLECTION, key)
            ours = document is not None and document["lease"] == lease
        return lease if ours else None

    def keep(self, key: str, answer: Answer, about: About) -> Answer:
        """Store ``answer`` instead of the lease on ``key``, for as long as its status may be cached.

        Returns it as stored: a failure says when it will be tried again.
        """
        lifetime = {
            Status.FOUND: timedelta(days=about.found_days),
            Status.NOT_FOUND: timedelta(days=about.not_found_days),
            Status.FAILED: timedelta(minutes=about.failed_minutes),
        }[answer.status]
        assert answer.fetched_at is not None
        expires_at = answer.fetched_at + lifetime
        document: dict[str, Any] = {
            "_id": key,
            "status": answer.status.value,
            "source": answer.source,
            "slice": _slice(key),
            "fetched_at": answer.fetched_at,
            "expires_at": expires_at,
            "expires_hour": _hour(expires_at),
            "licence": answer.licence,
            "lease": "",
        }
        answer = _until(answer, expires_at)
        if answer.value is not None:
            document["value"] = dumps(answer.value)
        if answer.fault is not None:
            fault = answer.fault
            document["fault"] = {"kind": fault.kind.value, "message": fault.message, "hint": fault.hint}
        self._database.put_document(COLLECTION, document)
        return answer

    def release(self, key: str, lease: str) -> None:
        """Give a lease back without an answer; an earlier answer stays."""
        document = self._database.get_document(COLLECTION, key)
        if document is None or document["lease"] != lease:
            return
        if document["status"] == _PENDING:
            self._database.delete_documents(COLLECTION, [key])
        else:
            self._database.change_document(COLLECTION, key, {"lease": ""}, where={"lease": lease})

    def forget(self, source: str) -> None:
        """Delete every answer of ``source``, slice by slice."""
        for number in range(256):
            self._delete({"slice": f"{source}:{number:02x}"})

    def sweep(self, first_hour: int | None) -> int:
        """Delete what expired from ``first_hour`` (since 1970) up to this one; return the hour to go on with.

        Without ``first_hour`` it begins with the first one stored.
        """
        this_hour = _hour(self._clock.now())
        if first_hour is None:
            self._delete({"expires_hour": {"$lt": this_hour}})
            return this_hour
        end = min(this_hour, first_hour + _SWEPT_AT_ONCE)
        for hour in range(first_hour, end):
            self._delete({"expires_hour": hour})
        return end

    def _delete(self, equal: Mapping[str, Any]) -> None:
        self._database.delete_documents(COLLECTION, self._database.names_where(COLLECTION, equal))

    def _answer(self, document: Mapping[str, Any], need: Need, since: Since) -> Answer | None:
        if document["status"] == _PENDING or not self._clock.until(document["expires_at"]):
            return None
        if self._clock.until(document["fetched_at"]) > _FARTHEST_S:
            return None
        start = since.get(Status(document["status"]))
        if start is not None and document["fetched_at"] < start:
            return None
        fault = document.get("fault")
        try:
            value = loads(need, document["value"]) if "value" in document else None
        except ValueError:
            return None  # written by an earlier version: fetched again
        answer = Answer(
            source=document["source"],
            need=need,
            status=Status(document["status"]),
            value=value,
            fetched_at=document["fetched_at"],
            licence=document["licence"],
            fault=Fault(kind=FaultKind(fault["kind"]), message=fault["message"], hint=fault["hint"]) if fault else None,
            cached=True,
        )
        return _until(answer, document["expires_at"])

    def _is_held(self, document: Mapping[str, Any]) -> bool:
        lease = document["lease"]
        return bool(lease and 0.0 < self._clock.until(document["lease_until"]) < _FARTHEST_S and _is_alive(lease))


def _until(answer: Answer, expires_at: datetime) -> Answer:
    """Return a failure with the time when it will be tried again, any other answer unchanged."""
    if answer.status is not Status.FAILED or answer.fault is None:
        return answer
    return replace(answer, fault=replace(answer.fault, retry_at=expires_at))


def _slice(key: str) -> str:
    """Return the slice of a key, by which answers are deleted: source and the first two digits of the hash."""
    _need, source, digest = key.split(":")
    return f"{source}:{digest[:2]}"


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // _HOUR_S)


def _is_alive(lease: str) -> bool:
    """Return whether the process that took ``lease`` may still run; one of another machine may."""
    host, pid, started, _ = lease.split(":")
    if host != _host():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started(int(pid)) == started


def _me() -> str:
    """Return this process: machine, number and start time (numbers are used again)."""
    return f"{_host()}:{os.getpid()}:{_started(os.getpid())}"


def _host() -> str:
    return socket.gethostname().replace(":", "-")


def _started(pid: int) -> str:
    """Return when a process began, in the kernel's ticks; empty if unknown, "dead" for a zombie."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "dead" if state == "Z" else fields[18]


def answer_key(about: About, need: Need, query: LookupQuery) -> str:
    """Return the ``_id`` of an answer in ``lookups``: ``<need>:<source>:<32 hex digits>``."""
    parts = [normalise(query.text), query.page] if need in _BY_TEXT else _of_track(about, query)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return f"{need}:{about.name}:{digest}"


def _of_track(about: About, query: LookupQuery) -> list[object]:
    identity = query.identity
    if about.name in identity.ids:
        return [identity.ids[about.name]]
    read = {
        name: value for name, value in identity.ids.items() if name in about.reads or name.startswith(f"{about.name}_")
    }
    return [
        sorted(read.items()),
        normalise(plain_title(identity.title)),
        [normalise(artist) for artist in identity.artists],
    ]
