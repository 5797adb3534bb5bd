"""The genres of every track of the catalogue, to leave families of them out of a list."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding
from ml.taxonomy.model import Taxonomy
from store.catalogue.segment import Segment


@dataclass(frozen=True)
class _Genres:
    """The distinct lists of genres in a segment, with their families as bits, and the list (n,) of each track."""

    directory: Path
    lists: list[tuple[str, ...]]
    bits: npt.NDArray[np.uint32]
    of_track: npt.NDArray[np.int32]


class GenresOfSegments:
    """Looks up which tracks have which genres; each segment is read once, two seconds for 200,000 tracks.

    The genres of a track are its labels; without labels those of its artists, and without these what playlists tell of
    its first artist.
    """

    def __init__(self, taxonomy: Taxonomy, artists: ArtistEmbedding) -> None:
        self._taxonomy, self._artists = taxonomy, artists
        self._known: dict[str, _Genres] = {}
        self._lock = Lock()

    def outside(self, segment: Segment, families: Collection[str]) -> npt.NDArray[np.bool_]:
        """Return (n,) which tracks are in none of ``families``, those of which nothing is known among them."""
        known = self._genres(segment)
        return np.asarray(((known.bits & self._bits_of(families)) == 0)[known.of_track])

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
        told = [self._artists.genres(number)[:2] if number >= 0 else () for number in numbers.tolist()]
        places: dict[tuple[str, ...], int] = {}
        of_track = np.empty(len(segment), np.int32)
        for row, (labels, artist_genres) in enumerate(segment.each_genres()):
            genres = tuple(labels or artist_genres or told[segment.artist_code[row]])
            of_track[row] = places.setdefault(genres, len(places))
        bits = np.array([self._bits_of(self._families_of(genres)) for genres in places], np.uint32)
        return _Genres(segment.directory, list(places), bits, of_track)

    def _families_of(self, genres: Collection[str]) -> set[str]:
        return {family for genre in genres if (family := self._taxonomy.family_of(genre))}
