"""Queries and answers that several resources share; /api/openapi.json is made of them."""

from dataclasses import dataclass
from typing import cast

from apiflask import Schema
from apiflask.fields import Float, Integer, String
from apiflask.validators import Length, OneOf, Range
from marshmallow import ValidationError

from etl.exports.formats import FORMATS
from ml.neighbours.model import weights_from
from services.runs import RunView
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

MAX_QUERY = 500  # characters; the longest title in the public tables has under 400
_text = Length(max=MAX_QUERY)


def _feature_field(name: str) -> Float:
    low, high = FEATURE_BOUNDS[name]
    return Float(validate=Range(low, high), metadata={"description": f"Audio feature, {low:g} to {high:g}."})


def _weights(text: str) -> None:
    try:
        weights_from(text)
    except ValueError as fault:
        raise ValidationError(f"{fault}.") from fault


class SearchQuery(Schema):
    q = String(
        required=True, validate=_text, metadata={"description": "What has been typed so far, or a link, URI or id."}
    )
    limit = Integer(load_default=10, validate=Range(1, 50))


class SubjectQuery(Schema):
    q = String(
        validate=_text, metadata={"description": "Title and artist in any order, or the link, URI or id of a track."}
    )
    track = String(validate=_text, metadata={"description": "Title."})
    artist = String(validate=_text)
    track_id = String(validate=_text, metadata={"description": "Spotify's id, or ours for local files."})


GenreQuery = cast(
    type[Schema],
    SubjectQuery.from_dict(
        {
            "album": String(validate=_text),
            "year": Integer(validate=Range(1000, 2999)),
            **{name: _feature_field(name) for name in AUDIO_FEATURES},
        },
        name="GenreQuery",
    ),
)


class RecommendQuery(SubjectQuery):
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
    # The class attribute that mypy sees here is marshmallow's; its metaclass takes the field away before that matters.
    exclude = String(  # type: ignore[assignment]
        load_default="", metadata={"description": "Track ids that must not come back, with commas."}
    )
    weights = String(
        load_default="",
        validate=[_text, _weights],
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


class PlaylistQuery(Schema):
    playlist = String(required=True, validate=_text)
    page = Integer(load_default=1, validate=Range(min=1))
    page_size = Integer(load_default=500, validate=Range(1, 1000))


class ExportQuery(Schema):
    format = String(required=True, validate=OneOf(list(FORMATS)), metadata={"description": "See /api/exports."})


@dataclass(frozen=True)
class RunAnswer:
    run: RunView


@dataclass(frozen=True)
class RunsAnswer:
    runs: list[RunView]
