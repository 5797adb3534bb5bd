"""Sound-alikes and the timbre map of the tracks whose analyses are stored here."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ml.neighbours.reasons import differences
from ml.timbre.model import LEAST_SEGMENTS, TimbrePlacement, alike
from services.container import Services
from services.errors import ServiceError
from services.recommend.answer import Recommendation, RecommendedTrack
from services.sound.demo import demo_of, shipped
from services.subject.model import Subject, untitled
from services.viewer import Viewer
from services.views import TrackSummary
from store.facts import AnalysisStamp, analysed, timbre_of

_HINT = (
    "Drop audio analysis files (JSON with segments, as Spotify gave them), or switch Spotify on in Settings and "
    "fetch segments: it gives analyses only to apps with extended access from before November 2024."
)


@dataclass(frozen=True)
class Notice:
    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class TimbrePoint(TrackSummary):
    """An analysed track on the map."""

    x: float
    y: float
    cluster: int


@dataclass(frozen=True, kw_only=True)
class TimbreMap:
    """The analysed tracks on the map, how many are too short for it, and how many have no title.

    ``scores`` says how well the embedding finds one half of a track by the other half.
    """

    version: str
    statistics: Any
    learnt_from: Any
    scores: Any
    analysed: int
    too_short: int
    untitled: int
    least_segments: int
    notice: Notice | None
    tracks: list[TimbrePoint]


@dataclass(frozen=True, kw_only=True)
class AlikeTrack(TrackSummary):
    """A track with its cluster and the cosine (-1 to 1) between its embedding and another track's."""

    score: float
    cluster: int


@dataclass(frozen=True, kw_only=True)
class TimbreAlike:
    """The analysed tracks that sound most like ``track``."""

    version: str
    track: TrackSummary
    alike: list[AlikeTrack]


def timbre_map(services: Services, viewer: Viewer) -> TimbreMap:
    """Return the map of all analysed tracks, with the scores of the served embedding."""
    stamps, placed = _placed(services, viewer)
    tracks = services.database.get_tracks(sorted(placed), viewer.owner)
    model = services.timbre.model
    return TimbreMap(
        version=model.version,
        statistics=model.projection.statistics,
        learnt_from=model.settings["tracks"],
        scores=model.scores,
        analysed=len(stamps),
        too_short=len(stamps) - len(placed),
        untitled=len(placed) - len(tracks),
        least_segments=LEAST_SEGMENTS,
        notice=None if placed else _nothing(len(stamps)),
        tracks=[
            TimbrePoint.of(
                tracks.get(track_id) or untitled(track_id),
                x=round(float(place.spot[0]), 5),
                y=round(float(place.spot[1]), 5),
                cluster=place.cluster,
            )
            for track_id, place in sorted(placed.items())
        ],
    )


def timbre_alike(services: Services, track_id: str, limit: int, viewer: Viewer) -> TimbreAlike:
    """Return the analysed tracks that sound most like ``track_id``; raises ServiceError 404 as :func:`_alike` does."""
    placed, found = _alike(services, track_id, limit, viewer)
    tracks = services.database.get_tracks([track_id, *(other for other, _ in found)], viewer.owner)
    return TimbreAlike(
        version=services.timbre.model.version,
        track=TrackSummary.of(tracks.get(track_id) or untitled(track_id)),
        alike=[
            AlikeTrack.of(tracks.get(other) or untitled(other), score=round(score, 4), cluster=placed[other].cluster)
            for other, score in found
        ],
    )


def timbre_picks(
    services: Services, subject: Subject, query: Mapping[str, Any], exclude: Collection[str]
) -> Recommendation:
    """Return the analysed tracks with the most similar timbre as recommendations; raises ServiceError 404 for none."""
    seed = subject.track
    placed, found = _alike(services, seed.id, query["limit"] + len(exclude), Viewer(subject.owner))
    found = [(name, cosine) for name, cosine in found if name not in exclude][: query["limit"]]
    tracks = services.database.get_tracks([name for name, _ in found], subject.owner)
    picks = []
    for name, cosine in found:
        other = tracks.get(name) or untitled(name)
        why = [f"Alike in timbre (cosine {cosine:.2f})"]
        if placed[name].cluster == placed[seed.id].cluster:
            why.append("In the same region of the timbre map")
        picks.append(RecommendedTrack.because(other, cosine, why, differences(seed, other)))
    return Recommendation(seed=TrackSummary.of(seed), method="timbre", tracks=picks, note=None)


def _alike(
    services: Services, name: str, limit: int, viewer: Viewer
) -> tuple[dict[str, TimbrePlacement], list[tuple[str, float]]]:
    """Return the places of all analysed tracks, and the ones most like ``name`` by the same analyser.

    Raises ServiceError 404 where nothing, or this track, has not been analysed or is too short.
    """
    stamps, placed = _placed(services, viewer)
    if not placed:
        raise ServiceError(404, "no_analyses", **asdict(_nothing(len(stamps))))
    if name not in placed:
        why = f"Its analysis has fewer than {LEAST_SEGMENTS} segments" if name in stamps else "It was not analysed"
        raise ServiceError(
            404, "no_analysis", f"{why}, so nothing can be compared with the timbre of this track.", _HINT
        )
    same = {other: place for other, place in placed.items() if stamps[other].analyser == stamps[name].analyser}
    return placed, alike(same, name, limit)


def _placed(services: Services, viewer: Viewer) -> tuple[dict[str, AnalysisStamp], dict[str, TimbrePlacement]]:
    """Return the stamps of all analyses by track, and the places of those that are long enough.

    The demo's tracks are among them for those who have imported them.
    """
    sounds = shipped(services)
    stamps = {name: AnalysisStamp(sound.analyser, None) for name, sound in sounds.items()} | analysed(services.database)
    placed = services.timbre.update(
        stamps, lambda name: sounds[name].timbre if name in sounds else timbre_of(services.database, name)
    )
    hidden = sounds.keys() - demo_of(services, viewer).keys()
    return (
        {name: stamp for name, stamp in stamps.items() if name not in hidden},
        {name: place for name, place in placed.items() if name not in hidden},
    )


def _nothing(stored: int) -> Notice:
    few = f"None of the {stored} stored analyses has {LEAST_SEGMENTS} segments."
    return Notice(few if stored else "No audio analysis is stored here yet.", _HINT)
