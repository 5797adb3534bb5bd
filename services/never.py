"""The tracks that a browser session never wants again."""

from collections.abc import Sequence

from services.container import Services

MAX_NEVER = 2000
_COLLECTION = "never"


def never_list(services: Services, owner: str | None) -> list[str]:
    """Return the ids on the "never again" list of a browser session, the latest last."""
    document = services.database.get_document(_COLLECTION, owner) if owner else None
    return list(document["tracks"]) if document else []


def put_never_list(services: Services, owner: str, ids: Sequence[str]) -> None:
    """Replace the "never again" list of a browser session by ``ids``, without duplicates."""
    services.database.put_document(_COLLECTION, {"_id": owner, "tracks": list(dict.fromkeys(ids))})
