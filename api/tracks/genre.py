"""GET /genre-predict: the genre of a track, how sure that is, and what it rests on."""

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from marshmallow import RAISE

from api.current import cached_answer, services
from api.schemas import GenreQuery
from services.genre import GenreAnswer, predict

blueprint = APIBlueprint("genre", __name__, tag="Tracks")


@blueprint.get("/genre-predict")
@blueprint.input(GenreQuery, location="query", arg_name="query", unknown=RAISE)
def genre_predict(query: dict[str, Any]) -> Annotated[Response, GenreAnswer]:
    """The genre of a track, with calibrated probabilities and reasons.

    Ask by `q`, by `track` and `artist`, by `track_id`, or by bare audio feature values; what is given beside
    a track that is known stands in front of what is known. A track that is not known here, or without audio features,
    is looked up at the sources that are switched on; `sources` says which ones and how it went. `broad` has the six
    broad genres of playlists, which also rest on what is known of the artist; `microgenres` those that the artist may
    be filed under, each with a probability of its own (several may be right), likeliest first.
    """
    return cached_answer(services(), predict, query)
