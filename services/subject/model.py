"""The track that a query is about, and how it was found."""

from dataclasses import dataclass
from typing import Literal

from etl.lookup.results import LookedUp
from services.views import TrackSummary
from store.catalogue.catalogue import Ref, Snapshot
from store.domain import Track

Kind = Literal["id", "search", "names", "features", "source"]


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a track was found: how sure that is (0 to 1), and what else was nearly meant."""

    kind: Kind
    confidence: float
    alternatives: list[TrackSummary]


@dataclass(frozen=True, kw_only=True)
class SourceMatch(Match):
    """A track that online sources named; ``source`` has their titles."""

    source: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A track and how it was found; ``track.id`` is empty where only names or features are known.

    ``ref`` holds in ``snapshot`` alone. ``found`` is what sources answered, None where none was queried; ``named_by``
    are the sources that named the track, and ``features_source`` is the one of its audio features. ``final`` is True
    if no source could add to what is known. ``owner`` is the session that asks.
    """

    snapshot: Snapshot
    track: Track
    kind: Kind
    ref: Ref | None = None
    confidence: float = 1.0
    alternatives: tuple[Track, ...] = ()
    found: LookedUp | None = None
    named_by: str | None = None
    final: bool = False
    features_source: str | None = None
    owner: str | None = None

    def match(self) -> Match | SourceMatch:
        alternatives = [TrackSummary.of(track) for track in self.alternatives]
        match = Match(kind=self.kind, confidence=round(self.confidence, 3), alternatives=alternatives)
        return SourceMatch(**vars(match), source=self.named_by) if self.named_by else match
