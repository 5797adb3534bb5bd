"""Writes a database to one file and restores it, for the embedded database and MongoDB, also from one to the other.

The file consists of BSON documents, compressed by gzip. The first describes the backup. Each of the following holds a
batch of stored documents of one collection. The last holds the counts and the SHA-256 of everything before it. Runs are
written first and tracks last: a row that arrives during the backup is imported again by its run, whose cursor is older.
"""

import gzip
import hashlib
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase
from pymongo.errors import ConnectionFailure, PyMongoError

from store.disk import replacing
from store.errors import StoreDown, StoreError, TastemapError
from store.mongo.embedded import DATABASE
from store.mongo.indexes import ensure_indexes
from store.mongo.schema import SCHEMA_VERSION, begin_restore, end_restore, is_empty

FORMAT = 1
_FIRST = ("runs", "playlists", "playlist_pages")
_BATCH = 500
_LEVEL = 3
# A record holds one batch of the server, which is hardly larger than 16 MB.
_MOST_BYTES = 64 * 1024 * 1024
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_AGAIN = "Take another backup or snapshot (python -m etl restore --list)."


class BackupError(TastemapError):
    """The file is not a complete backup, or it must not be restored into this database."""

    code = "backup"


def write_backup(uri: str, target: Path) -> Counter[str]:
    """Write the database at ``uri`` to ``target`` atomically; return the number of documents by collection.

    Raises StoreError if the database does not answer; OSError if the file cannot be written.
    """
    counts: Counter[str] = Counter()
    with (
        _opened(uri) as database,
        replacing(target, 0o600) as whole,
        gzip.open(whole, "wb", compresslevel=_LEVEL) as file,
    ):
        digest = hashlib.sha256()
        for record in _records(database, counts):
            digest.update(record)
            file.write(record)
        file.write(bson.encode({"end": dict(counts), "sha256": digest.hexdigest()}))
    return counts


def _records(database: MongoDatabase[dict[str, Any]], counts: Counter[str]) -> Iterator[bytes]:
    head = {"format": FORMAT, "schema": SCHEMA_VERSION, "written_at": datetime.now(UTC)}
    yield bson.encode(head)
    names = [name for name in database.list_collection_names() if not name.startswith(("_", "system."))]
    for name in sorted(names, key=lambda name: (name not in _FIRST, name)):
        batches: Iterator[Any] = database[name].find_raw_batches({}, batch_size=_BATCH)
        for batch in batches:
            counts[name] += sum(1 for _ in _split(batch))
            yield bson.encode({"collection": name, "documents": batch})


def check_backup(path: Path) -> dict[str, Any]:
    """Read a whole backup and return its description with its ``counts``; raises BackupError if it is damaged."""
    try:
        return _check(path)
    except (OSError, EOFError, ValueError, TypeError, KeyError, bson.errors.BSONError) as fault:
        raise BackupError(f"{path} cannot be read as a backup: {fault}.", _AGAIN) from fault


def _check(path: Path) -> dict[str, Any]:
    digest, counts = hashlib.sha256(), Counter[str]()
    head: dict[str, Any] = {}
    with gzip.open(path, "rb") as file:
        for record in _read(file):
            content = bson.decode(record)
            if "end" in content:
                if content["sha256"] != digest.hexdigest() or content["end"] != dict(counts) or file.read(1):
                    raise BackupError(f"{path} has changed since it was written: its checksum differs.", _AGAIN)
                return head | {"counts": dict(counts)}
            digest.update(record)
            if not head:
                head = _fitting(content, path)
            else:
                counts[content["collection"]] += sum(1 for _ in _split(content["documents"]))
    raise BackupError(f"{path} is incomplete: it was not written or copied to the end.", _AGAIN)


def _fitting(head: dict[str, Any], path: Path) -> dict[str, Any]:
    if head["format"] != FORMAT or head["schema"] != SCHEMA_VERSION:
        raise BackupError(
            f"{path} is a backup of {head['written_at']:%Y-%m-%d} and holds documents of version {head['schema']}; "
            f"this Tastemap reads version {SCHEMA_VERSION}.",
            "Restore it with the version of Tastemap that wrote it.",
        )
    return head


def restore_backup(uri: str, path: Path, *, replace: bool = False) -> dict[str, int]:
    """Replace the contents of the database at ``uri`` by the backup; return the number of documents by collection.

    Nobody may use the database meanwhile. If the restore is interrupted, the database refuses everything else until a
    restore has finished.

    Raises
    ------
    BackupError
        The file is damaged, or the database is not empty and ``replace`` is false. Nothing has changed then.
    StoreError
        The database does not answer.
    """
    counts: dict[str, int] = check_backup(path)["counts"]
    with _opened(uri) as database:
        if not replace and not is_empty(database):
            raise BackupError(
                f"The database {database.name} is not empty.", "To replace what it holds, add --replace to the command."
            )
        begin_restore(database)
        for name in database.list_collection_names():
            if not name.startswith(("_", "system.")):
                database.drop_collection(name)
        with gzip.open(path, "rb") as file:
            for record in _read(file):
                content = bson.decode(record)
                if "collection" in content:
                    documents = [RawBSONDocument(part, _RAW) for part in _split(content["documents"])]
                    database.get_collection(content["collection"], codec_options=_RAW).insert_many(documents)
        ensure_indexes(database)
        end_restore(database)
    return counts


def _read(file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while prefix := file.read(4):
        (size,) = struct.unpack("<i", prefix)
        if not 5 <= size <= _MOST_BYTES:
            raise ValueError("a record has an impossible size")
        record = prefix + file.read(size - 4)
        if len(record) < size:
            raise EOFError("a record is cut off")
        yield record


def _split(batch: bytes) -> Iterator[bytes]:
    """Yield the documents in ``batch``, a concatenation of BSON documents."""
    start = 0
    while start < len(batch):
        (size,) = struct.unpack_from("<i", batch, start)
        if size < 5 or start + size > len(batch):
            raise ValueError("a document is cut off")
        yield batch[start : start + size]
        start += size


@contextmanager
def _opened(uri: str) -> Iterator[MongoDatabase[dict[str, Any]]]:
    try:
        with MongoClient[dict](uri, tz_aware=True, appname="tastemap", serverSelectionTimeoutMS=5000) as client:
            yield client.get_default_database(DATABASE)
    except ConnectionFailure as fault:
        raise StoreDown("The database does not answer.", "Check that it runs, then give the command again.") from fault
    except PyMongoError as fault:
        raise StoreError(f"The database refused: {fault}", "Correct the cause, then give the command again.") from fault
