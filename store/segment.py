"""One segment of the catalogue: memory-mapped columns of tracks, an artist directory and a word index.

A segment is a folder, immutable once it is published::

    format.json     {"format": 1, "count": n, "files": {name: bytes}}: what the reader checks before it trusts the rest
    tracks.arrow    one row per track, most popular first (unknown popularity last); uncompressed Arrow IPC, one batch
    artists.arrow   one row per distinct normalised first artist, sorted by it
    labels.npz      tracks by label, as compressed sparse rows
    index/          the full-text index (tantivy); its only value is the row number

Only the touched pages of the mapped files become resident, and all worker processes share them.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections import Counter
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import tantivy

from store.domain import AUDIO_FEATURES, AudioFeatures, Track

FORMAT = 1
FORMAT_FILE, TRACKS_FILE, ARTISTS_FILE, LABELS_FILE, INDEX_DIR = (
    "format.json",
    "tracks.arrow",
    "artists.arrow",
    "labels.npz",
    "index",
)
REBUILD_HINT = "Run `python -m etl catalogue` to build the catalogue again from the imported tables."
# Of an artist with very many tracks the popular ones say what the artist is known for.
_ARTIST_GENRE_ROWS = 300


class CatalogueError(Exception):
    """The catalogue on disk cannot be read; ``message`` says why and ``hint`` the way out."""

    def __init__(self, message: str, hint: str = REBUILD_HINT) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def id_hash(track_id: str) -> int:
    """Return the unsigned 64-bit hash under which a segment finds ``track_id``."""
    return int.from_bytes(hashlib.blake2b(track_id.encode(), digest_size=8).digest(), "little")


def recording_hash(recording_key: str) -> int:
    """Return the signed 64-bit hash of a :func:`store.text.recording_key`, as in ``Segment.recording_code``."""
    return int.from_bytes(hashlib.blake2b(recording_key.encode(), digest_size=8).digest(), "little", signed=True)


class Segment:
    """A read-only segment; safe to use from several threads.

    Attributes
    ----------
    name : str
        ``"public"`` or ``"collection"``.
    count : int
        Number of tracks, n. Row 0 is the most popular one.
    features : np.ndarray
        (n, 13) float32 view of the mapped file in the order of :data:`store.domain.AUDIO_FEATURES` and in
        Spotify's units; NaN = unknown.
    popularity : np.ndarray
        (n,) float32, 0 to 100, NaN = unknown.
    year : np.ndarray
        (n,) int16 year of release, 0 = unknown.
    artist_code : np.ndarray
        (n,) int32 index of the first artist in ``artist_keys``.
    artist_keys : pa.StringArray
        Distinct normalised names of first artists, sorted by code point.
    recording_code : np.ndarray
        (n,) int64 hash of :func:`store.text.recording_key`; equal = the same recording.
    """

    def __init__(self, directory: Path) -> None:
        """Map the segment in ``directory``.

        Raises
        ------
        CatalogueError
            When a file is missing, truncated, damaged or of another format version.
        """
        self.directory = directory
        self.name = directory.name.partition("-")[0]
        self.count = _checked_count(directory)
        try:
            self._tracks = _map_batch(directory / TRACKS_FILE)
            artists = _map_batch(directory / ARTISTS_FILE)
            index = tantivy.Index.open(str(directory / INDEX_DIR))
        except (pa.ArrowInvalid, OSError, ValueError) as error:
            raise CatalogueError(f"The catalogue segment {directory.name} cannot be read: {error}") from error
        self.schema = index.schema
        self.searcher = index.searcher()
        if not self._tracks.num_rows == self.searcher.num_docs == self.count:
            raise CatalogueError(f"The catalogue segment {directory.name} disagrees with its own index.")
        column = self._tracks.column
        self.features: np.ndarray = _values(column("features").flatten()).reshape(-1, len(AUDIO_FEATURES))
        self.popularity: np.ndarray = _values(column("popularity"))
        self.year: np.ndarray = _values(column("year"))
        self.artist_code: np.ndarray = _values(column("artist_code"))
        self.recording_code: np.ndarray = _values(column("recording_code"))
        self.artist_keys: pa.StringArray = artists.column("key")
        self._id_hash = _values(column("id_hash"))
        self._id_row = _values(column("id_row"))
        self._artist_rows = _values(column("artist_rows"))
        self._artist_start = _values(artists.column("start"))

    def __len__(self) -> int:
        return self.count

    def find(self, track_id: str) -> int | None:
        """Return the row of ``track_id``, or None."""
        wanted = np.uint64(id_hash(track_id))
        first = int(np.searchsorted(self._id_hash, wanted))
        for at in range(first, self.count):
            if self._id_hash[at] != wanted:
                break
            row = int(self._id_row[at])
            if self.track_id(row) == track_id:
                return row
        return None

    def track_id(self, row: int) -> str:
        """Return the id of the track in ``row``."""
        return str(self._tracks.column("id")[row].as_py())

    def track(self, row: int) -> Track:
        """Return the track in ``row`` as the domain type; IndexError when there is no such row."""
        if not 0 <= row < self.count:
            raise IndexError(f"row {row} of {self.count}")
        cell = {name: self._tracks.column(name)[row].as_py() for name in _TRACK_COLUMNS}
        popularity, year = float(self.popularity[row]), int(self.year[row])
        return Track(
            id=cell["id"],
            title=cell["title"],
            artists=tuple(cell["artists"]),
            album=cell["album"],
            year=year or None,
            duration_ms=cell["duration_ms"],
            isrc=cell["isrc"],
            popularity=None if np.isnan(popularity) else popularity,
            explicit=cell["explicit"],
            labels=tuple(cell["labels"]),
            artist_genres=tuple(cell["artist_genres"]),
            features=self._features_of(row, cell["features_source"] or cell["source"]),
            source=cell["source"],
        )

    def _features_of(self, row: int, source: str) -> AudioFeatures | None:
        known = {
            name: float(value)
            for name, value in zip(AUDIO_FEATURES, self.features[row], strict=True)
            if not np.isnan(value)
        }
        return AudioFeatures(values=known, source=source) if known else None

    def names(self, rows: list[int]) -> list[tuple[str, str, str]]:
        """Return (normalised full title, normalised plain title, normalised artists) of ``rows``."""
        at = pa.array(rows, pa.int32())
        columns = [self._tracks.column(name).take(at).to_pylist() for name in _NAME_COLUMNS]
        return list(zip(*columns, strict=True))

    @cached_property
    def _labels(self) -> tuple[list[str], np.ndarray, np.ndarray]:
        with np.load(self.directory / LABELS_FILE, allow_pickle=False) as stored:
            return [str(name) for name in stored["names"]], stored["start"], stored["rows"]

    def label_names(self) -> list[str]:
        """Return every label some track of the segment carries, sorted."""
        return self._labels[0]

    def rows_with_label(self, label: str) -> np.ndarray:
        """Return the int32 rows, ascending, of the tracks that carry ``label``; empty when none does."""
        names, start, rows = self._labels
        at = bisect_left(names, label)
        if at == len(names) or names[at] != label:
            return np.empty(0, np.int32)
        return rows[start[at] : start[at + 1]]

    def artist_index(self, artist_key: str) -> int | None:
        """Return the code of the normalised artist name ``artist_key``, or None."""
        low, high = 0, len(self.artist_keys)
        while low < high:
            middle = (low + high) // 2
            if self.artist_keys[middle].as_py() < artist_key:
                low = middle + 1
            else:
                high = middle
        found = low < len(self.artist_keys) and self.artist_keys[low].as_py() == artist_key
        return low if found else None

    def artist_rows(self, artist_key: str) -> np.ndarray:
        """Return the int32 rows, ascending, whose first artist is ``artist_key`` (normalised)."""
        code = self.artist_index(artist_key)
        if code is None:
            return np.empty(0, np.int32)
        end = self._artist_start[code + 1] if code + 1 < len(self._artist_start) else self.count
        return self._artist_rows[self._artist_start[code] : end]

    def artist_genre_counts(self, artist_key: str) -> Counter[str]:
        """Count the microgenres and labels of the artist's most popular tracks."""
        counts: Counter[str] = Counter()
        rows = self.artist_rows(artist_key)[:_ARTIST_GENRE_ROWS].tolist()
        for name in ("artist_genres", "labels"):
            column = self._tracks.column(name)
            for row in rows:
                counts.update(column[row].as_py())
        return counts


_TRACK_COLUMNS = (
    "id",
    "title",
    "artists",
    "album",
    "duration_ms",
    "isrc",
    "explicit",
    "labels",
    "artist_genres",
    "features_source",
    "source",
)
_NAME_COLUMNS = ("title_key", "plain_key", "artist_key")


def _values(array: pa.Array) -> np.ndarray:
    return array.to_numpy(zero_copy_only=True)


def _map_batch(path: Path) -> pa.RecordBatch:
    """Map the single record batch of an uncompressed Arrow file; nothing is read until it is touched."""
    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    if reader.num_record_batches != 1:
        raise pa.ArrowInvalid(f"{path.name} has {reader.num_record_batches} record batches instead of one")
    return reader.get_batch(0)


def _checked_count(directory: Path) -> int:
    """Return the number of tracks after checking version and file sizes, before any of them is mapped."""
    try:
        described = json.loads((directory / FORMAT_FILE).read_text("utf-8"))
        version, count, files = described["format"], described["count"], described["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"The catalogue segment {directory.name} is missing or incomplete: {error}") from error
    if version != FORMAT:
        raise CatalogueError(
            f"The catalogue segment {directory.name} has format {version}; this version reads {FORMAT}."
        )
    for name, size in files.items():
        path = directory / name
        if not path.is_file() or path.stat().st_size != size:
            raise CatalogueError(f"The catalogue segment {directory.name} is damaged: {name} is missing or truncated.")
    return int(count)
