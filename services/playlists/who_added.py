"""Which of a playlist's contributors probably added a track."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.providers.base import Need
from ml.artefacts import verified
from ml.contributors.model import is_known, task_of
from ml.genre.model import GenreInput
from ml.registry import scores_of
from services.container import Services
from services.errors import ServiceError
from services.models import TrainedVersion
from services.playlists.playlists import Contributor, PlaylistSummary, contributors, describe, find_playlist
from services.subject.lookup import SourceLine, source_lines
from services.subject.model import Match, SourceMatch
from services.subject.resolve import nothing_known, resolve
from services.viewer import Viewer
from services.views import ModelVersion, TrackSummary, View
from store.domain import Playlist

NEEDS = frozenset({Need.FEATURES})
_POINT = ("track_id", "x", "y", "who", "answer", "odds")
TRAIN = "Train it first: POST /api/models/contributors/train, or the playlist's tab People."


@dataclass(frozen=True, kw_only=True)
class ContributorOdds(Contributor):
    odds: float


@dataclass(frozen=True, kw_only=True)
class WhoAdded:
    """The odds (0 to 1) that each contributor added a track, the likeliest first.

    ``who`` probably added it: at least four in five such answers on held-out tracks were right. It is null where the
    odds do not reach ``threshold``.
    """

    track: TrackSummary
    match: Match | SourceMatch
    who: Contributor | None
    odds: list[ContributorOdds]
    threshold: float | None
    has_features: bool
    model: ModelVersion
    sources: list[SourceLine]


@dataclass(frozen=True, kw_only=True)
class TrainedContributor(Contributor):
    """A contributor, and the number of tracks from which the model learnt their taste."""

    tracks: int


@dataclass(frozen=True, kw_only=True)
class TrackPoint(View):
    """A track on the map: the positions in ``people`` of who added it and of the answer (-1: unsure), and the odds."""

    track_id: str
    x: float
    y: float
    who: int
    answer: int
    odds: list[float]
    title: str
    artists: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TrainedContributors:
    """What the training of the served model found on held-out tracks; people ``too_few`` had too few tracks for it."""

    version: str
    people: list[TrainedContributor]
    too_few: list[TrainedContributor]
    scores: list[dict[str, Any]]
    confusion: list[list[int]]
    probably: dict[str, float | None]
    settings: str
    options: dict[str, Any] | None
    points_of: int
    points: list[TrackPoint]


@dataclass(frozen=True, kw_only=True)
class WhoAddedState:
    """The versions of a playlist's model, the newest first, and what the ``served`` one has learnt."""

    playlist: PlaylistSummary
    task: str
    versions: list[TrainedVersion]
    served: TrainedContributors | None


def who_added(services: Services, playlist_id: str, query: Mapping[str, Any], viewer: Viewer) -> WhoAdded:
    """Return the odds that each contributor of a playlist added a track.

    Raises ServiceError as ``resolve`` does; 404 for an unknown playlist or no trained model; 503 for a broken model.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    task = task_of(playlist.id)
    if not _versions(services, task):
        raise ServiceError(404, "not_trained", "No model has learnt who adds what to this playlist.", TRAIN)
    model, reader = services.contributors(task)
    subject = resolve(services, query, viewer, NEEDS)
    given = GenreInput.of(subject.track)
    blocks = reader.blocks([given])
    sources = source_lines(services, subject)
    if subject.kind == "analysis" or not is_known(blocks):
        raise nothing_known(sources)
    odds = model.predict(blocks)[0]
    answer = model.answer(odds)
    people = contributors(playlist, model.people)
    ranked = sorted(zip(people, odds.tolist(), strict=True), key=lambda pair: -pair[1])
    return WhoAdded(
        track=TrackSummary.of(subject.track),
        match=subject.match(),
        who=None if answer is None else people[answer],
        odds=[ContributorOdds(**vars(person), odds=round(share, 4)) for person, share in ranked],
        threshold=model.threshold,
        has_features=bool(given.features),
        model=ModelVersion(task, model.version),
        sources=sources,
    )


def state(services: Services, playlist_id: str, viewer: Viewer) -> WhoAddedState:
    """Return the versions of a playlist's model, and what the served one learnt; raises ServiceError 404."""
    playlist = find_playlist(services, playlist_id, viewer)
    task = task_of(playlist.id)
    versions = _versions(services, task)
    served = next((known.version for known in versions if known.active), None)
    return WhoAddedState(
        playlist=describe(playlist, viewer),
        task=task,
        versions=versions,
        served=_learnt(services, playlist, task, served) if served else None,
    )


def _versions(services: Services, task: str) -> list[TrainedVersion]:
    """Return the versions of one playlist's model, the newest first."""
    registry = services.registry
    found = [
        TrainedVersion(version=known.name, active=known.active, scores=scores_of(registry, task, known.name))
        for known in registry.versions()
        if known.task == task
    ]
    return sorted(found, key=lambda known: known.version, reverse=True)


def _learnt(services: Services, playlist: Playlist, task: str, version: str) -> TrainedContributors:
    """Return what a training run found, with the names of the tracks and people whose ids it stored."""
    path = verified(services.registry.folder(task, version) / "who_added.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    points = [dict(zip(_POINT, point, strict=True)) for point in found["points"]]
    tracks = services.database.get_tracks({point["track_id"] for point in points}, playlist.owner)
    named = [TrackPoint.of(tracks[point["track_id"]], **point) for point in points if point["track_id"] in tracks]
    people = {name: _with_tracks(playlist, found[name]) for name in ("people", "too_few")}
    return TrainedContributors(**{**found, **people, "version": version, "points": named})


def _with_tracks(playlist: Playlist, rows: Sequence[Mapping[str, Any]]) -> list[TrainedContributor]:
    people = contributors(playlist, [row["id"] for row in rows])
    return [TrainedContributor(**vars(person), tracks=row["tracks"]) for person, row in zip(people, rows, strict=True)]
