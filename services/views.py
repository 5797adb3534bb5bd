"""How tracks and moments are shown in every answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store.domain import Track


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def track_summary(track: Track) -> dict[str, Any]:
    """Return what every list of tracks shows; ``id`` is null for a track known by its names alone."""
    return {
        "id": track.id or None,
        "title": track.title,
        "artists": list(track.artists),
        "album": track.album,
        "year": track.year,
        "popularity": track.popularity,
        "explicit": track.explicit,
        "duration_ms": track.duration_ms,
        "has_features": track.features is not None,
        "source": track.source,
        "labels": list(track.labels),
    }
