"""The connection to MongoDB: opened in each process on first use, its errors translated, the server revived."""

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

# The embedded server's time per id doubles beyond some 100 ids in one $in.
_IDS_AT_ONCE = 50
# A server that does not start is not tried again by every request that misses it.
_REVIVE_PAUSE_SECONDS = 10.0
# The threads of a client that connect by themselves.
_MONITORS = "pymongo_server_"
# MongoDB's OutOfDiskSpace.
_OUT_OF_DISK_SPACE = 14031
# A database that has missed a deadline is not asked again for so long.
_FAIL_FAST_SECONDS = 1.0

Params = ParamSpec("Params")
Result = TypeVar("Result")
Self = TypeVar("Self", bound="Connection")


class _BrokenOff(StoreDown):
    """The embedded server runs and does nothing any more."""


def translated(
    method: Callable[Concatenate[Self, Params], Result],
) -> Callable[Concatenate[Self, Params], Result]:
    """Let ``method`` raise StoreError alone; try it once more where the embedded server could be revived.

    Every method may be repeated: each leaves the same state when it is done twice.
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
    """Documents by id, by one indexed field, and changes that hold only while a condition does.

    ``server`` is the embedded server behind it, ``None`` for a MongoDB of the operator's. ``patience_s`` bounds
    how long one answer may take; a heartbeat that takes longer breaks off what is under way, and the embedded
    server gives none while it prepares a large answer.

    With ``deadline_s`` a call that takes longer raises StoreDown, and so do the calls of the next second, at once:
    a database that hangs must not hold the threads of a web process.
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
        """Where it answers now; the embedded server may answer elsewhere when it has been started again."""
        return self._server.uri if self._server else self._uri

    @property
    def kind(self) -> str:
        """``embedded`` or ``mongodb``."""
        return "embedded" if self._server else "mongodb"

    def close(self) -> None:
        """Close the connection and leave the embedded server, which stops when nobody else uses it."""
        self._disconnect()
        if self._server is not None:
            self._server.stop()

    def prepare_fork(self) -> None:
        """Close the connection until it is used again, and return when none of its threads is left.

        A child has the locks that a thread holds in OpenSSL while it is forked, and nobody to release them: its first
        connection would wait for ever.
        """
        self._disconnect()
        for thread in threading.enumerate():
            if thread.name.startswith(_MONITORS):
                thread.join()

    def _disconnect(self) -> None:
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
        """Return the known ones of ``names`` by ``_id``."""
        return {document["_id"]: document for document in self.documents_among(collection, "_id", names)}

    @translated
    def documents_where(self, collection: str, equal: Mapping[str, Any]) -> list[Document]:
        """Return the documents whose fields are ``equal``: for fields with an index and answers of some hundreds.

        ``{}`` returns all of a collection that is known to be small.
        """
        return list(self._mongo[collection].find(dict(equal)))

    @translated
    def names_where(self, collection: str, equal: Mapping[str, Any]) -> list[str]:
        """Return the ``_id`` of the documents whose (indexed) fields are ``equal``, without reading the rest."""
        return [document["_id"] for document in self._mongo[collection].find(dict(equal), {"_id": 1})]

    @translated
    def has_any(self, collection: str) -> bool:
        """Return whether there is a document at all."""
        return self._mongo[collection].find_one({}, {"_id": 1}) is not None

    @translated
    def fields_of(self, collection: str, fields: Sequence[str]) -> list[Document]:
        """Return ``_id`` and ``fields`` of every document, for collections of some thousands of large ones."""
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
        """Store ``document`` in the place of what was known under its ``_id``."""
        self._mongo[collection].replace_one({"_id": document["_id"]}, dict(document), upsert=True)

    @translated
    def insert_document(self, collection: str, document: Mapping[str, Any]) -> bool:
        """Store ``document`` if its ``_id`` is free; ``False`` where somebody was first.

        A connection that is lost and found in between can make it ``False`` for the one who was first: whoever
        needs to know puts a name of their own into the document and reads it again.
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
        """Set, add to and unset fields of one document, at once; ``False`` if it is not there or not as ``where`` says.

        ``where`` (equal fields, or MongoDB's operators) makes it a compare-and-set. ``add`` alone is not the same
        when done twice, as a lost connection may do it: for counters that may be off by one.
        """
        update: Document = {}
        for operator, fields in (("$set", changes), ("$inc", add or {}), ("$unset", dict.fromkeys(unset, ""))):
            if fields:
                update[operator] = dict(fields)
        changed = self._mongo[collection].update_one({"_id": name, **(where or {})}, update, upsert=upsert)
        return bool(changed.matched_count or changed.upserted_id is not None)

    @translated
    def delete_documents(self, collection: str, names: Collection[str]) -> None:
        """Delete the documents with these ``_id``, as far as they are there."""
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
        """Start the embedded server anew; ``failed`` is the client that had no answer, which others may hold still."""
        if self._server is None:
            return False
        if not broken_off and self._deadline_s is not None and self._server.is_running(self._opened_uri):
            return False
        with self._reviving:
            if self._client is not failed:
                return True  # another thread was here
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
            self._client = None  # its port may be another one now
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
                raise _BrokenOff("The database has broken off, perhaps for want of room.", self._way_out()) from fault
            raise StoreError(f"The database refused: {fault}", self._way_out()) from fault

    def _fail_fast(self) -> None:
        """Raise StoreDown while the database is known to hang; once a second one thread may look."""
        if not self._down_until or self._trial == threading.get_ident():
            return
        with self._opening:
            if time.monotonic() < self._down_until:
                raise StoreDown("The database does not answer.", self._way_out())
            self._trial = threading.get_ident()
            self._down_until = time.monotonic() + (self._deadline_s or 0.0)

    def _does_not_answer(self) -> StoreDown:
        if self._deadline_s is not None:
            self._down_until, self._trial = time.monotonic() + _FAIL_FAST_SECONDS, 0
        return StoreDown("The database does not answer.", self._way_out())

    def _way_out(self) -> str:
        if self._server is not None:
            if self._server.lacks_room():
                return "Its disk is full. Make room on it; the database then goes on by itself."
            return "It is the embedded one: start the application again; var/db/server.log says what happened."
        return "Check MONGODB_URI, and that the server it names runs and lets this machine in."


def chunks(ids: list[str]) -> Iterator[list[str]]:
    """Yield ``ids`` in lists as long as one question to the database should be."""
    return (ids[at : at + _IDS_AT_ONCE] for at in range(0, len(ids), _IDS_AT_ONCE))
