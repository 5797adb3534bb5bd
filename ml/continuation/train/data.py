"""The training data of playlist continuation: recordings and playlists."""

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.artists.train.data import FILES, ArtistData, Directory, read_tables
from ml.continuation.features import Columns
from ml.continuation.interactions import Ints
from ml.sound import coordinates
from store.domain import AUDIO_FEATURES
from store.feature_rows import Floats, clear_out_of_bounds
from store.text import normalise, recording_key

# The sides of the split: embeddings learn from TRAIN, rankers from LEARNT; TEST is scored.
TRAIN, LEARNT, TEST = "train", "learnt", "test"
_LEARNT_SHARE = 0.15  # share of the data's training groups that are LEARNT, besides its validation groups
FEWEST_SONGS = 20  # shorter playlists are not scored, since half of them is too little
# A source that is not scored: its lists are of one station, and alphabetical within a show (see the data's README).
_TRAIN_ONLY = "wfmu"
# A source of whole libraries: the many playlists of a user's library are one group.
_MANY_LISTS = "exportify"
_MOST_PER_GROUP = 10  # of them that are scored
# The same Spotify playlist may be in the data several times under different prefixes.
_PREFIX = re.compile(r"^(?:browse|mood|tt|arch)_(?=[0-9A-Za-z]{22}$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SongList:
    """One playlist, or all snapshots of one.

    ``songs`` are the distinct recordings of the last snapshot, in order; ``ordered`` if somebody chose this order.
    ``held`` are the recordings of all snapshots, ``shares`` (0 to 1) the share of the snapshots with each. Lists of the
    same ``group`` are on one ``side``.
    """

    name: str
    source: str
    group: str
    side: str
    songs: Ints
    held: Ints
    shares: Floats
    ordered: bool = False


@dataclass(frozen=True, kw_only=True)
class ContinuationData:
    """Lists over n recordings; code ``i`` is the same recording in ``songs``, ``titles`` and ``album``.

    ``songs.artist`` are codes in the artist data ``known``, whose lists have the same groups. ``album`` (n,) is a
    number per album or -1.
    """

    songs: Columns
    titles: Sequence[str]
    album: Ints
    lists: Sequence[SongList]
    known: ArtistData


def read(folder: Path, known: ArtistData, *, seed: int = 1) -> ContinuationData:
    """Read the three training files in ``folder``; ``known`` are those of ``ml.artists.train.data.read``.

    Every track of the table is a candidate, even if it is in no playlist: otherwise, a track outside the training
    playlists would have to be in a held-out one. Years of release are not read: only the tables of playlists have them,
    so a known year would leak that the track is in a playlist.
    """
    tracks, songs = read_tables(folder)
    directory = Directory(pd.concat([tracks["artist"], songs["artist"]]))
    builder = _Recordings(directory)
    facts = builder.add_tracks(tracks)
    lists = _lists(folder / FILES[2], builder.add_songs(songs), seed)
    return ContinuationData(
        songs=builder.columns(facts), titles=builder.titles, album=builder.album(facts), lists=lists, known=known
    )


class _Recordings:
    def __init__(self, directory: Directory) -> None:
        self._directory, self._names = directory, directory.keys()
        self._codes: dict[str, int] = {}
        self.titles: list[str] = []
        self._artist: list[int] = []

    def _code(self, title: str, cell: str) -> int:
        artist = self._directory.codes(cell)[0]
        key = recording_key(title, self._names[artist])
        code = self._codes.setdefault(key, len(self._codes))
        if code == len(self.titles):
            self.titles.append(title)
            self._artist.append(artist)
        return code

    def add_tracks(self, tracks: pd.DataFrame) -> pd.DataFrame:
        """Add a table and return the row of each recording (``code``), that of its most popular track."""
        tracks = tracks.sort_values("popularity", ascending=False, kind="stable", na_position="last")
        names = tracks["track_name"].fillna("").astype(str)
        tracks = tracks.assign(code=[self._code(t, a) for t, a in zip(names, tracks["artist"], strict=True)])
        return tracks.drop_duplicates("code")

    def add_songs(self, songs: pd.DataFrame) -> dict[int, int]:
        """Add the playlists' songs; return the recording of each."""
        titles = songs["title"].fillna("").astype(str)
        found = [self._code(t, a) for t, a in zip(titles, songs["artist"], strict=True)]
        return dict(zip(songs["song_id"].tolist(), found, strict=True))

    def columns(self, facts: pd.DataFrame) -> Columns:
        rows, n = facts["code"].to_numpy(), len(self.titles)
        sound = np.full((n, len(AUDIO_FEATURES)), np.nan)
        sound[rows] = facts[list(AUDIO_FEATURES)].to_numpy(float)
        clear_out_of_bounds(sound)
        popularity = np.full(n, np.nan, np.float32)
        popularity[rows] = facts["popularity"].to_numpy(float)
        return Columns(artist=np.array(self._artist, np.int32), popularity=popularity, sound=coordinates(sound))

    def album(self, facts: pd.DataFrame) -> Ints:
        album = np.full(len(self.titles), -1, np.int32)
        numbers: dict[tuple[str, int], int] = {}
        for row, name in zip(facts["code"].tolist(), facts["album_name"].tolist(), strict=True):
            if isinstance(name, str) and (known := normalise(name)):
                album[row] = numbers.setdefault((known, self._artist[row]), len(numbers))
        return album


def group_of(source: str, group: str) -> str:
    """Return one name for the groups of the same playlist: ``X`` for ``browse_X``, ``tt_X`` and ``X``."""
    bare = _PREFIX.sub("", group)
    return bare if bare != group or source == "spotify_archive" else f"{source} {group}"


def _lists(path: Path, of_song: Mapping[int, int], seed: int) -> list[SongList]:
    """Read the lists; snapshots of one playlist become one."""
    raw: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            playlist = json.loads(line)
            snapshots = playlist["source"] == "spotify_archive"
            raw[playlist["source"], playlist["group"] if snapshots else playlist["pid"]].append(playlist)
    sides = _sides(((source, group_of(source, v[0]["group"]), v[0]["split"]) for (source, _), v in raw.items()), seed)
    listings = []
    for (source, _), versions in raw.items():
        last = max(versions, key=lambda playlist: playlist["date"] or "")
        held = Counter(
            song for playlist in versions for song in {of_song[s] for s in playlist["song_ids"] if s in of_song}
        )
        group = group_of(source, last["group"])
        listings.append(
            SongList(
                name=last["name"] or "",
                source=source,
                group=group,
                side=sides[group],
                songs=np.array(list(dict.fromkeys(of_song[s] for s in last["song_ids"] if s in of_song)), np.int32),
                held=np.array(list(held), np.int32),
                shares=np.array(list(held.values()), np.float32) / len(versions),
                ordered=bool(last["ordered"]),
            )
        )
    return listings


def _sides(lists: Iterable[tuple[str, str, str]], seed: int) -> dict[str, str]:
    """Return the side of each group from the (source, group, split) of lists.

    A group with a list in the data's ``test`` is on TEST; one with a list in ``valid``, and a share of the others, on
    LEARNT; the rest on TRAIN.
    """
    rng = np.random.default_rng(seed)
    splits: dict[str, set[str]] = defaultdict(set)
    for source, group, split in lists:
        splits[group] |= {split} if source != _TRAIN_ONLY else {TRAIN, _TRAIN_ONLY}
    found = {}
    for group, held in sorted(splits.items()):
        chosen = rng.random() < _LEARNT_SHARE and _TRAIN_ONLY not in held
        found[group] = TEST if "test" in held else LEARNT if "valid" in held or chosen else TRAIN
    return found


def scored_lists(lists: Sequence[SongList]) -> list[int]:
    """Return the numbers of the lists to score: the last one of each group, or up to ten of a user's library."""
    taken: dict[str, list[int]] = defaultdict(list)
    for at, playlist in enumerate(lists):
        if len(playlist.songs) >= FEWEST_SONGS and playlist.source != _TRAIN_ONLY:
            taken[playlist.group].append(at)
    found = []
    for ats in taken.values():
        found += ats[:_MOST_PER_GROUP] if lists[ats[0]].source == _MANY_LISTS else ats[-1:]
    return sorted(found)
