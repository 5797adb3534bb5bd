"""The database: does it answer, keep what it is given, and have its indexes; whose runs wait in it."""

import secrets
from collections.abc import Iterator
from functools import partial

from etl.doctor.examination import Check, State
from store.database import Database, StoreError

_KINDS = {"embedded": "The embedded database", "mongodb": "The MongoDB server"}
_check = partial(Check, area="store")


def look_at_store(database: Database) -> Iterator[Check]:
    """Yield the findings; the first fault is the last one, because everything else would only repeat it."""
    try:
        database.ping()
        yield _check(name="answers", state=State.OK, message=f"{_KINDS[database.kind]} answers.")
        yield _keeps(database)
        yield _indexes(database)
        yield from _runs(database)
    except StoreError as fault:
        yield store_fault(fault)


def store_fault(fault: StoreError) -> Check:
    """Return the finding that the database cannot be used."""
    return _check(name="answers", state=State.FAULT, message=fault.message, remedy=fault.hint)


def _keeps(database: Database) -> Check:
    probe = {"_id": f"doctor:{secrets.token_hex(6)}", "word": secrets.token_hex(6)}
    database.put_document("stats", probe)
    kept = database.get_document("stats", probe["_id"])
    database.delete_documents("stats", [probe["_id"]])
    if kept == probe and database.get_document("stats", probe["_id"]) is None:
        return _check(name="keeps", state=State.OK, message="What is written is read back, and gone when deleted.")
    return _check(
        name="keeps",
        state=State.FAULT,
        message="What was written is not what is read back.",
        remedy="MONGODB_URI must let this application read and write, and read what it has just written (a primary).",
    )


def _indexes(database: Database) -> Check:
    missing = database.missing_indexes()
    if not missing:
        return _check(name="indexes", state=State.OK, message="All indexes are ready.")
    return _check(
        name="indexes",
        state=State.FAULT,
        message=f"Indexes are missing or unfinished: {', '.join(missing)}.",
        remedy="Start the application again: it builds them.",
    )


def _runs(database: Database) -> Iterator[Check]:
    """Find imports that only another installation can do, and that wait for ever if it is gone."""
    if not database.installation_id:
        return
    others: dict[str, int] = {}
    for run in database.runs_elsewhere():
        others[run["installation_id"]] = others.get(run["installation_id"], 0) + 1
    for other, count in sorted(others.items()):
        yield _check(
            name=f"installation {other}",
            state=State.WARNING,
            message=f"{count} unfinished import{'s' * (count > 1)} belong{'s' * (count == 1)} to installation {other}.",
            remedy=f"They go on there. If it is gone for good: TASTEMAP_INSTALLATION={other} "
            ".venv/bin/python -m etl resume",
        )
