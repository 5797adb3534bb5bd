"""One segment of the catalogue: memory-mapped columns of numbers, the tracks' texts and a word index.

A segment is a folder, immutable once it is published::

    format.json     {"format": FORMAT, "count": n, "files": {name: bytes}, "sha256": {name: hex}}: the sizes are checked
                    before the rest is trusted, the checksums by store.catalogue.damage
    <column>.npy    one number (features: thirteen) per track, most popular track first (unknown popularity last)
    tracks.jsonl    the rest of each track, as a JSON array in the order of TRACK_CELLS
    names.txt       normalised bare title and artists of each track, what search compares
    artists.txt     the distinct normalised first artists, sorted
    labels.npz      tracks by label, as compressed sparse rows
    index/          the full-text index (tantivy); its only value is the row number

Only pages of the mapped files that are read take memory, and all worker processes share them. (With everything in one
mapped Arrow file, a web process that had searched a while was 120 MB larger.)
"""

import hashlib
import json
import math
import os
import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import tantivy

from store.catalogue.records import Records, map_array, spans
from store.catalogue.versions import version_of
from store.domain import AUDIO_FEATURES, SHOWN_ONLY, AudioFeatures, Track
from store.errors import TastemapError
from store.text import normalise

# Increase it when the format of the files or the normal form of names (store.text) changes.
FORMAT = 8
# Created in the root of a catalogue when one of its segments returns impossible data (store.catalogue.damage).
SUSPECT_FILE = "SUSPECT"
FORMAT_FILE, TRACKS_FILE, NAMES_FILE, ARTISTS_FILE = "format.json", "tracks.jsonl", "names.txt", "artists.txt"
LABELS_FILE, INDEX_DIR = "labels.npz", "index"
TRACK_CELLS = (
    *("id", "title", "artists", "album", "duration_ms", "isrc", "explicit"),
    *("labels", "artist_genres", "source", "features_source"),
)
# Prefixes of up to this many letters have their own index, because too many words begin with them to look through.
STARTS = 2
NAMES_SEPARATOR = "\x1f"
REBUILD_HINT = "It is built again from the imported tables within some minutes. On the server: python -m etl catalogue"
_OF_SOUND = [at for at, name in enumerate(AUDIO_FEATURES) if name != "duration_ms"]
_LENGTH = AUDIO_FEATURES.index("duration_ms")
# The genres of an artist come from at most this many tracks, the most popular ones.
_ARTIST_GENRE_ROWS = 50
_ARTIST_BLOCK = 64  # keys of artists that are read at once
# Up to this many ids are found one by one: to find them all at once takes as long as to find ten.
_FEW_IDS = 4
# A cache of rows, because one request reads the same rows several times.
_ROWS_KEPT = 64


class CatalogueError(TastemapError):
    """The catalogue on disk cannot be read."""

    code = "catalogue_unreadable"

    def __init__(self, message: str, hint: str = REBUILD_HINT) -> None:
        super().__init__(message, hint)


def id_hash(track_id: str) -> int:
    """Return the unsigned 64-bit hash under which a segment finds ``track_id``."""
    return int.from_bytes(hashlib.blake2b(track_id.encode(), digest_size=8).digest(), "little")


def _as_written(values: np.ndarray) -> list[float]:
    """Return float32 ``values`` as the shortest decimals that denote them: 0.87 and not 0.8700000047683716."""
    written: list[float | None] = orjson.loads(orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY))
    return [math.nan if value is None else value for value in written]


def recording_hash(recording_key: str) -> int:
    """Return the signed 64-bit hash of a :func:`store.text.recording_key`, as in ``Segment.recording_code``."""
    return int.from_bytes(hashlib.blake2b(recording_key.encode(), digest_size=8).digest(), "little", signed=True)


def composition_hash(track: Track) -> int:
    """Return the hash of the composition and the first artist of a track, as in ``Segment.composition_code``."""
    composition = version_of(track.title, track.artists).composition
    return recording_hash(f"{composition}\x1f{normalise(track.first_artist)}")


# Where links are made while the data folder, and the folder for temporary files in it, cannot be written.
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a folder of our own in it


def _open_index(folder: Path) -> tantivy.Index:
    """Open an index for reading, and let it map its files.

    tantivy takes a lock for that, which is a file beside the others. On a disk that has become read-only it is taken
    beside links to them.
    """
    try:
        return _mapped(folder)
    except ValueError as error:
        if "Lockfile" not in str(error):
            raise
    # A thread of tantivy's may take the lock once more while the folder is removed.
    place = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as links:
        for file in folder.resolve().iterdir():
            if file.suffix != ".lock":
                (Path(links) / file.name).symlink_to(file)
        return _mapped(Path(links))


def _mapped(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    index.searcher()
    return index


class Segment:
    """A read-only segment; safe to use from several threads.

    Attributes
    ----------
    name : str
        ``"public"``, ``"collection"`` or ``"own"``.
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
    artist_keys : Sequence of str
        Distinct normalised names of first artists, sorted by code point.
    recording_code : np.ndarray
        (n,) int64 hash of :func:`store.text.recording_key`; equal = the same recording.
    composition_code : np.ndarray
        (n,) int64 :func:`composition_hash`; equal = one artist's versions of one composition.
    kinds : np.ndarray
        (n,) uint16 the kinds of version that a track is, as :func:`store.catalogue.versions.kind_bits`; 0 = original.
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
            index = _open_index(directory / INDEX_DIR)
            self.schema, self.searcher = index.schema, index.searcher()
            self._tracks = Records(directory / TRACKS_FILE)
            self._names = Records(directory / NAMES_FILE)
            self.artist_keys = Records(directory / ARTISTS_FILE)
            self.features = self._column("features")
            self._features_file = os.open(directory / "features.npy", os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._features_file)
            self._features_at = os.fstat(self._features_file).st_size - self.features.nbytes
            self.popularity = self._column("popularity")
            self.year = self._column("year")
            self.artist_code = self._column("artist_code")
            self.recording_code = self._column("recording_code")
            self.composition_code, self.kinds = self._column("composition_code"), self._column("kinds")
            self._id_hash, self._id_row = self._column("id_hash"), self._column("id_row")
            self._artist_rows, self._artist_start = self._column("artist_rows"), self._column("artist_start")
        except (OSError, ValueError, EOFError) as error:
            raise CatalogueError(f"The catalogue segment {directory.name} cannot be read: {error}") from error
        self._kept: dict[int, list[Any]] = {}
        if not len(self._tracks) == len(self.features) == self.searcher.num_docs == self.count:
            raise CatalogueError(f"The catalogue segment {directory.name} disagrees with its own index.")

    def _column(self, name: str) -> np.ndarray:
        return map_array(self.directory / f"{name}.npy")

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
        return str(self._cells_of(row)[0])

    def _cells(self, row: int) -> dict[str, Any]:
        return dict(zip(TRACK_CELLS, self._cells_of(row), strict=True))

    def _cells_of(self, row: int) -> list[Any]:
        """Return the cells of a row, from a small cache or from the file."""
        if (cells := self._kept.get(row)) is None:
            try:
                text = self._tracks[row]
            except ValueError as error:
                raise self.damaged(error) from error
            cells = self._parsed(text)
            if len(self._kept) >= _ROWS_KEPT:
                self._kept.clear()
            self._kept[row] = cells
        return cells

    def _parsed(self, text: str | bytes) -> list[Any]:
        try:
            cells = orjson.loads(text)
        except ValueError as error:
            raise self.damaged(error) from error
        if not isinstance(cells, list) or len(cells) != len(TRACK_CELLS):
            raise self.damaged(ValueError("a row is no track"))
        return cells

    def damaged(self, error: Exception) -> CatalogueError:
        """Return the error for files that have changed since they were written, and request a check of them."""
        with suppress(OSError):
            (self.directory.parents[1] / SUSPECT_FILE).touch()
        return CatalogueError(
            f"The catalogue segment {self.directory.name} is damaged: {error}",
            "It is checked and built again within some minutes. On the server: python -m etl catalogue",
        )

    def track(self, row: int) -> Track:
        """Return the track in ``row`` as the domain type; IndexError when there is no such row."""
        return self._track(self._cells(row), self._features_of(row), float(self.popularity[row]), int(self.year[row]))

    def tracks(self, ids: Collection[str]) -> dict[str, Track]:
        """Return the tracks of ``ids`` that this segment has, by id; for thousands five times faster than one by one.

        Tracks are left out if their audio features may only be shown, not used; the database holds those.
        """
        wanted, found = set(ids), {}
        for cells, others in self._read(self._rows_by_hash(ids)):
            if cells["id"] in wanted and cells["features_source"] not in SHOWN_ONLY:
                found[cells["id"]] = self._track(cells, *others)
        return found

    def tracks_at(self, rows: np.ndarray) -> list[Track]:
        """Return the tracks in ``rows`` (ascending); for thousands it is faster than one by one."""
        return [self._track(cells, *others) for cells, others in self._read(rows)]

    def rows_of(self, ids: Collection[str]) -> np.ndarray:
        """Return the rows, ascending, of those of ``ids`` that this segment has."""
        if len(ids) <= _FEW_IDS:
            return np.array(sorted({row for row in map(self.find, ids) if row is not None}), self._id_row.dtype)
        rows, wanted = self._rows_by_hash(ids), set(ids)
        return np.asarray(rows[[self._parsed(text)[0] in wanted for text in self._tracks.many(rows)]])

    def _rows_by_hash(self, ids: Collection[str]) -> np.ndarray:
        """Return the rows, ascending, whose ids have the hashes of ``ids``; these may include other ids."""
        hashes = np.array([id_hash(track_id) for track_id in ids], np.uint64)
        first, end = (np.searchsorted(self._id_hash, hashes, side) for side in ("left", "right"))
        return np.unique(self._id_row[spans(first, end - first)])

    def _read(self, rows: np.ndarray) -> Iterator[tuple[dict[str, Any], tuple[np.ndarray, float, int]]]:
        """Yield the cells, and the features, the popularity and the year, of each of ``rows`` (ascending)."""
        numbers = zip(self.features[rows], self.popularity[rows].tolist(), self.year[rows].tolist(), strict=True)
        for text, others in zip(self._tracks.many(rows), numbers, strict=True):
            yield dict(zip(TRACK_CELLS, self._parsed(text), strict=True)), others

    def _track(self, cells: dict[str, Any], features: np.ndarray, popularity: float, year: int) -> Track:
        source = cells.pop("features_source") or cells["source"]
        values = zip(AUDIO_FEATURES, _as_written(features), strict=True)
        known = {name: value for name, value in values if value == value}
        for name in ("artists", "labels", "artist_genres"):
            cells[name] = tuple(cells[name])
        return Track(
            **cells,
            year=year or None,
            popularity=None if popularity != popularity else popularity,
            features=AudioFeatures(values=known, source=source) if known.keys() - {"duration_ms"} else None,
        )

    def _features_of(self, row: int) -> np.ndarray:
        """Read the (13,) features of one track with ``pread``: pages of the mapping would stay in memory."""
        size = self.features.itemsize * len(AUDIO_FEATURES)
        return np.frombuffer(os.pread(self._features_file, size, self._features_at + size * row), self.features.dtype)

    @property
    def lengths_s(self) -> np.ndarray:
        """The lengths of the tracks in seconds, (n,) float32, from their features; NaN = unknown."""
        return np.asarray(self.features[:, _LENGTH] / 1000)

    def album(self, row: int) -> str | None:
        """Return the album of the track in ``row``, None if it is unknown."""
        album: str | None = self._cells(row)["album"]
        return album

    def genres(self, row: int) -> list[str]:
        """Return the labels of the track in ``row`` and the genres of its artists, as they were given."""
        cells = self._cells(row)
        return [*cells["labels"], *cells["artist_genres"]]

    def each_genres(self) -> Iterator[tuple[list[str], list[str]]]:
        """Yield the labels of each track and the genres of its artists; reads every row."""
        labels, artist_genres = TRACK_CELLS.index("labels"), TRACK_CELLS.index("artist_genres")
        try:
            for cells in map(orjson.loads, self._tracks):
                yield cells[labels], cells[artist_genres]
        except (ValueError, TypeError, IndexError) as error:
            raise self.damaged(error) from error

    def has_features(self, row: int) -> bool:
        """Return whether the track in ``row`` has any audio feature other than its length."""
        return not np.isnan(self._features_of(row)[_OF_SOUND]).all()

    def with_features(self) -> np.ndarray:
        """Return for every row whether it :meth:`has_features`."""
        return ~np.isnan(self.features[:, _OF_SOUND]).all(axis=1)

    @cached_property
    def feature_sources(self) -> Counter[str]:
        """The number of tracks with audio features, by the source of the features; reads every row once."""
        features_from, brought = TRACK_CELLS.index("features_source"), TRACK_CELLS.index("source")
        counts: Counter[str] = Counter()
        try:
            for line in compress(self._tracks, self.with_features()):
                cells = orjson.loads(line)
                counts[cells[features_from] or cells[brought]] += 1
        except (ValueError, TypeError, IndexError) as error:
            raise self.damaged(error) from error
        return counts

    def names(self, row: int) -> tuple[str, str]:
        """Return the normalised title, without guests and edition marks, and the normalised artists of ``row``."""
        try:
            title, _, artists = self._names[row].partition(NAMES_SEPARATOR)
        except ValueError as error:
            raise self.damaged(error) from error
        return title, artists

    @cached_property
    def _labels(self) -> tuple[list[str], np.ndarray, np.ndarray]:
        with np.load(self.directory / LABELS_FILE, allow_pickle=False) as stored:
            return [str(name) for name in stored["names"]], stored["start"], stored["rows"]

    def rows_with_label(self, label: str) -> np.ndarray:
        """Return the int32 rows, ascending, of the tracks that carry ``label``; empty when none does."""
        names, start, rows = self._labels
        at = bisect_left(names, label)
        if at == len(names) or names[at] != label:
            return np.empty(0, np.int32)
        return rows[start[at] : start[at + 1]]

    def labelled(self) -> tuple[list[str], np.ndarray]:
        """Return all labels, and the int32 rows, ascending, of the tracks with at least one."""
        names, _, rows = self._labels
        return names, np.unique(rows)

    def artist_rows(self, artist_key: str) -> np.ndarray:
        """Return the int32 rows, ascending, whose first artist is ``artist_key`` (normalised)."""
        wanted = artist_key.encode("utf-8", "surrogatepass")
        # One block of keys is read at once: a search through the file would read from it sixteen times.
        begin = (bisect_right(self._artist_guide, wanted) - 1) * _ARTIST_BLOCK
        if begin < 0:
            return np.empty(0, np.int32)
        keys = list(self.artist_keys.many(np.arange(begin, min(begin + _ARTIST_BLOCK, len(self.artist_keys)))))
        code = bisect_left(keys, wanted)
        if code == len(keys) or keys[code] != wanted:
            return np.empty(0, np.int32)
        return self.rows_of_artists(np.array([begin + code]))

    @cached_property
    def _artist_guide(self) -> list[bytes]:
        """The first key of each block of ``artist_keys``, as UTF-8, whose order is that of the code points."""
        return list(self.artist_keys.many(np.arange(0, len(self.artist_keys), _ARTIST_BLOCK)))

    def rows_of_artists(self, codes: np.ndarray) -> np.ndarray:
        """Return the int32 rows whose first artist is one of ``codes`` (``artist_code``)."""
        start = self._artist_start[codes]
        return np.asarray(self._artist_rows[spans(start, self._artist_end[codes] - start)])

    @cached_property
    def _artist_end(self) -> np.ndarray:
        return np.append(self._artist_start[1:], self._artist_start.dtype.type(self.count))

    def most_of_artists(self, column: np.ndarray) -> np.ndarray:
        """Return the largest value of ``column`` (n,) among the tracks of each artist, in the order of their codes."""
        return np.asarray(np.maximum.reduceat(column[self._artist_rows], self._artist_start))

    def artist_genre_counts(self, artist_key: str) -> Counter[str]:
        """Count the microgenres and labels of the artist's most popular tracks."""
        counts: Counter[str] = Counter()
        labels, artist_genres = TRACK_CELLS.index("labels"), TRACK_CELLS.index("artist_genres")
        for cells in map(self._parsed, self._tracks.many(self.artist_rows(artist_key)[:_ARTIST_GENRE_ROWS])):
            for name in dict.fromkeys(cells[artist_genres] + cells[labels]):
                counts[name] += 1
        return counts


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
