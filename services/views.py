"""How tracks and moments are shown in every answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from store.domain import Track


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@dataclass(frozen=True, kw_only=True)
class TrackSummary:
    """What every list of tracks shows; ``id`` is null for a track known by its names alone."""

    id: str | None
    title: str
    artists: list[str]
    album: str | None
    year: int | None
    popularity: float | None
    explicit: bool | None
    duration_ms: int | None
    has_features: bool
    source: str
    labels: list[str]

    @classmethod
    def of(cls, track: Track, **more: Any) -> Self:
        """Return the summary of ``track``; ``more`` are the further fields of a subclass."""
        return cls(
            id=track.id or None,
            title=track.title,
            artists=list(track.artists),
            album=track.album,
            year=track.year,
            popularity=track.popularity,
            explicit=track.explicit,
            duration_ms=track.duration_ms,
            has_features=track.features is not None,
            source=track.source,
            labels=list(track.labels),
            **more,
        )


@dataclass(frozen=True)
class ModelVersion:
    """The model that answered."""

    task: str
    version: str
