"""GET /api/tracks/<id>/preview: where thirty seconds of a track can be heard just now."""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIBlueprint

from api.current import services
from api.errors import ApiError
from etl.identity import identity_of
from etl.lookup.lookup import look_up
from etl.providers.base import LookupQuery, Need, Preview
from services.subject.lookup import lines
from services.subject.resolve import by_id
from services.views import iso

blueprint = APIBlueprint("preview", __name__, tag="Tracks")


@blueprint.get("/api/tracks/<track_id>/preview")
@blueprint.doc(responses={404: "No such track, or no source that is on lets it be heard"})
def preview(track_id: str) -> dict[str, Any]:
    """The address of a preview and until when it can be played, from the first source that has one.

    The address is the source's own and soon dies: the browser plays it from there, and nothing is stored. Beside it
    stands whom the source's terms want named, and where the track is to be found there.
    """
    known = services()
    track = by_id(known, known.catalogue.current(), track_id).track
    found = look_up(known.engine, LookupQuery(identity=identity_of(track)), {Need.PREVIEW})
    if not found.previews:
        raise ApiError(
            404,
            "no_preview",
            "No source that is switched on lets this track be heard.",
            "Switch on Deezer or iTunes under Data, or see `sources` for what went wrong.",
            sources=lines(known, found.trail),
        )
    source, answer = next(iter(found.previews.items()))
    heard = cast(Preview, answer.value)
    return {
        "source": source,
        "title": known.engine.providers()[source].about.title,
        "url": heard.url,
        "expires_at": iso(heard.expires_at),
        "credit": heard.credit,
        "link": heard.link,
    }
