"""Tracks by sound and genre for the clustering models, from the training table or from the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.sound import coordinates
from ml.taxonomy.model import Taxonomy
from ml.train.own_tracks import learnable
from ml.train.tables import name_lists, read_table, split_of
from store.catalogue.catalogue import Snapshot
from store.domain import AUDIO_FEATURES
from store.feature_rows import clear_out_of_bounds, feature_rows
from store.text import normalise, split_artists

TABLE = "tracks.csv.gz"
_LABELS, _MICRO = "genres114", ("artist_genres", "seed_genres", "playlist_subgenres")
# One in five of the catalogue's artists is for validation, and another one in five for the test.
_SHARES = 5


@dataclass(frozen=True, kw_only=True)
class SoundTable:
    """Tracks in columns; row ``i`` is the same track in each.

    ``values`` (n, 13) are NaN where unknown. ``labels`` are the track's genres (in scores the first one is the truth),
    ``genres`` these and those of its artists. ``artist`` (n,) numbers first artists; an artist is in one ``split``.
    """

    values: npt.NDArray[np.float32]
    labels: Sequence[tuple[str, ...]]
    genres: Sequence[tuple[str, ...]]
    artist: npt.NDArray[np.intp]
    split: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def whole(self) -> npt.NDArray[np.bool_]:
        """(n,) whether all features that :func:`ml.sound.coordinates` uses are known."""
        return np.logical_not(np.isnan(coordinates(self.values)).any(axis=1))

    def rows(self, split: str) -> npt.NDArray[np.intp]:
        """Return the :attr:`whole` rows of a split."""
        return np.flatnonzero((self.split == split) & self.whole)

    def members(self, taxonomy: Taxonomy) -> dict[str, npt.NDArray[np.intp]]:
        """Return the rows of every family that occurs, in the taxonomy's order; a track may be in several."""
        rows: dict[str, list[int]] = {family: [] for family in taxonomy.families}
        for row, names in enumerate(self.genres):
            for family in {*map(taxonomy.family_of, names)} - {None}:
                rows[str(family)].append(row)
        return {family: np.array(members) for family, members in rows.items() if members}


def read(folder: Path) -> SoundTable:
    """Read ``tracks.csv.gz`` of a data folder; raises FileNotFoundError if there is no such file."""
    wanted = {"artist", "split", _LABELS, *_MICRO, *AUDIO_FEATURES}
    frame = read_table(folder / TABLE, usecols=lambda name: name in wanted)
    artists = frame["artist"].fillna("").astype(str)
    labels = name_lists(frame, (_LABELS,))
    values = frame[list(AUDIO_FEATURES)].to_numpy(np.float32, copy=True)
    clear_out_of_bounds(values)
    return SoundTable(
        values=values,
        labels=labels,
        genres=[(*own, *theirs) for own, theirs in zip(labels, name_lists(frame, _MICRO), strict=True)],
        artist=_numbered([normalise(next(iter(split_artists(cell)), "")) for cell in artists]),
        split=frame["split"].to_numpy(str),
    )


def from_snapshot(snapshot: Snapshot) -> SoundTable:
    """Return the tracks of a catalogue that may be learnt from; a hash of the artist's name determines the split."""
    tracks = [track for track in learnable(snapshot) if track.features]
    values = feature_rows(track.features for track in tracks)
    clear_out_of_bounds(values)
    names = [normalise(track.first_artist) for track in tracks]
    return SoundTable(
        values=values,
        labels=[track.labels for track in tracks],
        genres=[(*track.labels, *track.artist_genres) for track in tracks],
        artist=_numbered(names),
        split=np.array([split_of(name, _SHARES) for name in names], dtype="<U5"),
    )


def _numbered(names: Sequence[str]) -> npt.NDArray[np.intp]:
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1] if names else np.empty(0, np.intp)


def balanced(
    table: SoundTable, split: str, per_genre: int, seed: int, genres: Mapping[str, int]
) -> npt.NDArray[np.intp]:
    """Draw at most ``per_genre`` rows of each genre (first label) of a split, in random order within a genre.

    Only rows of ``genres`` are drawn. The genres take turns, so that the first ``len(genres) * n`` rows have about
    ``n`` of each.
    """
    rng = np.random.default_rng(seed)
    turns: list[list[int]] = [[] for _ in range(per_genre)]
    rows: dict[str, list[int]] = {genre: [] for genre in genres}
    for row in table.rows(split):
        if table.labels[row] and table.labels[row][0] in rows:
            rows[table.labels[row][0]].append(int(row))
    for genre in genres:
        for place, row in enumerate(rng.permutation(rows[genre])[:per_genre]):
            turns[place].append(int(row))
    return np.array([row for turn in turns for row in turn], np.intp)
