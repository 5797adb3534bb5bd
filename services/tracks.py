"""One track: a preview to hear, and which recommendations led to it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import cast

from etl.identity import identity_of
from etl.lookup.lookup import look_up
from etl.providers.base import LookupQuery, Need, Preview
from services.container import Services
from services.errors import ServiceError, not_found
from services.playlists.playlists import visible_playlists
from services.subject.links import shared_by_link
from services.subject.lookup import lines
from services.subject.resolve import by_id
from services.viewer import Viewer
from services.views import Named, TrackSummary, View
from store.library import tracks_by_id
from store.recommendations import trail_of


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewAnswer(Preview):
    """A preview, with the name and the title of its source."""

    source: str
    title: str


@dataclass(frozen=True, kw_only=True)
class TrailStep(View):
    """The track ``seed``, for which a source recommended the track of the step before."""

    seed: TrackSummary
    source: str
    title: str
    score: float | None
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True)
class Trail:
    track: TrackSummary
    steps: list[TrailStep]
    playlist: Named | None


def find_preview(services: Services, track_id: str, viewer: Viewer) -> PreviewAnswer:
    """Return the preview of the first source that has one; raises ServiceError 404 for no track or preview."""
    track = by_id(services, services.catalogue.current(viewer.owner), track_id, viewer).track
    found = look_up(services.engine, LookupQuery(identity=identity_of(track)), {Need.PREVIEW})
    if not found.previews:
        raise ServiceError(
            404,
            "no_preview",
            "No source that is switched on has a preview of this track.",
            "Switch on Deezer or iTunes under Settings, or see `sources` for what went wrong.",
            sources=lines(services, found.trail),
        )
    source, answer = next(iter(found.previews.items()))
    preview = cast(Preview, answer.value)
    return PreviewAnswer(source=source, title=services.title_of(source), **asdict(preview))


def find_trail(services: Services, track_id: str, viewer: Viewer) -> Trail:
    """Return the recommendations that led to a track, back to a playlist of the viewer; raises ServiceError 404."""
    database, snapshot = services.database, services.catalogue.current(viewer.owner)
    track = tracks_by_id(snapshot, database, [track_id], viewer.owner).get(track_id)
    track = track or shared_by_link(services, track_id, viewer)
    if track is None:
        raise not_found("There is no such track here.", "Search for it: GET /api/search?q=")
    playlists = {playlist.id: playlist for playlist in visible_playlists(services, viewer)}
    found = trail_of(database, track_id, playlists)
    seeds = tracks_by_id(snapshot, database, [step.seed for step in found.steps], viewer.owner)
    steps = [
        TrailStep.of(step, seed=TrackSummary.of(seeds[step.seed]), title=services.title_of(step.source))
        for step in found.steps
        if step.seed in seeds
    ]
    home = found.playlist
    return Trail(track=TrackSummary.of(track), steps=steps, playlist=Named(home.id, home.name) if home else None)
