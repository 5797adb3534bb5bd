"""Never again: the tracks that this browser wants in no list, kept on this installation."""

from dataclasses import dataclass

from apiflask import APIBlueprint, Schema
from apiflask.fields import List, String
from apiflask.validators import Length
from marshmallow import RAISE

from api import session
from api.current import services
from api.schemas import MAX_QUERY
from services.never import MAX_NEVER, never_list, put_never_list
from services.views import TrackSummary
from store.library import tracks_by_id

blueprint = APIBlueprint("never", __name__, tag="Playlists")


class NeverList(Schema):
    tracks = List(
        String(validate=Length(min=1, max=MAX_QUERY)),
        required=True,
        validate=Length(max=MAX_NEVER),
        metadata={"description": "Ids of tracks that must not come again; takes the place of the list before."},
    )


@dataclass(frozen=True)
class UnknownTrack:
    """The id of a track that is not known here (any more)."""

    id: str


@dataclass(frozen=True)
class NeverAnswer:
    tracks: list[TrackSummary | UnknownTrack]


@blueprint.get("/api/never")
def never() -> NeverAnswer:
    """The tracks that this browser never wants again, the latest last."""
    ids = never_list(services(), session.owner())
    known = tracks_by_id(services().catalogue.current(), services().database, ids)
    return NeverAnswer([TrackSummary.of(known[id_]) if id_ in known else UnknownTrack(id_) for id_ in ids])


@blueprint.put("/api/never")
@blueprint.input(NeverList, arg_name="given", unknown=RAISE)
def put_never(given: dict[str, list[str]]) -> NeverAnswer:
    """Say which tracks this browser never wants again."""
    put_never_list(services(), session.start(), given["tracks"])
    return never()
