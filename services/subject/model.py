"""The track that a query is about, and how it was found."""

from dataclasses import dataclass, replace
from typing import Literal

from etl.lookup.results import LookedUp
from services.views import TrackSummary
from store.catalogue.catalogue import Ref, Snapshot
from store.domain import Track

Kind = Literal["id", "search", "names", "features", "source", "analysis"]


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What typed words were taken for.

    ``artist`` is as usually written, None where none was typed or recognised. ``title`` is as typed, empty for an
    artist alone. ``unmatched`` are the words that no track here matches. ``version`` are the track's kinds of version
    that were not typed, such as "live". ``closest`` is how well the first alternative fits, 0 to 1, None where none
    fits. ``note`` says what differs.
    """

    typed: str
    artist: str | None
    title: str
    unmatched: list[str]
    version: list[str]
    closest: float | None
    note: str | None


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a track was found: the confidence (0 to 1), how typed words were understood, and similar tracks."""

    kind: Kind
    confidence: float
    understood: Understood | None
    alternatives: list[TrackSummary]


@dataclass(frozen=True, kw_only=True)
class SourceMatch(Match):
    """The match of a track that online sources named; ``source`` has their titles."""

    source: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A track and how it was found.

    ``track.id`` is empty if only names or features are known. For the kind "analysis", only the track's audio analysis
    is known. ``ref`` is valid only in ``snapshot``. ``found`` is what sources answered, None if none was queried;
    ``named_by`` are the sources that named the track, ``features_source`` is the source of its audio features.
    ``understood`` is None where nothing was typed. ``final`` is True if no source could add anything. ``owner`` is the
    browser session of the request.
    """

    snapshot: Snapshot
    track: Track
    kind: Kind
    ref: Ref | None = None
    confidence: float = 1.0
    alternatives: tuple[Track, ...] = ()
    understood: Understood | None = None
    found: LookedUp | None = None
    named_by: str | None = None
    final: bool = False
    features_source: str | None = None
    owner: str | None = None

    def match(self) -> Match | SourceMatch:
        alternatives = [TrackSummary.of(track) for track in self.alternatives]
        match = Match(
            kind=self.kind,
            confidence=round(self.confidence, 3),
            # The note would say that the track is not known here, but a source knows it.
            understood=replace(self.understood, note=None) if self.understood and self.named_by else self.understood,
            alternatives=alternatives,
        )
        return SourceMatch(**vars(match), source=self.named_by) if self.named_by else match


def untitled(track_id: str) -> Track:
    """Return a track known only by a stored analysis; its title is a placeholder, which no search or model may use."""
    return Track(id=track_id, title=f"Untitled analysis {track_id[:6]}…", artists=(), source="audio analysis")
