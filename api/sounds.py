"""How one's own files sound: what is alike, a path between two, the same recording twice."""

from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Integer, String
from apiflask.validators import Range

from api import session
from api.application import Blueprint
from api.current import services
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
def state() -> use.SoundState:
    """How many of one's own files can be compared by their sound, and which hold the same recording.

    The operator sees all files, others those that they have dropped into the page; the demo's are there where it is.
    """
    return use.state(services(), session.viewer())


@blueprint.post("/api/sound")
@blueprint.doc(responses={202: "The run that does it", 403: "Not the operator"})
def listen() -> tuple[RunAnswer, Literal[202]]:
    """Find out what those files sound like of which that is not known yet; a scan does so at its end."""
    session.require_operator()
    session.start()
    return RunAnswer(use.start(services(), session.viewer())), 202


@blueprint.get("/api/sound/alike")
@blueprint.query(AlikeQuery)
@blueprint.doc(responses={404: "No such track, or no file of it has been listened to"})
def alike(query: dict[str, Any]) -> use.SoundAlikes:
    """The tracks among one's own files that sound most like one of them."""
    return use.alike(services(), query["track_id"], query["limit"], session.viewer())


@blueprint.get("/api/sound/path")
@blueprint.query(PathQuery)
@blueprint.doc(responses={404: "No such track, or no file of it has been listened to"})
def path(query: dict[str, Any]) -> use.SoundPath:
    """Tracks among one's own files that lead from one to another, each alike to the next."""
    return use.path(services(), query["start"], query["end"], query["most"], session.viewer())
