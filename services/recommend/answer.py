"""The answer of /recommend, whichever method recommends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ml.neighbours.reasons import Difference
from services.subject.families import TrackFamily
from services.subject.lookup import FromSource, SourceLine
from services.views import TrackSummary, View
from store.domain import Track


@dataclass  # a hundred for each answer: frozen ones take three times as long to make
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
    """A track of a family of genres from the seed's cluster (from 1) in that family, with the tracks of the cluster."""

    family: str
    cluster: int
    cluster_tracks: int


@dataclass(frozen=True, kw_only=True)
class SimilarArtist(View):
    name: str
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
    """Tracks that go with the seed, best first; else similar artists. ``fetched`` is what sources recommend."""

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
