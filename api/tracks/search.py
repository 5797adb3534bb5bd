"""GET /api/search: tracks as one types."""

from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from marshmallow import RAISE

from api.current import services
from api.schemas import SearchQuery
from etl.links import link_in
from services.subject.links import by_link
from services.views import TrackSummary

blueprint = APIBlueprint("search", __name__, tag="Tracks")


@dataclass(frozen=True)
class SearchAnswer:
    query: str
    tracks: list[TrackSummary]


@blueprint.get("/api/search")
@blueprint.input(SearchQuery, location="query", arg_name="query", unknown=RAISE)
def search(query: dict[str, Any]) -> SearchAnswer:
    """Tracks of the catalogue that match what has been typed so far, the popular recording first.

    A link, a URI or an id of a track gives that track.
    """
    if link := link_in(query["q"], bare=True):
        found = by_link(services(), services().catalogue.current(), link)
        return SearchAnswer(query["q"], [TrackSummary.of(found.track)])
    snapshot = services().catalogue.current()
    hits = snapshot.search(query["q"], query["limit"])
    return SearchAnswer(query["q"], [TrackSummary.of(snapshot.track(hit.ref)) for hit in hits])
