"""GET /recommend: tracks that go with a track, each with the reason."""

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from marshmallow import RAISE

from api.current import cached_answer, services
from api.schemas import RecommendQuery
from services.recommend.answer import FamilyRecommendation, Recommendation
from services.recommend.recommend import recommend

blueprint = APIBlueprint("recommend", __name__, tag="Tracks")


@blueprint.get("/recommend")
@blueprint.input(RecommendQuery, location="query", arg_name="query", unknown=RAISE)
def recommend_tracks(query: dict[str, Any]) -> Annotated[Response, Recommendation | FamilyRecommendation]:
    """Tracks that go with a track, each with its reasons and how it differs.

    `is_close_match` says whether a track is close enough to go with it; the others are merely the nearest there are.
    Where no track is a close match, the answer names similar artists, too. Where the catalogue has none, artists alike
    are answered instead. `fetched` holds what sources recommend, each for itself; a track that is not known here is
    looked up at those that are switched on.
    """
    return cached_answer(services(), recommend, query)
