"""The catalogue: every known track in memory-mapped segments that running workers reload when they change.

Everybody sees the segments ``public`` (imported tables) and ``collection`` (the shared layer of the database). The
tracks that an owner has imported are a small segment of their own, which only that owner's snapshots include.

``CURRENT.json`` under the root names the published folder of each segment. It is replaced atomically, so if a build is
killed, the previous segment is still served.
"""

import hashlib
import json
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import numpy as np

from store.catalogue.matching import Match, match
from store.catalogue.search import Hit, QueryBuilder, Ref, search
from store.catalogue.segment import CatalogueError, Segment
from store.domain import Track
from store.gaps import merged
from store.text import normalise

__all__ = ["Catalogue", "CatalogueError", "Hit", "Match", "Ref", "Segment", "Snapshot"]

CURRENT_FILE, SEGMENTS_DIR, OWNERS_DIR = "CURRENT.json", "segments", "owners"
PUBLIC, COLLECTION, OWN = "public", "collection", "own"
# The order in which a track is looked up.
SEGMENT_NAMES = (PUBLIC, COLLECTION, OWN)
# The order in which segments give a track its values; later ones only fill gaps: see store.gaps.
_PRECEDENCE = (OWN, PUBLIC, COLLECTION)
_STAT_SECONDS = 0.5
# How many owners' segments one process keeps open.
_OWNERS_KEPT = 32
# A cache, because one request needs the same artists several times.
_ARTISTS_KEPT = 256
_ARTIST_GENRES = 10
_SETS_KEPT = 4
_log = logging.getLogger(__name__)


class Snapshot:
    """The catalogue as it was at one moment; immutable and safe to use from several threads."""

    def __init__(self, segments: tuple[Segment, ...] = ()) -> None:
        self.segments = segments
        self.generation = "+".join(segment.directory.name for segment in segments) or "empty"
        self._by_name = {segment.name: segment for segment in segments}
        self._artist_genres = lru_cache(_ARTISTS_KEPT)(self._count_artist_genres)
        self.known_ids = lru_cache(_SETS_KEPT)(self._find_known)

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def segment(self, name: str) -> Segment:
        """Return the segment called ``name``; KeyError when this snapshot has none."""
        return self._by_name[name]

    def ref(self, position: int) -> Ref:
        """Return the ref of the track at ``position``, 0 to ``len(self) - 1``, counted through all segments."""
        for segment in self.segments:
            if 0 <= position < segment.count:
                return Ref(segment.name, position)
            position -= segment.count
        raise IndexError("position beyond the last track")

    def find(self, track_id: str) -> Ref | None:
        """Return the ref of the track with this id in the first segment that has it, or None."""
        for segment in self.segments:
            row = segment.find(track_id)
            if row is not None:
                return Ref(segment.name, row)
        return None

    def _find_known(self, ids: frozenset[str]) -> frozenset[str]:
        """Return those of ``ids`` that a segment has; ``known_ids`` remembers it for a few sets."""
        return frozenset(track_id for track_id in ids if self.find(track_id) is not None)

    def track(self, ref: Ref) -> Track:
        """Return the track at ``ref``, merged from all segments that have its id (see :mod:`store.gaps`)."""
        track = self._by_name[ref.segment].track(ref.row)
        if len(self.segments) == 1:
            return track
        known = {ref.segment: track}
        for segment in self.segments:
            if segment.name != ref.segment and (row := segment.find(track.id)) is not None:
                known[segment.name] = segment.track(row)
        return merged(*(known[name] for name in _PRECEDENCE if name in known))

    def tracks_at(self, positions: np.ndarray) -> list[Track]:
        """Return the tracks at ``positions`` (see :meth:`ref`), ascending; for thousands faster than :meth:`track`."""
        found, start = [], 0
        for segment in self.segments:
            first, end = np.searchsorted(positions, (start, start + segment.count))
            found += self._filled(segment, segment.tracks_at(positions[first:end] - start))
            start += segment.count
        return found

    def _filled(self, segment: Segment, tracks: list[Track]) -> list[Track]:
        """Return the ``tracks`` of one segment, merged with those of the same ids in the others."""
        ids = [track.id for track in tracks]
        known = {
            other.name: {track.id: track for track in other.tracks_at(other.rows_of(ids))}
            for other in self.segments
            if other is not segment
        }
        known[segment.name] = dict(zip(ids, tracks, strict=True))
        in_order = [known[name] for name in _PRECEDENCE if name in known]
        return [merged(*(of_segment[id_] for of_segment in in_order if id_ in of_segment)) for id_ in ids]

    def tracks(self, ids: Collection[str], front: str) -> dict[str, Track]:
        """Return those of ``ids`` that segment ``front`` has, as tracks by id; other segments fill their gaps.

        The result is empty if this snapshot has no segment ``front``.
        """
        if front not in self._by_name:
            return {}
        found = self._by_name[front].tracks(ids)
        for name in _PRECEDENCE:
            if name != front and name in self._by_name:
                others = self._by_name[name].tracks(found)
                found |= {track_id: merged(found[track_id], other) for track_id, other in others.items()}
        return found

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Find tracks for a query that is still being typed: at most ``limit``, best first, one per recording."""
        return search(self.segments, query, limit)

    def match(self, title: str, artist: str | None, duration_ms: int | None = None, limit: int = 5) -> list[Match]:
        """Find the track with these complete names: at most ``limit`` recordings with their confidence, best first."""
        return match(self.segments, title, artist, duration_ms, limit)

    def is_title(self, title: str) -> bool:
        """Return whether ``title``, normalised, is the whole title of a track."""
        return any(QueryBuilder(segment, "name").known(title) for segment in self.segments)

    def is_artist(self, key: str) -> bool:
        """Return whether ``key``, normalised, is the first artist of a track."""
        return any(len(segment.artist_rows(key)) for segment in self.segments)

    def best_known_of(self, artist: str) -> str | None:
        """Return the id of the most popular track whose first artist is ``artist``; None if there is no such track.

        It is that of the first segment that has any: rows stand by popularity.
        """
        key = normalise(artist)
        for segment in self.segments:
            rows = segment.artist_rows(key)[:1]
            if len(rows):
                return segment.track_id(int(rows[0]))
        return None

    def artist_genres(self, artist_key: str) -> tuple[str, ...]:
        """Return the ten genres most often given to this artist or their tracks, most frequent first."""
        return self._artist_genres(normalise(artist_key))[:_ARTIST_GENRES]

    def _count_artist_genres(self, artist_key: str) -> tuple[str, ...]:
        counts: Counter[str] = Counter()
        for segment in self.segments:
            counts += segment.artist_genre_counts(artist_key)
        return tuple(name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


class Catalogue:
    """Keeps the current :class:`Snapshot` of the catalogue under ``root``; a process needs one.

    It looks for a new snapshot at most twice a second, or, with ``always_check``, at every call.
    """

    def __init__(self, root: Path, *, always_check: bool = False) -> None:
        self.root = root
        self._always_check = always_check
        self._owners: OrderedDict[str, tuple[Catalogue, Snapshot]] = OrderedDict()
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._checked = float("-inf")

    def current(self, owner: str | None = None, *, at_once: bool = False) -> Snapshot:
        """Return the newest snapshot: the shared segments and the one of ``owner``; empty if ``root`` is absent.

        With ``at_once`` it looks for a new snapshot in any case.

        Raises
        ------
        CatalogueError
            The published segments cannot be read, and no older snapshot is open.
        """
        with self._lock:
            due = at_once or self._always_check or time.monotonic() - self._checked >= _STAT_SECONDS
            if self._snapshot is None or due:
                self._refresh()
            assert self._snapshot is not None
            return self._snapshot if owner is None else self._with_own(owner, self._snapshot)

    def _with_own(self, owner: str, shared: Snapshot) -> Snapshot:
        """Return ``shared`` with the segment of ``owner`` if there is one. It is checked at every call."""
        root = owner_root(self.root, owner)
        if not (root / CURRENT_FILE).exists():
            self._owners.pop(owner, None)
            return shared
        known = self._owners.pop(owner, None)
        catalogue = known[0] if known else Catalogue(root, always_check=True)
        try:
            segments = (*shared.segments, *catalogue.current().segments)
        except CatalogueError as error:
            _log.error("an owner's own tracks cannot be read: %s %s", error.message, error.hint)
            return shared
        same = known is not None and known[1].segments == segments
        snapshot = known[1] if known is not None and same else Snapshot(segments)
        self._owners[owner] = catalogue, snapshot
        if len(self._owners) > _OWNERS_KEPT:
            self._owners.popitem(last=False)
        return snapshot

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


def owner_root(root: Path, owner: str) -> Path:
    """Return the folder of the tracks of ``owner``; its name is a hash, which does not reveal the owner."""
    return root / OWNERS_DIR / hashlib.sha256(owner.encode()).hexdigest()[:32]


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
    """Open the published segments under ``root``, reusing those of ``before`` that have not changed.

    If a build replaces a folder after its name was read and before it is opened, the new name is read.
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
