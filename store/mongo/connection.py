"""The connection to MongoDB. It opens on first use in each process, translates errors and restarts a dead server."""

import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from store.documents import Document
from store.errors import StoreDown, StoreError, StoreFull
from store.mongo.embedded import DATABASE, INTERNAL_ERROR, EmbeddedError, EmbeddedServer
from store.mongo.schema import ensure_schema

log = logging.getLogger(__name__)

# How many ids one $in holds; beyond some 100 the embedded server takes twice as long per id.
_IDS_AT_ONCE = 50
# After a failed start of the server, the next try comes no earlier than this.
_REVIVE_PAUSE_SECONDS = 10.0
# MongoDB's OutOfDiskSpace.
_OUT_OF_DISK_SPACE = 14031
_AGAIN = "Try again in a moment."
# After a missed deadline, calls fail at once for this long.
_FAIL_FAST_SECONDS = 1.0

Params = ParamSpec("Params")
Result = TypeVar("Result")
Self = TypeVar("Self", bound="Connection")


class _BrokenOff(StoreDown):
    """The embedded server runs but no longer works."""


def translated(
    method: Callable[Concatenate[Self, Params], Result],
) -> Callable[Concatenate[Self, Params], Result]:
    """Make ``method`` raise only StoreError, and repeat it once if the embedded server could be restarted.

    Every method must be idempotent, because it may run twice.
    """

    @functools.wraps(method)
    def guarded(self: Self, /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        client = self._client
        try:
            with self._errors():
                return method(self, *args, **kwargs)
        except StoreDown as down:
            if not self._revive(client, broken_off=isinstance(down, _BrokenOff)):
                raise
        with self._errors():
            return method(self, *args, **kwargs)

    return guarded


class Connection:
    """Reads documents by id or by one indexed field, and changes them, if asked under a condition.

    ``server`` is the embedded server, None for the operator's MongoDB. ``patience_s`` limits the time of one answer. It
    must be long, because the embedded server sends no heartbeat while it prepares a large answer, and a missed
    heartbeat aborts the call.

    With ``deadline_s``, a call that takes longer raises StoreDown, and all calls of the next second raise it at once: a
    database that hangs must not block the threads of a web process.
    """

    def __init__(
        self,
        uri: str,
        server: EmbeddedServer | None = None,
        *,
        patience_s: float = 30.0,
        deadline_s: float | None = None,
    ) -> None:
        self._uri = uri
        self._server = server
        self._deadline_s = deadline_s
        self._down_until, self._trial = 0.0, 0
        patience = dict.fromkeys(("connectTimeoutMS", "socketTimeoutMS"), int(patience_s * 1000))
        self._timeouts = {"serverSelectionTimeoutMS": 3000, **patience}
        if deadline_s is not None:
            del self._timeouts["socketTimeoutMS"]
            self._timeouts |= dict.fromkeys(("timeoutMS", "serverSelectionTimeoutMS"), int(deadline_s * 1000))
        self._client: MongoClient[Document] | None = None
        self._left: list[MongoClient[Document]] = []
        self._pid = 0
        self._reviving = threading.Lock()
        self._opening = threading.Lock()
        self._revive_after = 0.0
        self._opened_uri = ""

    @property
    def uri(self) -> str:
        """The current address; the embedded server may get another one when it is restarted."""
        return self._server.uri if self._server else self._uri

    @property
    def kind(self) -> str:
        """``embedded`` or ``mongodb``."""
        return "embedded" if self._server else "mongodb"

    def hold(self) -> None:
        """Keep the embedded server running as long as this process does, which was forked from one that opened it."""
        if self._server is not None:
            self._server.hold()

    def close(self) -> None:
        """Close the connection and leave the embedded server, which stops if no other process uses it."""
        self.disconnect()
        if self._server is not None:
            self._server.stop()

    def disconnect(self) -> None:
        """Close the connection until it is used again; its threads end soon after."""
        if self._pid == os.getpid():
            for client in (*self._left, self._client):
                if client is not None:
                    client.close()
        self._client, self._left = None, []

    @translated
    def ping(self) -> None:
        """Return if the database answers, else raise StoreDown."""
        self._mongo.client.admin.command("ping")

    # -- documents of any collection --------------------------------------------------------------------------

    @translated
    def get_document(self, collection: str, name: str) -> Document | None:
        """Return the document whose ``_id`` is ``name``; times in it are aware, in UTC."""
        return self._mongo[collection].find_one({"_id": name})

    def get_documents(self, collection: str, names: Collection[str]) -> dict[str, Document]:
        """Return the documents with these ``_id``, by ``_id``, as far as they exist."""
        return {document["_id"]: document for document in self.documents_among(collection, "_id", names)}

    @translated
    def documents_where(self, collection: str, equal: Mapping[str, Any]) -> list[Document]:
        """Return the documents whose fields are ``equal``: for indexed fields and results of some hundred documents.

        ``{}`` returns a whole collection, which must be small.
        """
        return list(self._mongo[collection].find(dict(equal)))

    @translated
    def names_where(self, collection: str, equal: Mapping[str, Any]) -> list[str]:
        """Return the ``_id`` of the documents whose (indexed) fields are ``equal``, without reading the rest."""
        return [document["_id"] for document in self._mongo[collection].find(dict(equal), {"_id": 1})]

    @translated
    def has_any(self, collection: str) -> bool:
        """Return whether the collection holds any document."""
        return self._mongo[collection].find_one({}, {"_id": 1}) is not None

    @translated
    def fields_of(self, collection: str, fields: Sequence[str]) -> list[Document]:
        """Return ``_id`` and ``fields`` of every document, for collections of some thousand large documents."""
        return list(self._mongo[collection].find({}, dict.fromkeys(fields, 1)))

    @translated
    def documents_among(self, collection: str, field: str, values: Collection[Any]) -> list[Document]:
        """Return the documents whose (indexed) ``field`` has one of ``values``."""
        return [
            document
            for some in chunks(list(values))
            for document in self._mongo[collection].find({field: {"$in": some}})
        ]

    @translated
    def put_document(self, collection: str, document: Mapping[str, Any]) -> None:
        """Store ``document``, replacing the one with its ``_id``."""
        self._mongo[collection].replace_one({"_id": document["_id"]}, dict(document), upsert=True)

    @translated
    def insert_document(self, collection: str, document: Mapping[str, Any]) -> bool:
        """Store ``document`` and return True, or return False if its ``_id`` is taken.

        If the connection is lost and the insertion repeated, the result may be False although this call stored the
        document. A caller that must know puts a unique value into the document and reads it again.
        """
        try:
            self._mongo[collection].insert_one(dict(document))
        except DuplicateKeyError:
            return False
        return True

    @translated
    def change_document(
        self,
        collection: str,
        name: str,
        changes: Mapping[str, Any],
        *,
        where: Mapping[str, Any] | None = None,
        unset: Sequence[str] = (),
        add: Mapping[str, float] | None = None,
        upsert: bool = False,
    ) -> bool:
        """Set, increase and unset fields of one document atomically; return False if no document matches.

        ``where`` (equal fields, or MongoDB's operators) is a condition, as in compare-and-set. ``add`` is not
        idempotent, and a lost connection may repeat it: use it for counters that may be off by one.
        """
        update: Document = {}
        for operator, fields in (("$set", changes), ("$inc", add or {}), ("$unset", dict.fromkeys(unset, ""))):
            if fields:
                update[operator] = dict(fields)
        changed = self._mongo[collection].update_one({"_id": name, **(where or {})}, update, upsert=upsert)
        return bool(changed.matched_count or changed.upserted_id is not None)

    @translated
    def delete_documents(self, collection: str, names: Collection[str]) -> None:
        """Delete the documents with these ``_id``, as far as they exist."""
        for chunk in chunks(list(names)):
            self._mongo[collection].delete_many({"_id": {"$in": chunk}})

    # -- the connection -------------------------------------------------------------------------------------

    @property
    def _mongo(self) -> MongoDatabase[Document]:
        client = self._client
        if client is None or self._pid != os.getpid():
            client = self._opened()
        return client.get_default_database(DATABASE)

    def _opened(self) -> MongoClient[Document]:
        uri = self._opened_uri = self.uri
        unnamed = (name for name in self._timeouts if name.lower() not in uri.lower())
        timeouts: dict[str, Any] = {name: self._timeouts[name] for name in unnamed}
        client: MongoClient[Document] = MongoClient(uri, tz_aware=True, appname="tastemap", **timeouts)
        try:
            ensure_schema(client.get_default_database(DATABASE))
        except BaseException:
            client.close()
            raise
        with self._opening:
            if self._client is not None and self._pid == os.getpid():
                client.close()
                return self._client  # another thread was first
            self._client, self._pid = client, os.getpid()
            return client

    def _revive(self, failed: MongoClient[Document] | None, *, broken_off: bool) -> bool:
        """Restart the embedded server if ``failed``, the client without an answer, is still the current one."""
        if self._server is None:
            return False
        if not broken_off and self._deadline_s is not None and self._server.is_running(self._opened_uri):
            return False
        with self._reviving:
            if self._client is not failed:
                return True  # another thread has restarted it
            if time.monotonic() < self._revive_after:
                return False
            try:
                self._server.start()
            except EmbeddedError as fault:
                self._revive_after = time.monotonic() + _REVIVE_PAUSE_SECONDS
                log.error("%s", fault)
                return False
            if self._client is not None and self._pid == os.getpid():
                self._left.append(self._client)
            self._client = None  # the server's port may have changed
            self._down_until = 0.0
            return True

    @contextmanager
    def _errors(self) -> Iterator[None]:
        self._fail_fast()
        try:
            yield
            self._down_until = 0.0
        except EmbeddedError as fault:
            raise StoreDown(fault.message, fault.hint) from fault
        except ConnectionFailure as fault:
            raise self._does_not_answer() from fault
        except PyMongoError as fault:
            if fault.timeout:
                raise self._does_not_answer() from fault
            self._down_until = 0.0
            if getattr(fault, "code", None) == _OUT_OF_DISK_SPACE or "no space left" in str(fault).lower():
                hint = "Make room on the disk of the database, then try again."
                raise StoreFull("The disk of the database is full: nothing was stored.", hint) from fault
            if self._server is not None and getattr(fault, "code", None) == INTERNAL_ERROR:
                raise _BrokenOff("The database has stopped working, perhaps for lack of room.", self._hint()) from fault
            raise StoreError(f"The database refused: {fault}", self._hint()) from fault

    def _fail_fast(self) -> None:
        """Raise StoreDown while the database is known to hang; once a second one thread may try it."""
        if not self._down_until or self._trial == threading.get_ident():
            return
        with self._opening:
            if time.monotonic() < self._down_until:
                raise StoreDown("The database does not answer.", self._hint())
            self._trial = threading.get_ident()
            self._down_until = time.monotonic() + (self._deadline_s or 0.0)

    def _does_not_answer(self) -> StoreDown:
        if self._deadline_s is not None:
            self._down_until, self._trial = time.monotonic() + _FAIL_FAST_SECONDS, 0
        return StoreDown("The database does not answer.", self._hint())

    def _hint(self) -> str:
        if self._server is None:
            return f"{_AGAIN} If that does not help, check MONGODB_URI and that this machine reaches its server."
        if self._server.lacks_room():
            return "Its disk is full. Make room on it; the database then goes on by itself."
        if self._server.is_running(self._opened_uri):
            return f"It runs, and this machine may be busy. {_AGAIN}"
        return f"It is started again by itself. {_AGAIN} On the server: cat var/db/server.log"


def chunks(ids: list[str]) -> Iterator[list[str]]:
    """Yield ``ids`` in lists that are short enough for one query."""
    return (ids[at : at + _IDS_AT_ONCE] for at in range(0, len(ids), _IDS_AT_ONCE))
