"""Checks the database, the disk under ``var`` and the catalogue, and whether they agree."""

import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from config import MEGABYTE
from etl.doctor.examination import Check, State
from store.catalogue.catalogue import Catalogue, CatalogueError
from store.catalogue.damage import find_damage
from store.database import Database, StoreError
from store.disk import probe

_KINDS = {"embedded": "The embedded database", "mongodb": "The MongoDB server"}
# A build of the catalogue needs room for the new one besides the old one.
_FAULT_BYTES = 100 * MEGABYTE
_WARNING_BYTES = 1024 * MEGABYTE
_REBUILD = "It is built again within some minutes. On the server: .venv/bin/python -m etl catalogue"


def look_at_store(database: Database) -> Iterator[Check]:
    """Yield findings about the database, up to the first fault, because later checks would only repeat it."""
    try:
        database.ping()
        yield Check("store", "answers", State.OK, f"{_KINDS[database.kind]} answers.")
        yield _keeps(database)
        yield _indexes(database)
        yield from _runs(database)
    except StoreError as fault:
        yield store_fault(fault)


def store_fault(fault: StoreError) -> Check:
    """Return the finding that the database cannot be used."""
    return Check("store", "answers", State.FAULT, fault.message, fault.hint)


def _keeps(database: Database) -> Check:
    probe = {"_id": f"doctor:{secrets.token_hex(6)}", "word": secrets.token_hex(6)}
    database.put_document("stats", probe)
    kept = database.get_document("stats", probe["_id"])
    database.delete_documents("stats", [probe["_id"]])
    if kept == probe and database.get_document("stats", probe["_id"]) is None:
        return Check("store", "keeps", State.OK, "What is written is read back, and gone when deleted.")
    remedy = "MONGODB_URI must let this application read and write, and read what it has just written (a primary)."
    return Check("store", "keeps", State.FAULT, "What was written is not what is read back.", remedy)


def _indexes(database: Database) -> Check:
    missing = database.missing_indexes()
    if not missing:
        return Check("store", "indexes", State.OK, "All indexes are ready.")
    message = f"Indexes are missing or unfinished: {', '.join(missing)}."
    return Check("store", "indexes", State.FAULT, message, "Start the application again: it builds them.")


def _runs(database: Database) -> Iterator[Check]:
    """Yield imports that belong to another installation, because they wait for ever if it is gone."""
    if not database.installation_id:
        return
    others = Counter(run.installation_id for run in database.runs_elsewhere())
    for other, count in sorted(others.items()):
        subject = f"{count} unfinished import{'s' * (count > 1)} belong{'s' * (count == 1)}"
        remedy = "They go on there. If it is gone for good, they can be finished here. "
        remedy += f"On the server: TASTEMAP_INSTALLATION={other} .venv/bin/python -m etl resume"
        yield Check("store", f"installation {other}", State.WARNING, f"{subject} to installation {other}.", remedy)


def look_at_disk(var: Path) -> Iterator[Check]:
    """Yield findings about ``var`` and its disk."""
    try:
        probe(var)
    except OSError as fault:
        remedy = "Give this user the folder (chown), or point TASTEMAP_VAR at another one."
        yield Check("disk", "folder", State.FAULT, f"{var} cannot be written: {fault.strerror}.", remedy)
        return
    yield Check("disk", "folder", State.OK, f"{var} can be written.")
    yield free_space(shutil.disk_usage(var).free)
    yield Check("disk", "size", State.OK, f"{var.name} holds {_size(_bytes_under(var))}.")


def free_space(free: int) -> Check:
    """Return the finding about a disk with ``free`` bytes."""
    if free >= _WARNING_BYTES:
        return Check("disk", "space", State.OK, f"{_size(free)} are free.")
    state = State.FAULT if free < _FAULT_BYTES else State.WARNING
    remedy = "Make room, or point TASTEMAP_VAR at a larger disk: an import needs room for a second catalogue."
    return Check("disk", "space", state, f"Only {_size(free)} are free.", remedy)


def _bytes_under(folder: Path) -> int:
    # A file may disappear meanwhile.
    return sum(_bytes_of(Path(parent, name)) for parent, _, names in os.walk(folder) for name in names)


def _bytes_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _size(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB" if count < 1024 * MEGABYTE else f"{count / MEGABYTE / 1024:,.1f} GB"


def look_at_catalogue(var: Path, database: Database | None) -> Iterator[Check]:
    """Yield findings about the catalogue; without a ``database``, only whether it can be read."""
    try:
        snapshot = Catalogue(var / "catalogue").current()
    except CatalogueError as fault:
        yield Check("catalogue", "readable", State.FAULT, fault.message, fault.hint)
        return
    except OSError as fault:
        yield Check("catalogue", "readable", State.FAULT, str(fault), f"Check the disk. {_REBUILD}")
        return
    for name, reason in find_damage(var / "catalogue").items():
        message, remedy = f"{name} is damaged: {reason}.", _REBUILD
        yield Check("catalogue", "files", State.FAULT, message, remedy)
    sizes = {segment.name: segment.count for segment in snapshot.segments}
    public, own = sizes.get("public", 0), sizes.get("collection", 0)
    yield Check("catalogue", "readable", State.OK, f"{public:,} tracks of public tables, {own:,} of people's own.")
    if database is None:
        return
    behind = database.counts()["tracks"] - own
    if behind > 0:
        message = f"{behind:,} tracks of the database are not in the catalogue yet."
        remedy = "The next import adds them. On the server: .venv/bin/python -m etl catalogue"
        yield Check("catalogue", "up to date", State.WARNING, message, remedy)
    else:
        yield Check("catalogue", "up to date", State.OK, "It holds every track of the database.")
