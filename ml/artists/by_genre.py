"""Which artists share genres, and where the embedding places well-known artists whose genres are known by hand only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        columns = {name: column for column, name in enumerate(names)}
        by_hand = []
        for artist, genres in listed().items():
            row = find(artist)
            known = [columns[name] for name in map(genre_name, genres) if name in columns][: codes.shape[1]]
            if row is not None and known:
                if self.codes[row, 0] < 0:
                    by_hand.append(row)
                self.codes[row] = [*known, *[-1] * (codes.shape[1] - len(known))]
        self.by_hand = np.array(sorted(by_hand), np.intp)  # artists whose genres are known from the list only
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
        genres = self.genres_of(artist)
        counts = self._start[genres + 1] - self._start[genres]
        holders = self._artists[spans(self._start[genres], counts)]
        artists, which = np.unique(holders, return_inverse=True)
        shared = np.bincount(which, np.repeat(np.square(self._rarity[genres]), counts), len(artists))
        return artists.astype(np.intp), (shared * self._per_length[artists] * self._per_length[artist]).astype(
            np.float32
        )

    def genres_of(self, artist: int) -> npt.NDArray[np.int32]:
        """Return the columns of the genres of ``artist``, most important first."""
        codes = self.codes[artist]
        return codes[codes >= 0]

    def typical(self, genre: int) -> npt.NDArray[np.int32]:
        """Return the best known artists of a genre, without those known by hand only."""
        holders = self._artists[self._start[genre] : self._start[genre + 1]]
        return holders[~np.isin(holders, self.by_hand)][:_TYPICAL]


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
        units: Callable[[npt.NDArray[Any]], Floats32],
        kinship: npt.NDArray[np.uint8],
        prior: npt.NDArray[Any],
        families: int,
    ) -> Placed:
        """Place the artists whose genres are known by hand only among the artists of these genres.

        The less an artist is known to the embedding, the more the artists of the genres count for the vector. The
        shares in the ``families``, the first columns of ``kinship``, are those of the genres.
        """

        @cache
        def centre(genre: int) -> tuple[Floats32, Floats32] | None:
            """Return the mean direction of a genre's artists and their mean shares; None where there are none."""
            artists = shared.typical(genre)
            if not len(artists):
                return None
            return unit(units(artists).mean(axis=0)), np.square(kinship[artists] / np.float32(255)).mean(axis=0)

        rows, vectors, kin = [], [], []
        for row in shared.by_hand.tolist():
            centres = [found for genre in shared.genres_of(row).tolist() if (found := centre(genre)) is not None]
            if not centres:
                continue
            towards = unit(np.mean([direction for direction, _ in centres], axis=0))
            shares = np.mean([of_genre for _, of_genre in centres], axis=0)
            own, known = units(np.array([row]))[0], float(prior[row])
            of_row = kinship[row].copy()
            of_row[:families] = np.rint(255 * np.sqrt(shares[:families] / max(shares[:families].sum(), 1e-6)))
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
