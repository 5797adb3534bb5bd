"""The families of genres of every track of the catalogue, to leave some of them out of a list."""

from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding
from ml.taxonomy.model import Taxonomy
from store.catalogue.segment import Segment


class FamiliesOfSegments:
    """Looks up which tracks are in which families; each segment is read once, two seconds for 200,000 tracks."""

    def __init__(self, taxonomy: Taxonomy, artists: ArtistEmbedding) -> None:
        self._taxonomy, self._artists = taxonomy, artists
        self._known: dict[str, tuple[Path, npt.NDArray[np.uint32]]] = {}
        self._lock = Lock()

    def outside(self, segment: Segment, families: Collection[str]) -> npt.NDArray[np.bool_]:
        """Return (n,) which tracks are in none of ``families``.

        A track is in each family that one of its labels names; without labels the genres of its artists count, and
        without these what playlists tell of its first artist. One of which nothing is known is in none.
        """
        return (self._bits(segment) & self._bits_of(families)) == 0

    def _bits_of(self, families: Collection[str]) -> np.uint32:
        return np.uint32(sum(1 << at for at, family in enumerate(self._taxonomy.families) if family in families))

    def _bits(self, segment: Segment) -> npt.NDArray[np.uint32]:
        with self._lock:
            known = self._known.get(segment.name)
            if known is None or known[0] != segment.directory:
                known = self._known[segment.name] = segment.directory, self._read(segment)
            return known[1]

    def _read(self, segment: Segment) -> npt.NDArray[np.uint32]:
        numbers = self._artists.keys.match_sorted(segment.artist_keys)
        told = [self._artists.genres(number)[:2] if number >= 0 else () for number in numbers.tolist()]
        found: dict[tuple[str, ...], np.uint32] = {}
        bits = np.zeros(len(segment), np.uint32)
        for row, (labels, artist_genres) in enumerate(segment.each_genres()):
            genres = tuple(labels or artist_genres or told[segment.artist_code[row]])
            if genres not in found:
                found[genres] = self._bits_of_genres(genres)
            bits[row] = found[genres]
        return bits

    def _bits_of_genres(self, genres: Sequence[str]) -> np.uint32:
        return self._bits_of({family for genre in genres if (family := self._taxonomy.family_of(genre))})
