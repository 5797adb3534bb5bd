"""The training data of the expert: each artist's microgenres and vector, computed without the 114 labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from ml.artist_genre.model import KNOWN_BY, genre_name
from ml.artists.model import unit_rows
from ml.artists.train import data as artists_data
from ml.artists.train.embedding import ArtistModel, quantise
from ml.genre.train.data import SPLITS, TABLE, Rows, TrackTable, from_frame
from ml.train.tables import read_table


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, chosen by log-loss on the `valid` artists."""

    guest_weight: float = 0.3  # weight of the genres of a track on which the artist is a guest
    least_artists: int = 3  # genres of fewer artists are ignored
    alike: int = 30  # number of similar artists whose genres an artist without genres gets
    least_alike: float = 0.8  # least cosine of their vectors
    alike_power: float = 4.0  # a similar artist weighs the cosine to this power
    penalty: float = 1e-5  # L2, with sample weights that sum to 1
    repeats: float = 0.5  # an artist with n labelled tracks weighs n ** this
    unplaced_weight: float = 0.3  # weight of each artist's copy without a vector: serving meets such artists
    iterations: int = 100
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class ArtistTable:
    """What is known of n artists; row ``i`` is the same artist in each field.

    ``keys`` are normalised names, ``aliases`` further ones with their artist; ``counts`` (n, names) sparse, the number
    of an artist's tracks that have each of the genres ``names``; ``known_by`` (n,) index in ``KNOWN_BY``; ``vectors``
    (n, d) int8 as :class:`~ml.artist_genre.model.ArtistGenres` has them; ``of_track`` (tracks,) the first artist of
    each row of ``tracks``, -1 for none. Artists are sorted by ``known_by``.
    """

    keys: Sequence[str]
    aliases: dict[str, int]
    names: Sequence[str]
    counts: sp.csr_matrix
    known_by: npt.NDArray[np.uint8]
    vectors: npt.NDArray[np.int8]
    tracks: TrackTable
    of_track: Rows

    @property
    def places(self) -> npt.NDArray[np.float32]:
        """The direction of each of ``vectors``, (n, d)."""
        return unit_rows(self.vectors)


def read(folder: Path, settings: Settings) -> ArtistTable:
    """Read the training files in ``folder`` and compute the artists' vectors.

    The vectors are computed without the 114 labels of any split: else an artist's own labels would leak into both the
    fit and the scores.

    Raises FileNotFoundError if a training file is absent.
    """
    hidden = artists_data.read(folder, hide_labels_of=SPLITS)
    model = ArtistModel(seed=settings.seed).fit(hidden)
    frame = read_table(folder / TABLE)
    named = frame["artist"].notna().to_numpy()
    with_artist, songs = artists_data.read_tables(folder)
    directory = artists_data.Directory(pd.concat([with_artist["artist"], songs["artist"]]))
    codes = [directory.codes(cell) for cell in with_artist["artist"]]
    placed = (hidden.tracks > 0) | (model.lists_ >= model.settings.fewest_lists)
    placed &= np.abs(model.places_).sum(axis=1) > 0
    names, own, guest = count_genres(with_artist["artist_genres"].tolist(), codes, len(directory))
    often = np.flatnonzero((own + guest).getnnz(axis=0) >= settings.least_artists)
    own, guest = own[:, often], guest[:, often]
    words = np.where(own.getnnz(axis=1) > 0, "own", np.where(guest.getnnz(axis=1) > 0, "guest", "alike"))
    known_by = np.array([KNOWN_BY.index(word) for word in words.tolist()], np.uint8)
    order = np.flatnonzero(placed)
    order = order[np.argsort(known_by[order], kind="stable")]
    number = np.full(len(directory), -1)
    number[order] = np.arange(len(order))
    of_track = np.full(len(frame), -1)
    of_track[named] = [number[code[0]] for code in codes]
    keys = directory.keys()
    return ArtistTable(
        keys=[keys[code] for code in order.tolist()],
        aliases={key: int(number[code]) for key, code in directory.aliases().items() if number[code] >= 0},
        names=[names[column] for column in often.tolist()],
        counts=sp.csr_matrix(own + settings.guest_weight * guest)[order],
        known_by=known_by[order],
        vectors=quantise(model.places_[order]),
        tracks=from_frame(frame),
        of_track=of_track,
    )


def count_genres(
    cells: Sequence[Any], codes: Sequence[Sequence[int]], artists: int
) -> tuple[list[str], sp.csr_matrix, sp.csr_matrix]:
    """Return the genres, and (artists, genres) how many tracks of each artist have them: as first artist, as guest.

    ``cells`` hold the genres of a track's artists, separated by "|"; ``codes`` are the artists of each track. The table
    does not say to which artist a genre belongs; most belong to the first.
    """
    index: dict[str, int] = {}
    pairs: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for cell, of_track in zip(cells, codes, strict=True):
        names = dict.fromkeys(map(genre_name, cell.split("|"))) if isinstance(cell, str) else {}
        columns = [index.setdefault(name, len(index)) for name in names if name]
        for place, artist in enumerate(of_track):
            pairs[place > 0].extend((artist, column) for column in columns)
    own, guest = (
        sp.csr_matrix((np.ones(len(found)), tuple(np.array(found, int).reshape(-1, 2).T)), shape=(artists, len(index)))
        for found in pairs
    )
    return list(index), own, guest
