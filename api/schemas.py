"""Schemas of queries and answers that several resources share."""

from dataclasses import dataclass

from apiflask import Schema
from apiflask.fields import String
from apiflask.validators import Length

from services.runs import RunView

MAX_QUERY = 500  # characters; the longest title in the public tables has under 400
text = Length(max=MAX_QUERY)
track_id = Length(min=1, max=MAX_QUERY)
# mypy takes a field `exclude` for an attribute of marshmallow's Schema; at run time the metaclass removes the field.
excluded = String(load_default="", metadata={"description": "Track ids that must not come back, with commas."})


class LinkQuery(Schema):
    playlist = String(
        validate=text,
        metadata={"description": "Id of a playlist with the track in it: everybody with its link may see the track."},
    )


class SubjectQuery(LinkQuery):
    q = String(
        validate=text, metadata={"description": "Title and artist in any order, or the link, URI or id of a track."}
    )
    track = String(validate=text, metadata={"description": "Title."})
    artist = String(validate=text)
    track_id = String(validate=text, metadata={"description": "Spotify's id, or Tastemap's for local files."})


@dataclass(frozen=True)
class RunAnswer:
    run: RunView


@dataclass(frozen=True)
class RunsAnswer:
    runs: list[RunView]
