"""GET /api/search: tracks as one types."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from marshmallow import RAISE

from api.current import services
from api.schemas import SearchQuery
from services.views import track_summary

blueprint = APIBlueprint("search", __name__, tag="Tracks")


@blueprint.get("/api/search")
@blueprint.input(SearchQuery, location="query", arg_name="query", unknown=RAISE)
def search(query: dict[str, Any]) -> dict[str, Any]:
    """Tracks of the catalogue that match what has been typed so far, the popular recording first."""
    snapshot = services().catalogue.current()
    hits = snapshot.search(query["q"], query["limit"])
    return {"query": query["q"], "tracks": [track_summary(snapshot.track(hit.ref)) for hit in hits]}
