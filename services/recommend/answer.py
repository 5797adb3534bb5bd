"""The answer of /recommend, for every method."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ml.neighbours.reasons import Difference
from services.subject.families import TrackFamily
from services.subject.lookup import FromSource, SourceLine
from services.views import TrackSummary, View
from store.domain import Track


@dataclass  # not frozen: an answer has a hundred, and frozen ones take three times as long to make
class FeatureDifference:
    """How a track differs from the seed in one feature; ``difference`` is in standard deviations."""

    feature: str
    seed: float
    other: float
    difference: float


@dataclass(frozen=True, kw_only=True)
class RecommendedTrack(TrackSummary):
    """A track with its score (0 to 1), the reasons, and how it differs from the seed in each feature."""

    score: float
    reasons: list[str]
    differences: list[FeatureDifference]

    @classmethod
    def because(
        cls, track: Track, score: float, reasons: Sequence[str], differences: Sequence[Difference], **more: Any
    ) -> Self:
        """Return ``track`` as a recommendation; ``more`` are the further fields of a subclass."""
        return cls.of(
            track,
            score=round(min(max(score, 0.0), 1.0), 3),
            reasons=list(reasons),
            differences=[
                FeatureDifference(name, round(seed, 5), round(other, 5), round(difference, 3))
                for name, seed, other, difference in differences
            ],
            **more,
        )


@dataclass(frozen=True, kw_only=True)
class ComparedTrack(RecommendedTrack):
    """A neighbour; ``is_close_match`` if it is as close as tracks of one playlist are."""

    is_close_match: bool


@dataclass(frozen=True, kw_only=True)
class FamilyTrack(RecommendedTrack):
    """A track from the cluster (from 1) of a family of genres in which the seed falls; the cluster's track count."""

    family: str
    cluster: int
    cluster_tracks: int


@dataclass(frozen=True, kw_only=True)
class SimilarArtist(View):
    """An artist; ``track_id`` is the best-known track of the artist here, whose cover may stand for the artist."""

    name: str
    track_id: str | None
    similarity: float
    reasons: tuple[str, ...]
    genres: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SourceTrack(TrackSummary):
    """A track that a source recommends, with the source's own score and reason."""

    score: float | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class SourceList(FromSource):
    """What one source recommends, best first."""

    tracks: list[SourceTrack]


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """Tracks that go with the seed, best first, or else similar artists; ``fetched`` is what sources recommend."""

    seed: TrackSummary
    method: str
    tracks: Sequence[ComparedTrack | FamilyTrack | RecommendedTrack]
    artists: list[SimilarArtist] = field(default_factory=list)
    note: str | None
    fetched: list[SourceList] = field(default_factory=list)
    sources: list[SourceLine] = field(default_factory=list)


@dataclass(frozen=True)
class Draw:
    """How the tracks were drawn: the same ``seed`` draws the same ones again."""

    pick: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class FamilyRecommendation(Recommendation):
    """One track for each family of the seed."""

    families: list[TrackFamily]
    draw: Draw
