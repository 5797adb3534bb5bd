"""Which network a browser session came from when it last stored something, so that limits are fair between networks.

``networks`` holds a document for each session: ``network`` is a keyed hash (the address itself is stored nowhere), and
``seen`` the day. It is deleted with the session's data, or :data:`KEPT` after the session last stored something.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from store.mongo.connection import Connection

COLLECTION = "networks"
KEPT = timedelta(weeks=8)
# A session that stores often is noted once in this time.
_NOTED_EVERY = timedelta(days=1)


def note_network(database: Connection, owner: str, network: str) -> None:
    """Store that the session ``owner`` came from ``network`` (a keyed hash) now."""
    known, now = database.get_document(COLLECTION, owner), datetime.now(UTC)
    if known is None or known["network"] != network or abs(now - known["seen"]) > _NOTED_EVERY:
        database.put_document(COLLECTION, {"_id": owner, "network": network, "seen": now})


def networks_of(database: Connection, owners: Collection[str | None]) -> Mapping[str | None, str]:
    """Return the networks of those of ``owners`` (sessions; None is left out) whose networks are known."""
    found = database.get_documents(COLLECTION, {owner for owner in owners if owner is not None})
    return {owner: document["network"] for owner, document in found.items()}


def forget_network(database: Connection, owner: str) -> None:
    """Delete what is known of the network of a session."""
    database.delete_documents(COLLECTION, [owner])


def forget_old_networks(database: Connection, before: datetime) -> None:
    """Delete what was last noted ``before`` (aware). It reads all documents: for the worker, not requests."""
    documents = database.fields_of(COLLECTION, ["seen"])
    database.delete_documents(COLLECTION, [document["_id"] for document in documents if document["seen"] < before])
