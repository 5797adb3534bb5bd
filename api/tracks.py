"""Tracks: search, genre, recommendations, previews, paths, and how a track was found."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

from apiflask import Schema
from apiflask.fields import Boolean, Float, Integer, String
from apiflask.validators import OneOf, Range
from flask import Response
from marshmallow import ValidationError

from api import session
from api.application import Blueprint
from api.current import cached_answer, services
from api.limits.expensive import expensive
from api.schemas import LinkQuery, SubjectQuery, excluded, text
from etl.links import link_in
from ml.neighbours.model import weights_from
from services import tracks as use
from services.genre import GenreAnswer, predict
from services.path import Path, find_path
from services.recommend.answer import FamilyRecommendation, Recommendation
from services.recommend.artists import SimilarArtists, similar_to
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
            "explain": Boolean(load_default=False, metadata={"description": "Also answer `why`: what spoke for it."}),
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
            "description": "neighbours: sound, artists, genres and popularity together; sound or artists: only that; "
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
            "description": "Whether distances are scaled locally, so that no track is a neighbour of very many others "
            "(`corrected`), or not (`plain`)."
        },
    )


RecommendQuery = cast(
    type[Schema],
    _RecommendQuery.from_dict({name: _feature_field(name) for name in AUDIO_FEATURES}, name="RecommendQuery"),
)


class ArtistQuery(Schema):
    artist = String(required=True, validate=text, metadata={"description": "The artist's name."})


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

    Ask by `q`, by `track` and `artist`, by `track_id`, or by audio features alone. Given values replace the stored ones
    of a known track. A track that is unknown, or has no audio features, is looked up at the sources that are switched
    on; `sources` reports the look-ups. `broad` has probabilities of the six broad genres of playlists, which also use
    what is known of the artist. `microgenres` are genres of the artist, likeliest first, each with its own probability,
    because several may be right. With `explain=true`, `why` tells what moved the answer: features and words with their
    effects, and the nearest tracks of the genre. It costs several times as much as the answer.
    """
    return cached_answer(predict, query, session.viewer())


@blueprint.get("/recommend")
@blueprint.query(RecommendQuery)
@blueprint.doc(responses={404: "No such track"})
def recommend_tracks(query: dict[str, Any]) -> Annotated[Response, Recommendation | FamilyRecommendation]:
    """Tracks that go with a track, each with its reasons and how it differs.

    `is_close_match` says whether a track is close enough to go with it; the others are only the nearest ones. If no
    track is a close match, the answer also names similar artists; if the catalogue has no tracks, it names only those.
    `fetched` has the recommendations of each source. An unknown track is looked up at the sources that are switched on.
    Given audio features replace the stored ones: the answer is for a track that sounds like that.
    """
    return cached_answer(recommend, query, session.viewer())


@blueprint.get("/api/artists/similar")
@blueprint.query(ArtistQuery)
def similar(query: dict[str, Any]) -> Annotated[Response, SimilarArtists]:
    """Artists similar to an artist, most similar first, each with its reasons; none for an unknown one."""
    return cached_answer(similar_to, query, session.viewer())


@blueprint.get("/api/tracks/<track_id>/preview")
@blueprint.query(LinkQuery)
@blueprint.doc(responses={404: "No such track, or no source that is on has a preview of it"})
def preview(track_id: str, query: dict[str, Any]) -> use.PreviewAnswer:
    """The address of a preview and when it expires, from the first source that has one.

    The browser plays it from the source; nothing is stored. `credit` is the credit that the source's terms demand,
    `link` the track's page at the source.
    """
    return use.find_preview(services(), track_id, session.viewer())


@blueprint.get("/api/tracks/<track_id>/path")
@blueprint.query(PathQuery)
@blueprint.doc(responses={404: "No such track", 422: "No audio features are known of one"})
@expensive
def path(track_id: str, query: dict[str, Any]) -> Path:
    """A path to another track, by tracks near to even steps between the two in the space of audio features."""
    return find_path(services(), track_id, query["to"], query["between"], session.viewer())


@blueprint.get("/api/tracks/<track_id>/trail")
@blueprint.query(LinkQuery)
def trail(track_id: str, query: dict[str, Any]) -> use.Trail:
    """How a track was found: which source recommended it for which track, back to a playlist of this browser."""
    return use.find_trail(services(), track_id, session.viewer())
