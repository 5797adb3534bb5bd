"""The track that a question is about, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from etl.lookup.results import LookedUp
from services.views import track_summary
from store.catalogue.catalogue import Ref, Snapshot
from store.domain import Track


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A track and how it was found; ``track.id`` is empty where only names or features are known.

    ``ref`` holds in ``snapshot`` alone, so whoever goes on from it must go on with that one. ``found`` is what sources
    told where they were asked, ``named_by`` the sources that named the track, and ``heard_by`` the one whose audio
    features it has. ``final`` says that no source could tell more than is known.
    """

    snapshot: Snapshot
    track: Track
    kind: Literal["id", "search", "names", "features", "source"]
    ref: Ref | None = None
    confidence: float = 1.0
    alternatives: tuple[Track, ...] = ()
    found: LookedUp | None = None
    named_by: str | None = None
    final: bool = False
    heard_by: str | None = None

    def match(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "confidence": round(self.confidence, 3),
            "alternatives": [track_summary(track) for track in self.alternatives],
            **({"source": self.named_by} if self.named_by else {}),
        }
