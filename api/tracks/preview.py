"""GET /api/tracks/<id>/preview: where thirty seconds of a track can be played just now."""

from apiflask import APIBlueprint

from api.current import services
from services.preview import PreviewAnswer, find_preview

blueprint = APIBlueprint("preview", __name__, tag="Tracks")


@blueprint.get("/api/tracks/<track_id>/preview")
@blueprint.doc(responses={404: "No such track, or no source that is on has a preview of it"})
def preview(track_id: str) -> PreviewAnswer:
    """The address of a preview and until when it can be played, from the first source that has one.

    The address is the source's own and expires soon: the browser plays it from there, and nothing is stored. `credit`
    names whom the source's terms want named, `link` is the page of the track there.
    """
    return find_preview(services(), track_id)
