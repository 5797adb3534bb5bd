"""The sound of own files: similar tracks, a path between two tracks, duplicate recordings."""

from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Integer, String
from apiflask.validators import Range

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.expensive import expensive
from api.schemas import RunAnswer, track_id
from services.sound import sound_alikes as use

blueprint = Blueprint("sounds", __name__, tag="Own music")


class AlikeQuery(Schema):
    track_id = String(required=True, validate=track_id, metadata={"description": "A track of which a file is here."})
    limit = Integer(load_default=10, validate=Range(1, 50))


class PathQuery(Schema):
    start = String(required=True, validate=track_id, metadata={"description": "The track that it begins with."})
    end = String(required=True, validate=track_id, metadata={"description": "The track that it ends with."})
    most = Integer(load_default=10, validate=Range(2, 50), metadata={"description": "Tracks at most, both included."})


@blueprint.get("/api/sound")
@expensive
def state() -> use.SoundState:
    """How many own files can be compared by their sound, and which are the same recording.

    The operator sees all files; others see the files that they have uploaded, and the demo's if they have it.
    """
    return use.state(services(), session.viewer())


@blueprint.post("/api/sound")
@blueprint.doc(responses={202: "The run that does it", 403: "Not the operator"})
def listen() -> tuple[RunAnswer, Literal[202]]:
    """Find out what the remaining files sound like; a scan does this at its end."""
    session.require_operator()
    session.start()
    return RunAnswer(use.start(services(), session.viewer())), 202


@blueprint.get("/api/sound/alike")
@blueprint.query(AlikeQuery)
@blueprint.doc(responses={404: "No such track"})
@expensive
def alike(query: dict[str, Any]) -> use.SoundAlikes:
    """The tracks of own files that sound most like one of them; `reason` says why where none can be compared."""
    return use.alike(services(), query["track_id"], query["limit"], session.viewer())


@blueprint.get("/api/sound/path")
@blueprint.query(PathQuery)
@blueprint.doc(responses={404: "No such track, or no file of it has been listened to"})
@expensive
def path(query: dict[str, Any]) -> use.SoundPath:
    """A path from one track to another through own files, on which each track sounds like the next."""
    return use.path(services(), query["start"], query["end"], query["most"], session.viewer())
