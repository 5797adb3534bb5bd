"""The genres of every track of the catalogue, to leave families out of a list, or to find tracks of a named genre."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding
from ml.taxonomy.model import Taxonomy
from store.catalogue.segment import Segment
from store.text import normalise

# Score of a track for being in the named genre's family; being of the genre itself adds 1.
_FAMILY = 0.3


@dataclass(frozen=True)
class _Genres:
    """The distinct sets of genres in a segment (normalised), their families as bits, and the set (n,) of each track."""

    directory: Path
    names: list[frozenset[str]]
    bits: npt.NDArray[np.uint32]
    of_track: npt.NDArray[np.int32]


class GenresOfSegments:
    """Finds tracks by genre; each segment is read once, which takes two seconds for 200,000 tracks.

    The genres of a track are its labels; without labels those of its artists, and without these those that the artist
    embedding has for its first artist. If ``labels`` are given, all other labels are ignored.
    """

    def __init__(self, taxonomy: Taxonomy, artists: ArtistEmbedding, labels: Collection[str] | None = None) -> None:
        self._taxonomy, self._artists, self._labels = taxonomy, artists, labels
        self._known: dict[str, _Genres] = {}
        self._lock = Lock()

    def outside(self, segment: Segment, families: Collection[str]) -> npt.NDArray[np.bool_]:
        """Return the (n,) mask of the tracks that are in none of ``families``; tracks without genres are in it."""
        known = self._genres(segment)
        return np.asarray(((known.bits & self._bits_of(families)) == 0)[known.of_track])

    def named(self, segment: Segment, genre: str) -> npt.NDArray[np.float32] | None:
        """Return (n,) how well each track matches ``genre`` (normalised), 0 to 1.3; None if no track is of it.

        Here the genres of a track's artists count in addition to its labels.
        """
        known = self._genres(segment)
        has = np.array([genre in names for names in known.names], np.float32)
        if not has.any():
            return None
        family = self._taxonomy.family_of(genre)
        in_family = (known.bits & self._bits_of({family} if family else ())) != 0
        return np.asarray((has + np.float32(_FAMILY) * in_family)[known.of_track])

    def _bits_of(self, families: Collection[str]) -> np.uint32:
        return np.uint32(sum(1 << at for at, family in enumerate(self._taxonomy.families) if family in families))

    def _genres(self, segment: Segment) -> _Genres:
        with self._lock:
            known = self._known.get(segment.name)
            if known is None or known.directory != segment.directory:
                known = self._known[segment.name] = self._read(segment)
            return known

    def _read(self, segment: Segment) -> _Genres:
        numbers = self._artists.keys.match_sorted(segment.artist_keys)
        of_artist = [self._artists.genres(number)[:2] if number >= 0 else () for number in numbers.tolist()]
        places: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
        of_track = np.empty(len(segment), np.int32)
        for row, (given, artist_genres) in enumerate(segment.each_genres()):
            labels = given if self._labels is None else [label for label in given if label in self._labels]
            genres = tuple(labels), tuple(artist_genres or of_artist[segment.artist_code[row]])
            of_track[row] = places.setdefault(genres, len(places))
        bits = np.array([self._bits_of(self._families_of(labels or rest)) for labels, rest in places], np.uint32)
        names = [frozenset(map(normalise, (*labels, *rest))) for labels, rest in places]
        return _Genres(segment.directory, names, bits, of_track)

    def _families_of(self, genres: Collection[str]) -> set[str]:
        return {family for genre in genres if (family := self._taxonomy.family_of(genre))}
