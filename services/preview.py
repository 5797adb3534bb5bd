"""Where thirty seconds of a track can be played just now."""

from dataclasses import dataclass
from typing import cast

from etl.identity import identity_of
from etl.lookup.lookup import look_up
from etl.providers.base import LookupQuery, Need, Preview
from services.container import Services
from services.errors import ServiceError
from services.subject.lookup import lines
from services.subject.resolve import by_id
from services.views import iso


@dataclass(frozen=True, kw_only=True)
class PreviewAnswer:
    """The address of a preview at its source, until when it can be played, whom to credit, and the track's page."""

    source: str
    title: str
    url: str
    expires_at: str | None
    credit: str | None
    link: str | None


def find_preview(services: Services, track_id: str) -> PreviewAnswer:
    """Return the preview of the first source that has one; raises ServiceError 404 for no track and for none."""
    track = by_id(services, services.catalogue.current(), track_id).track
    found = look_up(services.engine, LookupQuery(identity=identity_of(track)), {Need.PREVIEW})
    if not found.previews:
        raise ServiceError(
            404,
            "no_preview",
            "No source that is switched on has a preview of this track.",
            "Switch on Deezer or iTunes under Data, or see `sources` for what went wrong.",
            sources=lines(services, found.trail),
        )
    source, answer = next(iter(found.previews.items()))
    preview = cast(Preview, answer.value)
    return PreviewAnswer(
        source=source,
        title=services.engine.providers()[source].about.title,
        url=preview.url,
        expires_at=iso(preview.expires_at),
        credit=preview.credit,
        link=preview.link,
    )
