"""Tracks: search, genre, recommendations, where a track can be heard, and how it got here."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from apiflask import Schema
from apiflask.fields import Float, Integer, String
from apiflask.validators import OneOf, Range
from flask import Response
from marshmallow import ValidationError

from api import session
from api.application import Blueprint
from api.current import cached_answer, services
from api.schemas import LinkQuery, SubjectQuery, excluded, text
from etl.links import link_in
from ml.neighbours.model import weights_from
from services import tracks as use
from services.genre import GenreAnswer, predict
from services.path import Path, find_path
from services.recommend.answer import FamilyRecommendation, Recommendation
from services.recommend.recommend import recommend
from services.subject.links import by_link
from services.views import TrackSummary
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

blueprint = Blueprint("tracks", __name__, tag="Tracks")


class SearchQuery(Schema):
    q = String(
        required=True, validate=text, metadata={"description": "What has been typed so far, or a link, URI or id."}
    )
    limit = Integer(load_default=10, validate=Range(1, 50))


def _feature_field(name: str) -> Float:
    low, high = FEATURE_BOUNDS[name]
    return Float(validate=Range(low, high), metadata={"description": f"Audio feature, {low:g} to {high:g}."})


GenreQuery = cast(
    type[Schema],
    SubjectQuery.from_dict(
        {
            "album": String(validate=text),
            "year": Integer(validate=Range(1000, 2999)),
            **{name: _feature_field(name) for name in AUDIO_FEATURES},
        },
        name="GenreQuery",
    ),
)


def _weights(factors: str) -> None:
    try:
        weights_from(factors)
    except ValueError as fault:
        raise ValidationError(f"{fault}.") from fault


class _RecommendQuery(SubjectQuery):
    limit = Integer(load_default=10, validate=Range(1, 50))
    method = String(
        load_default="neighbours",
        validate=OneOf(["neighbours", "sound", "artists", "families", "timbre"]),
        metadata={
            "description": "neighbours: sound, artists, genres and popularity together; sound or artists: that alone; "
            "families: one track for each family of genres, from the same cluster of sound; timbre: analysed tracks "
            "with the most similar timbre."
        },
    )
    pick = String(
        load_default="fresh",
        validate=OneOf(["fresh", "nearest"]),
        metadata={"description": "With method=families: a drawn track, or the one that sounds most alike."},
    )
    seed = Integer(
        load_default=None,
        allow_none=True,
        validate=Range(0, 2**31 - 1),
        metadata={"description": "With pick=fresh: the same number draws the same tracks again."},
    )
    artist_cap = Integer(load_default=2, validate=Range(1, 50), metadata={"description": "Tracks per artist at most."})
    exclude = excluded  # type: ignore[assignment]
    weights = String(
        load_default="",
        validate=[text, _weights],
        metadata={
            "description": "Factors on the usual weights, as in tempo:2,energy:0.5: a compared feature, or sound, "
            "artist, genre, popularity; 0 to 10."
        },
    )
    hubs = String(
        load_default="corrected",
        validate=OneOf(["corrected", "plain"]),
        metadata={
            "description": "Whether distances are scaled locally, so that no track is everybody's neighbour "
            "(`corrected`), or taken as they are (`plain`)."
        },
    )


RecommendQuery = cast(
    type[Schema],
    _RecommendQuery.from_dict({name: _feature_field(name) for name in AUDIO_FEATURES}, name="RecommendQuery"),
)


class PathQuery(LinkQuery):
    to = String(required=True, validate=text, metadata={"description": "Id of the track at its end."})
    between = Integer(load_default=6, validate=Range(1, 20), metadata={"description": "Tracks between the two."})


@dataclass(frozen=True)
class SearchAnswer:
    query: str
    tracks: list[TrackSummary]


@blueprint.get("/api/search")
@blueprint.query(SearchQuery)
def search(query: dict[str, Any]) -> SearchAnswer:
    """Tracks of the catalogue that match what has been typed so far, the popular recording first.

    A link, a URI or an id of a track gives that track.
    """
    viewer = session.viewer()
    snapshot = services().catalogue.current(viewer.owner)
    if link := link_in(query["q"], bare=True):
        return SearchAnswer(query["q"], [TrackSummary.of(by_link(services(), snapshot, link, viewer).track)])
    hits = snapshot.search(query["q"], query["limit"])
    return SearchAnswer(query["q"], [TrackSummary.of(snapshot.track(hit.ref)) for hit in hits])


@blueprint.get("/genre-predict")
@blueprint.query(GenreQuery)
@blueprint.doc(responses={404: "No such track"})
def genre_predict(query: dict[str, Any]) -> Annotated[Response, GenreAnswer]:
    """The genre of a track, with calibrated probabilities and reasons.

    Ask by `q`, by `track` and `artist`, by `track_id`, or by bare audio feature values; what is given beside
    a track that is known stands in front of what is known. A track that is not known here, or without audio features,
    is looked up at the sources that are switched on; `sources` says which ones and how it went. `broad` has the six
    broad genres of playlists, which also rest on what is known of the artist; `microgenres` those that the artist may
    be filed under, each with a probability of its own (several may be right), likeliest first.
    """
    return cached_answer(predict, query, session.viewer())


@blueprint.get("/recommend")
@blueprint.query(RecommendQuery)
@blueprint.doc(responses={404: "No such track"})
def recommend_tracks(query: dict[str, Any]) -> Annotated[Response, Recommendation | FamilyRecommendation]:
    """Tracks that go with a track, each with its reasons and how it differs.

    `is_close_match` says whether a track is close enough to go with it; the others are merely the nearest there are.
    Where no track is a close match, the answer names similar artists, too. Where the catalogue has none, artists alike
    are answered instead. `fetched` holds what sources recommend, each for itself; a track that is not known here is
    looked up at those that are switched on. Audio features that are given stand in front of what is known: what would
    go with the track if it sounded like that.
    """
    return cached_answer(recommend, query, session.viewer())


@blueprint.get("/api/tracks/<track_id>/preview")
@blueprint.query(LinkQuery)
@blueprint.doc(responses={404: "No such track, or no source that is on has a preview of it"})
def preview(track_id: str, query: dict[str, Any]) -> use.PreviewAnswer:
    """The address of a preview and until when it can be played, from the first source that has one.

    The address is the source's own and expires soon: the browser plays it from there, and nothing is stored. `credit`
    names whom the source's terms want named, `link` is the page of the track there.
    """
    return use.find_preview(services(), track_id, session.viewer())


@blueprint.get("/api/tracks/<track_id>/path")
@blueprint.query(PathQuery)
@blueprint.doc(responses={404: "No such track", 422: "No audio features are known of one"})
def path(track_id: str, query: dict[str, Any]) -> Path:
    """A path to another track: even steps through the audio features, each a track that sounds like its place."""
    return find_path(services(), track_id, query["to"], query["between"], session.viewer())


@blueprint.get("/api/tracks/<track_id>/trail")
@blueprint.query(LinkQuery)
def trail(track_id: str, query: dict[str, Any]) -> use.Trail:
    """How a track got here: which track led to it in which source, back to a playlist of this browser."""
    return use.find_trail(services(), track_id, session.viewer())
