"""Where the data of a playlist are from: how many tracks each source gave data for, and what it recommended."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from etl.providers.base import Need
from etl.providers.registry import ORDER
from services.container import Services
from services.playlists.playlists import find_playlist
from services.viewer import Viewer
from services.views import TrackSummary
from store.facts import known_tracks
from store.library import tracks_by_id
from store.recommendations import Recommendations, recommended_for

MOST_ROWS = 10_000
# How many recommendations are listed: seeds, and tracks for each seed.
MOST_SEEDS, MOST_OF_SEED = 200, 10


@dataclass(frozen=True)
class SourceUse:
    """For how many tracks of a playlist a source gave audio features, genres, and recommendations."""

    name: str
    title: str
    features: int
    genres: int
    recommendations: int


@dataclass(frozen=True, kw_only=True)
class RecommendedTrack(TrackSummary):
    """A track that a source recommends, with the source's score (0 to 1) and reason where it gives them."""

    score: float | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class SeedRecommendations:
    """What a source recommended for a track of the playlist, best first, at most ten."""

    seed: TrackSummary
    source: str
    title: str
    fetched_at: datetime
    tracks: list[RecommendedTrack]


@dataclass(frozen=True)
class Gathered:
    """How each of ``sources`` was used for ``tracks`` tracks.

    Recommendations are stored for ``seeds`` of them; ``recommended`` lists the first 200.
    """

    tracks: int
    sources: list[SourceUse]
    seeds: int
    recommended: list[SeedRecommendations]


def gathered(services: Services, playlist_id: str, viewer: Viewer) -> Gathered:
    """Return where the data of a playlist are from; raises ServiceError 404."""
    playlist = find_playlist(services, playlist_id, viewer)
    items = services.database.playlist_items(playlist.id, limit=min(max(playlist.item_count, 1), MOST_ROWS))
    ids = list(dict.fromkeys(item.track_id for item in items))
    known = known_tracks(services.database, ids, playlist.owner)
    found = [
        answer
        for source in ORDER[Need.SIMILAR]
        for answer in recommended_for(services.database, ids, source).values()
        if answer.tracks
    ]
    features = Counter(source for facts in known.values() for source in facts.feature_sources)
    genres = Counter(facts.genres_source for facts in known.values() if facts.genres_source)
    similar = Counter(answer.source for answer in found)
    names = sorted({*features, *genres, *similar}, key=lambda name: (-features[name] - genres[name], name))
    order = {track_id: at for at, track_id in enumerate(ids)}
    listed = sorted(found, key=lambda answer: order[answer.seed])[:MOST_SEEDS]
    return Gathered(
        tracks=len(ids),
        sources=[
            SourceUse(name, services.title_of(name), features[name], genres[name], similar[name]) for name in names
        ],
        seeds=len(found),
        recommended=list(_named(services, listed, viewer, playlist.owner)),
    )


def _named(
    services: Services, listed: Sequence[Recommendations], viewer: Viewer, owner: str | None
) -> Iterable[SeedRecommendations]:
    wanted = {track_id for found in listed for track_id in _ids(found)}
    tracks = tracks_by_id(services.catalogue.current(viewer.owner), services.database, wanted, owner or viewer.owner)
    for found in listed:
        if found.seed in tracks:
            yield SeedRecommendations(
                seed=TrackSummary.of(tracks[found.seed]),
                source=found.source,
                title=services.title_of(found.source),
                fetched_at=found.fetched_at,
                tracks=[
                    RecommendedTrack.of(tracks[similar.track_id], score=similar.score, reason=similar.reason)
                    for similar in found.tracks[:MOST_OF_SEED]
                    if similar.track_id in tracks
                ],
            )


def _ids(found: Recommendations) -> list[str]:
    return [found.seed, *(similar.track_id for similar in found.tracks[:MOST_OF_SEED])]
