"""Covers of albums, served by this server."""

from apiflask.schemas import FileSchema
from flask import Response, send_file

from api import session
from api.application import Blueprint
from api.current import services
from services.sound.audio import own_cover
from services.sound.covers import TooManyCovers, find_cover

blueprint = Blueprint("covers", __name__, tag="Tracks")

_DAY_SECONDS = 86_400


@blueprint.get("/api/covers/<track_id>")
@blueprint.output(FileSchema(), content_type="image/*", description="The picture")
@blueprint.doc(responses={204: "No source that is on has one", 404: "No such track"})
def cover(track_id: str) -> Response:
    """The picture in the track's own file, else the cover of its album.

    This server fetches covers from a source that is switched on, and keeps them for some days.
    """
    if own := own_cover(services(), track_id, session.viewer()):
        return send_file(own, conditional=True, max_age=_DAY_SECONDS)
    try:
        found = find_cover(services(), track_id, session.viewer())
    except TooManyCovers:
        return Response(status=204, headers={"Cache-Control": "no-store"})
    answer = Response(found.content, content_type=found.kind) if found else Response(status=204)
    # A missing cover may be fetched soon, so the browser may ask again; a found one is cached for a day.
    answer.headers["Cache-Control"] = f"private, max-age={_DAY_SECONDS if found else 300}"
    return answer
