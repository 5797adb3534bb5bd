"""The tracks that a browser session does not want recommended: never again, or not for thirty days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.container import Services

# The most tracks on each of the two lists.
MAX_NEVER = 2000
DAYS = 30
_COLLECTION = "never"


@dataclass(frozen=True)
class Unwanted:
    """Ids of tracks that are ``never`` wanted again, the latest last, and of those not wanted ``until`` a time."""

    never: Sequence[str] = ()
    until: Mapping[str, datetime] = field(default_factory=dict)


def unwanted(services: Services, owner: str | None) -> Unwanted:
    """Return what a browser session does not want, without the tracks whose time has passed."""
    document = services.database.get_document(_COLLECTION, owner) if owner else None
    if document is None:
        return Unwanted()
    now = datetime.now(UTC)
    return Unwanted(document["tracks"], {id_: until for id_, until in document.get("until", ()) if until > now})


def unwanted_ids(services: Services, owner: str | None) -> set[str]:
    """Return the ids of both lists of a browser session."""
    found = unwanted(services, owner)
    return {*found.never, *found.until}


def put_unwanted(services: Services, owner: str, never: Sequence[str], not_now: Sequence[str] | None) -> None:
    """Replace both lists of a browser session by ``never`` and ``not_now``, without duplicates.

    A track of ``not_now`` may be recommended again thirty days after it was first listed. None leaves that list as it
    is.
    """
    known = unwanted(services, owner).until
    ends = datetime.now(UTC) + timedelta(days=DAYS)
    until = known if not_now is None else {id_: known.get(id_, ends) for id_ in not_now}
    document = {"_id": owner, "tracks": list(dict.fromkeys(never)), "until": [list(pair) for pair in until.items()]}
    services.database.put_document(_COLLECTION, document)


def forget_unwanted(services: Services, owner: str) -> None:
    """Delete both lists of a browser session."""
    services.database.delete_documents(_COLLECTION, [owner])
