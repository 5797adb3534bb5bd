"""The labelled tracks that the genre model learns from, read from a table in place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from ml.genre.encoder import BOUNDS, COLUMNS, FACTS
from ml.genre.model import GenreInput
from ml.genre.text_features import Name, words
from ml.train.tables import name_lists, read_table
from store.domain import AUDIO_FEATURES
from store.feature_rows import clear_out_of_bounds
from store.text import split_artists

TABLE = "tracks.csv.gz"
SPLITS = ("train", "valid", "test")
Rows = npt.NDArray[np.intp]

_ASIDE = ("seed_genres", "playlist_subgenres")  # columns of microgenres by which a track was collected


@dataclass(frozen=True, kw_only=True)
class TrackTable:
    """Tracks in columns; row ``i`` is the same track in each.

    ``values`` (n, 16) in the order of ``COLUMNS`` are NaN where unknown. ``labels`` are the track's genres, empty if
    unlabelled; scores count the first one as the answer. ``of_artist`` are the microgenres of the artists, ``micro``
    these and those of the track's playlists, ``broad`` the broad genres (of tidytuesday) of its playlists.
    """

    titles: Sequence[str]
    artists: Sequence[tuple[str, ...]]
    albums: Sequence[str]
    values: npt.NDArray[np.float32]
    labels: Sequence[tuple[str, ...]]
    of_artist: Sequence[tuple[str, ...]]
    micro: Sequence[tuple[str, ...]]
    broad: Sequence[tuple[str, ...]]
    split: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.titles)

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """The 13 audio features alone, (n, 13)."""
        return self.values[:, : len(AUDIO_FEATURES)]

    def rows(self, split: str, *, labelled: bool = True) -> Rows:
        """Return the rows of a split, by default those with a label."""
        return rows_of(self, split, self.labels) if labelled else np.flatnonzero(self.split == split)

    def names(self, row: int) -> tuple[list[Name], list[Name], list[Name]]:
        """Return the words of title, artists and album."""
        return [words(self.titles[row])], [words(a) for a in self.artists[row]], [words(self.albums[row])]

    def input(self, row: int) -> GenreInput:
        """Return one row as the predictor takes it."""
        known = {n: float(v) for n, v in zip(COLUMNS, self.values[row], strict=True) if not np.isnan(v)}
        year, popularity, explicit = (known.pop(name, None) for name in FACTS)
        return GenreInput(
            title=self.titles[row] or None,
            artists=self.artists[row],
            album=self.albums[row] or None,
            year=None if year is None else int(year),
            popularity=popularity,
            explicit=None if explicit is None else bool(explicit),
            features=known,
        )


def read(folder: Path) -> TrackTable:
    """Read ``tracks.csv.gz`` of a data folder; raises FileNotFoundError if there is no such file."""
    return from_frame(read_table(folder / TABLE))


def from_frame(frame: pd.DataFrame) -> TrackTable:
    """Turn a frame with the columns of ``tracks.csv.gz`` into a table; out-of-bounds features become unknown."""
    numbers = frame.reindex(columns=COLUMNS).assign(year=frame["release_date"].astype("string").str[:4])
    values = numbers.apply(pd.to_numeric, errors="coerce").to_numpy(np.float32, na_value=np.nan)
    clear_out_of_bounds(values, COLUMNS, BOUNDS)
    return TrackTable(
        titles=frame["track_name"].fillna("").astype(str).tolist(),
        artists=[split_artists(a) for a in frame["artist"].fillna("").astype(str)],
        albums=frame["album_name"].fillna("").astype(str).tolist(),
        values=values,
        labels=name_lists(frame, ("genres114",)),
        of_artist=name_lists(frame, ("artist_genres",)),
        micro=name_lists(frame, ("artist_genres", *_ASIDE)),
        broad=name_lists(frame, ("playlist_genres",)),
        split=frame["split"].to_numpy(str),
    )


def targets(table: TrackTable, genres: Sequence[str], first_share: float) -> npt.NDArray[np.float32]:
    """Return (n, genres) target distributions: ``first_share`` on the first label, the rest spread over all labels.

    Rows without labels are zero.
    """
    index = {genre: i for i, genre in enumerate(genres)}
    wanted = np.zeros((len(table), len(genres)), np.float32)
    for row, labels in enumerate(table.labels):
        for label in labels:
            wanted[row, index[label]] += (1.0 - first_share) / len(labels)
        if labels:
            wanted[row, index[labels[0]]] += first_share
    return wanted


def frequent(table: TrackTable, labels: Sequence[tuple[str, ...]], least: int) -> tuple[str, ...]:
    """Return the names that ``least`` training tracks or more have, in alphabetical order."""
    counts = Counter(name for row in table.rows("train", labelled=False) for name in labels[row])
    return tuple(sorted(name for name, n in counts.items() if n >= least))


def even(labels: Sequence[tuple[str, ...]], names: Sequence[str]) -> csr_matrix:
    """Return (n, names) distributions, even over a track's labels that are among ``names``."""
    index = {name: i for i, name in enumerate(names)}
    known = [[index[label] for label in row if label in index] for row in labels]
    lengths = np.array([len(row) for row in known], int)
    values = np.repeat(1.0 / np.maximum(lengths, 1), lengths).astype(np.float32)
    columns = np.array([column for row in known for column in row], int)
    return csr_matrix((values, columns, np.concatenate([[0], np.cumsum(lengths)])), shape=(len(labels), len(names)))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Rows of each split with their classes (columns from 0)."""

    train: Rows
    valid: Rows
    test: Rows
    of_train: Rows
    of_valid: Rows
    of_test: Rows
    classes: int


def rows_of(table: TrackTable, split: str, labels: Sequence[tuple[str, ...]]) -> Rows:
    """Return the rows of a split that have ``labels``."""
    return np.flatnonzero((table.split == split) & np.array([bool(names) for names in labels], bool))


def first_columns(labels: Sequence[tuple[str, ...]], rows: Rows, names: Sequence[str]) -> Rows:
    """Return the column in ``names`` of the first label of each of ``rows``."""
    index = {name: column for column, name in enumerate(names)}
    return np.array([index[labels[row][0]] for row in rows], int)


def answers_of(table: TrackTable, labels: Sequence[tuple[str, ...]], names: Sequence[str]) -> Answers:
    """Return the rows of each split that have one of ``labels``, with the column in ``names`` of the first one."""
    rows = {split: rows_of(table, split, labels) for split in SPLITS}
    columns = {f"of_{split}": first_columns(labels, rows[split], names) for split in SPLITS}
    return Answers(**rows, **columns, classes=len(names))


def first_artists(table: TrackTable, learn: npt.NDArray[np.bool_]) -> Rows:
    """Return (n,) numbers of first artists for the tracks of the mask ``learn``, -1 for all other tracks."""
    numbered = np.full(len(table), -1)
    names = [artists[0] if artists else "" for artists, wanted in zip(table.artists, learn, strict=True) if wanted]
    numbered[learn] = np.unique(names, return_inverse=True)[1]
    return numbered
