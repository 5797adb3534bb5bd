"""Never again: the tracks that this browser wants in no list, kept on this installation."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import List, String
from apiflask.validators import Length
from marshmallow import RAISE

from api import session
from api.current import services
from api.schemas import MAX_QUERY
from services.container import Services
from services.views import track_summary
from store.domain import Track

blueprint = APIBlueprint("never", __name__, tag="Playlists")

MOST_NEVER = 2000
_COLLECTION = "never"


class NeverList(Schema):
    tracks = List(
        String(validate=Length(min=1, max=MAX_QUERY)),
        required=True,
        validate=Length(max=MOST_NEVER),
        metadata={"description": "Ids of tracks that must not come again; takes the place of the list before."},
    )


@blueprint.get("/api/never")
def never() -> dict[str, Any]:
    """The tracks that this browser never wants again, the latest last."""
    here = services()
    ids = never_of(here, session.owner())
    known = tracks_by_id(here, ids)
    return {"tracks": [track_summary(known[one]) if one in known else {"id": one} for one in ids]}


@blueprint.put("/api/never")
@blueprint.input(NeverList, arg_name="given", unknown=RAISE)
def put_never(given: dict[str, list[str]]) -> dict[str, Any]:
    """Say which tracks this browser never wants again."""
    ids = list(dict.fromkeys(given["tracks"]))
    services().database.put_document(_COLLECTION, {"_id": session.start(), "tracks": ids})
    return never()


def never_of(services: Services, owner: str | None) -> list[str]:
    """Return the ids that a browser session has put on its list."""
    document = services.database.get_document(_COLLECTION, owner) if owner else None
    return list(document["tracks"]) if document else []


def tracks_by_id(services: Services, ids: list[str]) -> dict[str, Track]:
    """Return the known ones of ``ids``: what the catalogue says of them, else what the store does."""
    snapshot = services.catalogue.current()
    refs = {one: snapshot.find(one) for one in ids}
    known = {one: snapshot.track(ref) for one, ref in refs.items() if ref is not None}
    return known | services.database.get_tracks({one for one in ids if one not in known})
