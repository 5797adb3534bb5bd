"""How a track got here: the recommendations that led to it, back to a playlist."""

from dataclasses import dataclass

from services.container import Services
from services.errors import ServiceError
from services.views import TrackSummary, iso
from store.library import tracks_by_id
from store.recommendations import trail_of


@dataclass(frozen=True, kw_only=True)
class TrailStep:
    """The track ``seed``, for which a source recommended the one before."""

    seed: TrackSummary
    source: str
    title: str
    score: float | None
    fetched_at: str | None


@dataclass(frozen=True)
class PlaylistName:
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Trail:
    track: TrackSummary
    steps: list[TrailStep]
    playlist: PlaylistName | None


def find_trail(services: Services, track_id: str, owner: str | None) -> Trail:
    """Return which track led to a track in which source, back to a playlist of ``owner``; raises ServiceError 404."""
    database, snapshot = services.database, services.catalogue.current()
    track = tracks_by_id(snapshot, database, [track_id]).get(track_id)
    if track is None:
        raise ServiceError(404, "not_found", "There is no such track here.", "Search for it: GET /api/search?q=")
    playlists = {playlist.id: playlist for playlist in database.playlists(owner)}
    found = trail_of(database, track_id, playlists)
    seeds = tracks_by_id(snapshot, database, [step.seed for step in found.steps])
    providers = services.engine.providers()
    steps = [
        TrailStep(
            seed=TrackSummary.of(seeds[step.seed]),
            source=step.source,
            title=providers[step.source].about.title if step.source in providers else step.source,
            score=step.score,
            fetched_at=iso(step.fetched_at),
        )
        for step in found.steps
        if step.seed in seeds
    ]
    home = found.playlist
    return Trail(track=TrackSummary.of(track), steps=steps, playlist=PlaylistName(home.id, home.name) if home else None)
