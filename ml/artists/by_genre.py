"""Which artists share genres, and where the embedding places well-known artists whose genres are known by hand only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artists.well_known import listed
from ml.taxonomy.model import genre_name
from ml.vectors import unit
from store.catalogue.records import spans

Floats32 = npt.NDArray[np.float32]
# How many of the artists of a genre, the best known ones, stand for it.
_TYPICAL = 50
_SAY_LITTLE = frozenset({"world", "world music"})


class SharedGenres:
    """The genres of each artist, and the artists of each genre; those of well-known artists are the list's.

    Parameters
    ----------
    codes : np.ndarray
        (n, k) the columns of each artist's genres, most frequent first, -1 for none.
    names : sequence of str
        The genres by column.
    find : callable
        Returns the artist of a normalised name, or None.
    """

    def __init__(self, codes: npt.NDArray[Any], names: Sequence[str], find: Callable[[str], int | None]) -> None:
        self.codes = np.array(codes, np.int32)
        self._columns = {name: column for column, name in enumerate(names)}
        by_hand = []
        for artist, genres in listed().items():
            row = find(artist)
            known = self.columns_of(genres)[: codes.shape[1]].tolist()
            if row is not None and known:
                if self.codes[row][0] not in known:
                    by_hand.append(row)
                self.codes[row] = [*known, *[-1] * (codes.shape[1] - len(known))]
        # Artists whose first genre in the embedding is not on the list: one "spanish" track files Khaled there, and
        # "singer-songwriter" Víctor Jara.
        self.by_hand = np.array(sorted(by_hand), np.intp)
        at, column = np.nonzero(self.codes >= 0)
        genre = self.codes[at, column]
        order = np.argsort(genre, kind="stable")
        self._artists = at[order].astype(np.int32)
        self._start = np.searchsorted(genre[order], np.arange(len(names) + 1))
        known_artists = max(len(np.unique(at)), 1)
        self._rarity = np.log1p(known_artists / np.maximum(np.diff(self._start), 1)).astype(np.float32)
        squares = np.where(self.codes >= 0, np.square(self._rarity[self.codes]), 0.0).sum(axis=1)
        self._per_length = (1.0 / np.sqrt(np.maximum(squares, 1e-6))).astype(np.float32)

    def of(self, artist: int) -> tuple[npt.NDArray[np.intp], Floats32]:
        """Return the artists that share genres with ``artist``, ascending, and how alike their genres are, 0 to 1.

        It is the cosine of the genres, of which a rare one counts more: log(1 + artists / artists of the genre).
        """
        return self.of_genres(self.genres_of(artist))

    def of_genres(self, genres: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.intp], Floats32]:
        """Return what :meth:`of` does for an artist with the columns ``genres``."""
        counts = self._start[genres + 1] - self._start[genres]
        holders = self._artists[spans(self._start[genres], counts)]
        artists, which = np.unique(holders, return_inverse=True)
        shared = np.bincount(which, np.repeat(np.square(self._rarity[genres]), counts), len(artists))
        length = np.sqrt(np.square(self._rarity[genres]).sum())
        return artists.astype(np.intp), (shared * self._per_length[artists] / max(length, 1e-3)).astype(np.float32)

    def columns_of(self, names: Iterable[str]) -> npt.NDArray[np.int32]:
        """Return the columns of the genres called ``names``, without those that no artist here has.

        "World" counts only where nothing else is named: the tables file worship under it.
        """
        known = [name for name in map(genre_name, names) if name in self._columns]
        telling = [name for name in known if name not in _SAY_LITTLE] or known
        return np.array([self._columns[name] for name in telling], np.int32)

    def genres_of(self, artist: int) -> npt.NDArray[np.int32]:
        """Return the columns of the genres of ``artist``, most important first."""
        codes = self.codes[artist]
        return codes[codes >= 0]

    def typical(self, genre: int) -> npt.NDArray[np.int32]:
        """Return the best known artists of a genre, without those known by hand only."""
        holders = self._artists[self._start[genre] : self._start[genre + 1]]
        return holders[~np.isin(holders, self.by_hand)][:_TYPICAL]


class GenreCentres:
    """Where the artists of a genre are: the mean of their directions and of their shares in families and regions.

    ``units`` returns the (k, d) unit vectors of artists; ``kinship`` (n, families + regions) is the embedding's.
    """

    def __init__(
        self, shared: SharedGenres, units: Callable[[npt.NDArray[Any]], Floats32], kinship: npt.NDArray[np.uint8]
    ) -> None:
        self._shared, self._units, self._kinship = shared, units, kinship
        self._centre = cache(self._find_centre)

    def between(self, genres: npt.NDArray[np.int32]) -> tuple[Floats32, Floats32] | None:
        """Return the direction (d,) and the shares amid ``genres``; None where no artist has any of them."""
        centres = [found for genre in genres.tolist() if (found := self._centre(genre)) is not None]
        if not centres:
            return None
        towards = unit(np.mean([direction for direction, _ in centres], axis=0))
        return towards, np.mean([shares for _, shares in centres], axis=0)

    def _find_centre(self, genre: int) -> tuple[Floats32, Floats32] | None:
        artists = self._shared.typical(genre)
        if not len(artists):
            return None
        shares = np.square(self._kinship[artists] / np.float32(255)).mean(axis=0)
        return unit(self._units(artists).mean(axis=0)), shares


@dataclass(frozen=True, slots=True)
class Placed:
    """Vectors (k, d) and kinship (k, families + regions) of the artists ``rows`` (k,), ascending."""

    rows: npt.NDArray[np.intp]
    units: Floats32
    kinship: npt.NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        shared: SharedGenres,
        centres: GenreCentres,
        units: Callable[[npt.NDArray[Any]], Floats32],
        kinship: npt.NDArray[np.uint8],
        prior: npt.NDArray[Any],
        families: int,
    ) -> Placed:
        """Place the artists whose genres are known by hand only among the artists of these genres.

        The less an artist is known to the embedding, the more the artists of the genres count for the vector. The
        shares in the ``families``, the first columns of ``kinship``, are those of the genres.
        """
        rows, vectors, kin = [], [], []
        for row in shared.by_hand.tolist():
            between = centres.between(shared.genres_of(row))
            if between is None:
                continue
            towards, shares = between
            own, known = units(np.array([row]))[0], float(prior[row])
            of_row = kinship[row].copy()
            of_row[:families] = as_kinship(shares[:families])
            rows.append(row)
            vectors.append(unit(known * own + (1.0 - known) * towards))
            kin.append(of_row)
        dimensions = units(np.array([], np.intp)).shape[1]
        return cls(
            np.array(rows, np.intp),
            np.array(vectors, np.float32).reshape(-1, dimensions),
            np.array(kin, np.uint8).reshape(-1, kinship.shape[1]),
        )

    def has_any(self, *artists: int) -> bool:
        """Return whether one of ``artists`` is placed."""
        return bool(np.isin(artists, self.rows).any())

    def put(self, rows: npt.NDArray[Any], into: npt.NDArray[Any], values: npt.NDArray[Any]) -> None:
        """Write the placed artists' ``values`` (k, ...) into ``into`` (n, ...), which is of the artists ``rows``."""
        if not len(self.rows):
            return
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found = self.rows[at] == rows
        into[found] = values[at[found]]


def as_kinship(shares: Floats32) -> npt.NDArray[np.uint8]:
    """Return ``shares``, scaled to the sum 1, as the embedding stores them: 255 times their square roots."""
    return np.rint(255 * np.sqrt(shares / max(float(shares.sum()), 1e-6))).astype(np.uint8)
