"""The training data of the artist embedding: the artists of each playlist, their genres and their sound."""

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from ml.taxonomy.model import genre_name
from ml.train.tables import read_table, require
from store.domain import AUDIO_FEATURES
from store.feature_rows import clear_out_of_bounds
from store.text import normalise, split_at_commas

FILES = ("tracks.csv.gz", "songs.csv.gz", "playlists.jsonl.gz")
# The mean of a pitch class or of a time signature says nothing of an artist.
SOUND = tuple(name for name in AUDIO_FEATURES if name not in {"key", "time_signature"})
# The source whose lists are snapshots: those of one playlist are merged. Sessions of a radio programme stay separate.
_SNAPSHOTS = "spotify_archive"
# The table gives a track the genres of all its artists; most of these genres are the first artist's.
_GUEST_GENRES = 0.3
# What may follow a comma inside one name: "Tyler, The Creator", "Earth, Wind & Fire", "Sammy Davis, Jr.".
_REST_OF_NAME = re.compile(r"(?:the|and|jr|sr)\b|.* & ", re.IGNORECASE)
_INSEPARABLE = 0.9  # least share of a part's occurrences next to the other part for the two to be one name
# Least number of tracks with both parts: if the second part looks like the rest of a name, and in any case.
_SEEN, _OFTEN = 3, 30


@dataclass(frozen=True, slots=True)
class ArtistList:
    """One playlist or session: artists by code in ``first`` (the first of each song) and ``every`` (guests too)."""

    source: str
    group: str
    split: str
    first: frozenset[int]
    every: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class ArtistData:
    """Everything known of n artists; code ``i`` is the same artist in every field.

    ``sound`` (n, 11) is the mean of the tracks' features in standard deviations over all tracks (NaN where no track
    has the feature), ``tracks`` (n,) the number of tracks, ``genres`` (n, g) how often an artist has each of
    ``genre_names``, ``popularity`` (n,) that of the artist's most popular track, 0 to 100 (NaN unknown); ``aliases``
    maps further normalised names to codes.
    """

    keys: Sequence[str]
    names: Sequence[str]
    aliases: Mapping[str, int]
    tracks: npt.NDArray[np.int64]
    sound: npt.NDArray[np.float64]
    genre_names: Sequence[str]
    genres: sp.csr_matrix
    popularity: npt.NDArray[np.float64]
    listings: Sequence[ArtistList]


class Directory:
    """Gives every artist a code; names that contain a comma are recognised and kept whole."""

    def __init__(self, cells: pd.Series) -> None:
        counts = {str(cell): int(n) for cell, n in cells.value_counts().items()}
        self._whole, self._bare = comma_names(counts)
        self._codes: dict[str, int] = {}
        self._spellings: list[Counter[str]] = []
        self._cells = {cell: self._encode(cell, n) for cell, n in counts.items()}

    def _encode(self, cell: str, count: int) -> list[int]:
        codes = []
        for name in join_parts(split_at_commas(cell), self._whole):
            code = self._codes.setdefault(normalise(name), len(self._codes))
            if code == len(self._spellings):
                self._spellings.append(Counter())
            self._spellings[code][name] += count
            codes.append(code)
        return list(dict.fromkeys(codes))

    def __len__(self) -> int:
        return len(self._codes)

    def codes(self, cell: str) -> list[int]:
        """Return the codes of the artists in one cell, in its order."""
        return self._cells[cell]

    def keys(self) -> list[str]:
        """Return the normalised names by code."""
        return list(self._codes)

    def names(self) -> list[str]:
        """Return each artist's most frequent spelling by code."""
        return [spellings.most_common(1)[0][0] for spellings in self._spellings]

    def aliases(self) -> dict[str, int]:
        """Return the code of the whole name by the first part of a comma name, if that part hardly occurs by itself."""
        found = {normalise(part): self._codes.get(normalise(whole)) for part, whole in self._bare.items()}
        return {key: code for key, code in found.items() if code is not None and key not in self._codes}


def comma_names(counts: Mapping[str, int]) -> tuple[set[tuple[str, str]], dict[str, str]]:
    """Find neighbouring parts of artist cells that are one name; return (pairs to join, bare first part -> whole).

    ``counts`` maps an artist cell to its number of tracks. Two parts are one name if the second hardly ever occurs
    without the first and looks like the rest of a name. They also are if both are in many tracks and hardly ever apart.
    """
    alone: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for cell, count in counts.items():
        if ";" in cell:
            continue
        parts = split_at_commas(cell)
        for part in parts:
            alone[part] += count
        for pair in pairwise(parts):
            pairs[pair] += count
    whole, bare = set(), {}
    for (first, second), count in pairs.items():
        bound, both = count / alone[second] >= _INSEPARABLE, count / alone[first] >= _INSEPARABLE
        looks_bound = count >= _SEEN and _REST_OF_NAME.match(second)
        if bound and (looks_bound or (both and count >= _OFTEN)):
            whole.add((first, second))
            if both:
                bare[first] = f"{first}, {second}"
    return whole, bare


def join_parts(parts: Sequence[str], whole: set[tuple[str, str]]) -> list[str]:
    """Put the parts of comma names together again: ("Tyler", "The Creator", "Kali Uchis") -> two artists."""
    joined: list[str] = []
    for i, part in enumerate(parts):
        if i and (parts[i - 1], part) in whole:
            joined[-1] += f", {part}"
        else:
            joined.append(part)
    return joined


def read_tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the tables of tracks and of the playlists' songs, without rows that lack an artist.

    Raises FileNotFoundError if one of the training files is absent.
    """
    tracks, songs, _ = (require(folder / name) for name in FILES)
    tables = read_table(tracks), read_table(songs)
    return tables[0][tables[0]["artist"].notna()], tables[1][tables[1]["artist"].notna()]


def read(folder: Path, hide_labels_of: Sequence[str] = ()) -> ArtistData:
    """Read the three training files in ``folder``.

    The 114-genre labels of tracks in the splits ``hide_labels_of`` are left out, so that others can score on them.

    Raises FileNotFoundError if one of the files is absent.
    """
    tracks, songs = read_tables(folder)
    if hide_labels_of:
        tracks.loc[tracks["split"].isin(hide_labels_of), "genres114"] = np.nan
    directory = Directory(pd.concat([tracks["artist"], songs["artist"]]))
    credits = _credits(directory, tracks["artist"], guests=1.0)
    song_artists = dict(zip(songs["song_id"].tolist(), map(directory.codes, songs["artist"]), strict=True))
    genre_names, genres = _genres(tracks, _credits(directory, tracks["artist"], guests=_GUEST_GENRES))
    return ArtistData(
        keys=directory.keys(),
        names=directory.names(),
        aliases=directory.aliases(),
        tracks=np.asarray((credits > 0).sum(axis=1)).ravel(),
        sound=_mean_sound(tracks, credits),
        genre_names=genre_names,
        genres=genres,
        popularity=_popularity(tracks["popularity"].to_numpy(float), credits),
        listings=_listings(folder / FILES[2], song_artists),
    )


def _credits(directory: Directory, cells: pd.Series, guests: float) -> sp.csr_matrix:
    """Return (artists, tracks): 1 over the number of a track's artists, for those after the first times ``guests``."""
    codes = [directory.codes(cell) for cell in cells]
    columns = np.repeat(np.arange(len(codes)), [len(c) for c in codes])
    shares = [(1.0 if place == 0 else guests) / len(c) for c in codes for place in range(len(c))]
    return sp.csr_matrix((shares, (np.concatenate(codes), columns)), shape=(len(directory), len(codes)))


def _mean_sound(tracks: pd.DataFrame, credits: sp.csr_matrix) -> npt.NDArray[np.float64]:
    values = tracks[list(SOUND)].to_numpy(float)
    clear_out_of_bounds(values, SOUND)
    values[:, SOUND.index("duration_ms")] = np.log(values[:, SOUND.index("duration_ms")])
    values = np.clip((values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0), -3.0, 3.0)
    known = ~np.isnan(values)
    weight = credits @ known.astype(float)
    total = credits @ np.where(known, values, 0.0)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)


def _genres(tracks: pd.DataFrame, credits: sp.csr_matrix) -> tuple[list[str], sp.csr_matrix]:
    """Count genres per artist: those of the artists, the 114 labels and the genre a track was found under.

    Genres of playlists are left out: they would leak the playlists to be predicted.
    """
    index: dict[str, int] = {}
    rows, columns = [], []
    for column in ("artist_genres", "genres114", "seed_genres"):
        for row, cell in enumerate(tracks[column].tolist()):
            if isinstance(cell, str):
                found = [index.setdefault(name, len(index)) for name in map(genre_name, cell.split("|")) if name]
                rows += [row] * len(found)
                columns += found
    by_track = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(tracks), len(index)))
    return list(index), (credits @ by_track).tocsr()


def _popularity(values: npt.NDArray[np.float64], credits: sp.csr_matrix) -> npt.NDArray[np.float64]:
    best = np.full(credits.shape[0], np.nan)
    pairs = credits.tocoo()
    known = ~np.isnan(values[pairs.col])
    best[np.unique(pairs.row[known])] = 0.0
    np.maximum.at(best, pairs.row[known], values[pairs.col[known]])
    return best


def _listings(path: Path, artists: Mapping[int, Sequence[int]]) -> list[ArtistList]:
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            songs = [artists[song] for song in raw["song_ids"] if song in artists]
            first, every = frozenset(s[0] for s in songs), frozenset(a for s in songs for a in s)
            found.append(ArtistList(raw["source"], raw["group"], raw["split"], first, every))
    return found


def training_lists(listings: Iterable[ArtistList]) -> list[dict[int, float]]:
    """Return the lists of the ``train`` split: the weight of each artist in it, above 0 and at most 1.

    The snapshots of one playlist are one list, in which an artist weighs the square root of the share of snapshots with
    this artist. A session of a radio programme weighs one over the square root of the programme's number of sessions,
    since a programme repeats itself.
    """
    listings = [listed for listed in listings if listed.split == "train" and len(listed.every) > 1]
    sessions = Counter((listed.source, listed.group) for listed in listings)
    snapshots: dict[str, list[ArtistList]] = defaultdict(list)
    lists = []
    for listed in listings:
        if listed.source == _SNAPSHOTS:
            snapshots[listed.group].append(listed)
        else:
            weight = sessions[listed.source, listed.group] ** -0.5 if listed.source in ("triplej", "wfmu") else 1.0
            lists.append(dict.fromkeys(listed.every, weight))
    for versions in snapshots.values():
        held = Counter(artist for version in versions for artist in version.every)
        lists.append({artist: (count / len(versions)) ** 0.5 for artist, count in held.items()})
    return lists
