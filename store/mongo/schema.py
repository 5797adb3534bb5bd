"""The version of the stored documents: a database with documents of another version is refused."""

from contextlib import suppress
from typing import Any

from pymongo import WriteConcern
from pymongo.database import Database as MongoDatabase
from pymongo.errors import DuplicateKeyError

from store.errors import StoreError

# Increase it with every change after which older and newer code would misread each other's documents.
SCHEMA_VERSION = 3
_MARKER = "documents"
_RESTORING = "restoring"
_WAY_OUT = (
    "Use an empty database and import your files again: name another one in MONGODB_URI or, for the embedded "
    "database, another folder in TASTEMAP_VAR."
)


def ensure_schema(database: MongoDatabase[dict[str, Any]]) -> None:
    """Check that ``database`` holds documents of our version; write the version into an empty database.

    Raises StoreError if it holds documents of another version, or some without a version; the hint says what to do.
    """
    meta = database.get_collection("_schema", write_concern=WriteConcern(w="majority", j=True))
    marker = meta.find_one({"_id": _MARKER})
    if marker is None and not is_empty(database):
        marker = meta.find_one({"_id": _MARKER}) or {"version": None}  # another process may have been first
    elif marker is None:
        with suppress(DuplicateKeyError):
            meta.update_one({"_id": _MARKER}, {"$setOnInsert": {"version": SCHEMA_VERSION}}, upsert=True)
        marker = meta.find_one({"_id": _MARKER})
    found = marker["version"] if marker else None
    if found == _RESTORING:
        raise StoreError(
            f"The database {database.name} holds a part of a backup: a restore was interrupted, or is running.",
            "Wait for its end, or restore it again. On the server: python -m etl restore FILE --replace",
        )
    if found != SCHEMA_VERSION:
        described = "without a version" if found is None else f"of version {found}"
        raise StoreError(
            f"The database {database.name} holds documents {described}; this Tastemap reads version {SCHEMA_VERSION}.",
            _WAY_OUT,
        )


def begin_restore(database: MongoDatabase[dict[str, Any]]) -> None:
    """Mark ``database`` so that nothing but a restore uses it until :func:`end_restore`."""
    _mark(database, _MARKER, {"version": _RESTORING})
    # Dropping a collection drops its indexes.
    _mark(database, "indexes", {"state": "building", "version": 0})


def end_restore(database: MongoDatabase[dict[str, Any]]) -> None:
    """Mark ``database`` as completely restored."""
    _mark(database, _MARKER, {"version": SCHEMA_VERSION})


def _mark(database: MongoDatabase[dict[str, Any]], name: str, content: dict[str, Any]) -> None:
    meta = database.get_collection("_schema", write_concern=WriteConcern(w="majority", j=True))
    meta.replace_one({"_id": name}, {"_id": name, **content}, upsert=True)


def is_empty(database: MongoDatabase[dict[str, Any]]) -> bool:
    """Return whether no collection holds a document, apart from those for housekeeping."""
    names = [name for name in database.list_collection_names() if not name.startswith(("_", "system."))]
    return all(database[name].find_one({}, {"_id": 1}) is None for name in names)
