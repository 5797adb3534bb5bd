"""The tracks that this browser does not want in any list: never again, or not now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apiflask import Schema
from apiflask.fields import List, String
from apiflask.validators import Length

from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import track_id
from services.playlists import never as use
from services.views import TrackSummary
from store.library import tracks_by_id

blueprint = Blueprint("never", __name__, tag="Playlists")


class NeverList(Schema):
    tracks = List(
        String(validate=track_id),
        required=True,
        validate=Length(max=use.MAX_NEVER),
        metadata={"description": "Ids of tracks that must not come again; replaces the list."},
    )
    not_now = List(
        String(validate=track_id),
        load_default=None,
        validate=Length(max=use.MAX_NEVER),
        metadata={
            "description": f"Ids of tracks that must not come for {use.DAYS} days from when they were first named; "
            "without this field, that list does not change."
        },
    )


@dataclass(frozen=True)
class UnknownTrack:
    """The id of a track that is not known here any more."""

    id: str


@dataclass(frozen=True)
class NotNow:
    """A track that is not wanted before ``until``."""

    track: TrackSummary | UnknownTrack
    until: datetime


@dataclass(frozen=True)
class NeverAnswer:
    tracks: list[TrackSummary | UnknownTrack]
    not_now: list[NotNow]


@blueprint.get("/api/never")
def never() -> NeverAnswer:
    """The tracks that this browser never wants again, and those that it does not want now; the latest last."""
    owner = session.owner()
    found = use.unwanted(services(), owner)
    ids = [*found.never, *found.until]
    known = tracks_by_id(services().catalogue.current(owner), services().database, ids, owner)

    def shown(id_: str) -> TrackSummary | UnknownTrack:
        return TrackSummary.of(known[id_]) if id_ in known else UnknownTrack(id_)

    return NeverAnswer(
        tracks=[shown(id_) for id_ in found.never],
        not_now=[NotNow(shown(id_), until) for id_, until in found.until.items()],
    )


@blueprint.put("/api/never")
@blueprint.body(NeverList)
def put_never(body: dict[str, Any]) -> NeverAnswer:
    """Set the tracks that this browser never wants again, and those that it does not want now."""
    use.put_unwanted(services(), session.start(), body["tracks"], body["not_now"])
    return never()
