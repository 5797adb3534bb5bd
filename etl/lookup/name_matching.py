"""Finds audio features for tracks without a Spotify id, from the same recording in the catalogue."""

import logging
from dataclasses import replace
from pathlib import Path

from store.catalogue.catalogue import Catalogue, Snapshot
from store.catalogue.segment import CatalogueError
from store.domain import AudioFeatures, Track

log = logging.getLogger(__name__)

# Below this confidence, another recording or another artist with the same name is too likely.
MIN_CONFIDENCE = 0.9
_LOCAL = "local-"


class NameMatching:
    """Finds tracks by their names. The track keeps its own id and names, and gets the features of its match.

    The features carry their source ("spotify_songs.csv, found by name as <id>") and the confidence of the match.
    """

    def __init__(self, var: Path) -> None:
        """Open the catalogue in ``var``; without a readable one no match is found."""
        try:
            self._snapshot = Catalogue(var / "catalogue").current()
        except (CatalogueError, OSError):
            log.warning("no audio features are looked up by name", exc_info=True)
            self._snapshot = Snapshot()
        self._known: dict[str, AudioFeatures | None] = {}
        self._named: dict[str, bool] = {}

    def completed(self, track: Track) -> Track:
        """Return ``track`` with the features of its match; unchanged if it has features, an id or no match."""
        if track.features is not None or not track.id.startswith(_LOCAL) or not track.artists:
            return track
        if track.id not in self._known:
            self._known[track.id] = self._features(track)
        return replace(track, features=self._known[track.id])

    def by_id(self, track_id: str) -> Track | None:
        """Return the track of the catalogue with this id."""
        ref = self._snapshot.find(track_id)
        return None if ref is None else self._snapshot.track(ref)

    def has(self, track: Track) -> bool:
        """Return whether the catalogue has a track of this title and these artists."""
        if track.id not in self._named:
            joined = " & ".join(track.artists)
            best = self._snapshot.match(track.title, joined, track.duration_ms, limit=1) if joined else []
            self._named[track.id] = bool(best) and best[0].confidence >= MIN_CONFIDENCE
        return self._named[track.id]

    def _features(self, track: Track) -> AudioFeatures | None:
        if not len(self._snapshot):
            return None
        # Several artists are joined to one name, as the matching compares them.
        matches = self._snapshot.match(track.title, " & ".join(track.artists), track.duration_ms)
        for match in matches:
            if match.confidence < MIN_CONFIDENCE:
                return None
            found = self._snapshot.track(match.ref)
            if found.features is not None and not found.id.startswith(_LOCAL):
                return replace(
                    found.features,
                    source=f"{found.features.source}, found by name as {found.id}",
                    confidence=round(match.confidence * found.features.confidence, 3),
                )
        return None
