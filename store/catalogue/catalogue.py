"""The catalogue: every known track in memory-mapped segments that running workers re-read when they change.

``CURRENT.json`` under the root names the published folder of each segment; it is replaced atomically, so a
build that is killed at any moment leaves the generation before it served.
"""

import json
import logging
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from store.catalogue.matching import Match, match
from store.catalogue.search import Hit, QueryBuilder, Ref, search
from store.catalogue.segment import CatalogueError, Segment
from store.domain import Track
from store.text import normalise

__all__ = ["Catalogue", "CatalogueError", "Hit", "Match", "Ref", "Segment", "Snapshot"]

CURRENT_FILE, SEGMENTS_DIR = "CURRENT.json", "segments"
# In order of preference. What the operator imported names a track for everybody; what people bring in adds to it.
SEGMENT_NAMES = ("public", "collection")
_STAT_SECONDS = 0.5
# One answer needs the same artists several times.
_ARTISTS_KEPT = 256
_ARTIST_GENRES = 10
_log = logging.getLogger(__name__)


class Snapshot:
    """The catalogue as it was at one moment; immutable and safe to use from several threads."""

    def __init__(self, segments: tuple[Segment, ...] = ()) -> None:
        self.segments = segments
        self.generation = "+".join(segment.directory.name for segment in segments) or "empty"
        self._by_name = {segment.name: segment for segment in segments}
        self._artist_genres = lru_cache(_ARTISTS_KEPT)(self._count_artist_genres)

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def segment(self, name: str) -> Segment:
        """Return the segment called ``name``; KeyError when this snapshot has none."""
        return self._by_name[name]

    def ref(self, position: int) -> Ref:
        """Return the place of the track at ``position``, 0 to ``len(self) - 1``, counting through the segments."""
        for segment in self.segments:
            if 0 <= position < segment.count:
                return Ref(segment.name, position)
            position -= segment.count
        raise IndexError("position beyond the last track")

    def find(self, track_id: str) -> Ref | None:
        """Return where the track with this id stands, the public tables first, or None."""
        for segment in self.segments:
            row = segment.find(track_id)
            if row is not None:
                return Ref(segment.name, row)
        return None

    def track(self, ref: Ref) -> Track:
        """Return the track at ``ref``, its gaps filled from the other segments that know the same id."""
        track = self._by_name[ref.segment].track(ref.row)
        for segment in self.segments:
            if segment.name != ref.segment and (row := segment.find(track.id)) is not None:
                track = filled(track, segment.track(row))
        return track

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Find tracks as one types: at most ``limit``, best first, one per recording."""
        return search(self.segments, query, limit)

    def match(self, title: str, artist: str | None, duration_ms: int | None = None, limit: int = 5) -> list[Match]:
        """Find the track of this name: at most ``limit`` recordings with a confidence of 0 to 1, best first."""
        return match(self.segments, title, artist, duration_ms, limit)

    def is_title(self, title: str) -> bool:
        """Return whether ``title``, normalised, is the whole title of a track."""
        return any(QueryBuilder(segment, "name").known(title) for segment in self.segments)

    def artist_genres(self, artist_key: str) -> tuple[str, ...]:
        """Return the ten genres most often given to this artist or their tracks, most frequent first."""
        return self._artist_genres(normalise(artist_key))[:_ARTIST_GENRES]

    def _count_artist_genres(self, artist_key: str) -> tuple[str, ...]:
        counts: Counter[str] = Counter()
        for segment in self.segments:
            counts += segment.artist_genre_counts(artist_key)
        return tuple(name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def filled(track: Track, other: Track) -> Track:
    """Return ``track`` with what only ``other`` knows; names stay as they are."""
    gaps = ("album", "year", "duration_ms", "isrc", "popularity", "explicit", "features", "labels", "artist_genres")
    known = {name: getattr(other, name) for name in gaps if getattr(track, name) in (None, ())}
    return replace(track, **known) if known else track


class Catalogue:
    """The way to the current :class:`Snapshot` of the catalogue under ``root``; one per process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._checked = float("-inf")

    def current(self) -> Snapshot:
        """Return the newest published snapshot; an absent root is an empty one.

        Raises
        ------
        CatalogueError
            When what is published cannot be read and nothing older is in hand.
        """
        with self._lock:
            if self._snapshot is None or time.monotonic() - self._checked >= _STAT_SECONDS:
                self._refresh()
            assert self._snapshot is not None
            return self._snapshot

    def _refresh(self) -> None:
        stamp = _stamp(self.root / CURRENT_FILE)
        if self._snapshot is None or stamp != self._stamp:
            try:
                self._snapshot = open_snapshot(self.root, self._snapshot)
            except CatalogueError as error:
                if self._snapshot is None:
                    raise
                _log.error("still serving the catalogue read before: %s %s", error.message, error.hint)
            self._stamp = stamp
        self._checked = time.monotonic()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def published(root: Path) -> dict[str, str]:
    """Return the published folder of each segment; CatalogueError when CURRENT.json cannot be read."""
    path = root / CURRENT_FILE
    try:
        folders = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{CURRENT_FILE} of the catalogue cannot be read: {error}") from error
    if not isinstance(folders, dict) or not all(isinstance(name, str) for name in folders.values()):
        raise CatalogueError(f"{CURRENT_FILE} of the catalogue does not name its segments.")
    return folders


def open_snapshot(root: Path, before: Snapshot | None = None) -> Snapshot:
    """Open what is published under ``root``, taking over the segments of ``before`` that have not changed.

    A build may replace a folder between the reading of its name and its opening; then the new name is read.
    """
    kept = {segment.directory.name: segment for segment in before.segments} if before else {}
    while True:
        folders = published(root)
        try:
            names = [folders[name] for name in SEGMENT_NAMES if name in folders]
            return Snapshot(tuple(kept.get(name) or Segment(root / SEGMENTS_DIR / name) for name in names))
        except CatalogueError:
            if published(root) == folders:
                raise
