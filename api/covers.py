"""Covers: the picture that a track's own file holds."""

from apiflask.schemas import FileSchema
from flask import Response, send_file

from api import session
from api.application import Blueprint
from api.current import services
from services.audio import cover_of
from services.errors import not_found

blueprint = Blueprint("covers", __name__, tag="Tracks")
_KEPT_SECONDS = 24 * 3600


@blueprint.get("/api/covers/<track_id>")
@blueprint.output(FileSchema(), content_type="image/*", description="The picture")
@blueprint.doc(responses={404: "No such track, or no picture of it here"})
def cover(track_id: str) -> Response:
    """The picture that the file of a track holds, as it is."""
    path = cover_of(services(), track_id, session.viewer())
    if path is None:
        raise not_found("There is no cover of this track here.", "Scan a folder with files that hold one.")
    return send_file(path, conditional=True, max_age=_KEPT_SECONDS)
