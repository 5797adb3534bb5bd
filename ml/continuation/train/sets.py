"""Training lists as arrays of numbers, and those of the imported sets (the Million Playlist Dataset).

A set has many more tracks than the catalogue. Since ids are 64-bit hashes and lists are arrays of numbers, 200,000
lists of the dataset with 13 million rows take about 300 MB.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.artists.model import ArtistEmbedding
from ml.continuation.interactions import Ints
from store.catalogue.segment import recording_hash
from store.domain import Track
from store.playlists.sets import read_batches
from store.text import recording_key, split_artists

MOST_SET_LISTS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TrainingList:
    """A playlist in its order.

    ``recordings`` (n,) are hashes (:func:`~store.catalogue.segment.recording_hash`), ``artists`` (n,) the numbers of
    first artists in the embedding or -1. ``tracks`` are those of a user's playlist; empty for imported sets.
    """

    name: str
    recordings: npt.NDArray[np.int64]
    artists: Ints
    tracks: Sequence[Track] = ()


def hashed(title: str, artist: str) -> int:
    """Return the hash of a recording."""
    return recording_hash(recording_key(title, artist))


class Numbers:
    """The numbers of artists in an embedding, -1 for unknown names; each name is looked up once."""

    def __init__(self, artists: ArtistEmbedding) -> None:
        self._artists = artists
        self._known: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        if name not in self._known:
            found = self._artists.find_exact(name)
            self._known[name] = -1 if found is None else found
        return self._known[name]


def set_lists(root: Path, numbers: Numbers, most: int = MOST_SET_LISTS) -> Iterator[TrainingList]:
    """Yield the first ``most`` lists of the imported sets (:mod:`store.playlists.sets`)."""
    names, lengths, entries = _rows(root, most)
    if not names:
        return
    ids, at = np.unique(entries, return_inverse=True)
    recordings, artists = _described(root, ids, numbers)
    at = at.astype(np.int32)
    known = artists >= -1
    ends = np.cumsum(lengths)
    for name, start, end in zip(names, (ends - lengths).tolist(), ends.tolist(), strict=True):
        held = at[start:end][known[at[start:end]]]
        yield TrainingList(name=name, recordings=recordings[held], artists=artists[held])


def _rows(root: Path, most: int) -> tuple[list[str], Ints, npt.NDArray[np.uint64]]:
    """Return the names of the lists, their numbers of tracks, and the tracks' hashed ids, concatenated."""
    names: list[str] = []
    lengths, entries = [], []
    for batch in read_batches(root, "playlists"):
        part = batch.slice(0, most - len(names))
        held = part.column("tracks")
        coded = held.flatten()
        names += [name or "" for name in part.column("name").to_pylist()]
        lengths.append(held.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
        entries.append(_hashes(coded.dictionary)[coded.indices.to_numpy()])
        if len(names) >= most:
            break
    if not names:
        return [], np.empty(0, np.int64), np.empty(0, np.uint64)
    return names, np.concatenate(lengths), np.concatenate(entries)


def _described(
    root: Path, ids: npt.NDArray[np.uint64], numbers: Numbers
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the recording of each id and the number of its artist, -2 for ids without title or artist."""
    recordings, artists = np.zeros(len(ids), np.int64), np.full(len(ids), -2, np.int32)
    for batch in read_batches(root, "tracks"):
        hashes = _hashes(batch.column("id"))
        at = np.minimum(np.searchsorted(ids, hashes), len(ids) - 1)
        new = np.flatnonzero((ids[at] == hashes) & (artists[at] == -2))
        rows = batch.take(new)
        titles, names = (rows.column(part).to_pylist() for part in ("title", "artist"))
        for row, title, artist in zip(at[new].tolist(), titles, names, strict=True):
            if title and artist:
                first = split_artists(artist)[0]
                recordings[row], artists[row] = hashed(title, first), numbers[first]
    return recordings, artists


def _hashes(ids: Any) -> npt.NDArray[np.uint64]:
    """Return 64-bit hashes of an Arrow array of strings; three million ids collide with a chance of 2.4e-7."""
    return pd.util.hash_array(ids.to_numpy(zero_copy_only=False).astype(object), categorize=False)
