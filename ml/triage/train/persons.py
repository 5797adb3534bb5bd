"""Simulated people: each has playlists, and a heap of tracks held out of them or that are in none of them."""

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.artists.train.data import FILES, read_tables
from ml.continuation.train.data import group_of
from ml.triage.evidence import TrackFacts, TrackReader
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from store.feature_rows import clear_out_of_bounds
from store.text import recording_key, split_artists

# Sources of playlists; sessions of radio programmes are left out.
_SOURCES = ("spotify_archive", "tidytuesday", "editorial", "exportify")
# The source of whole libraries of real people, each one group; they are only in the split `train`.
LIBRARIES = "exportify"
_FEWEST_SONGS = 10
_MOST_SONGS = 200
_HEAP = 60
_MOST_PLAYLISTS, _FEWEST_PLAYLISTS = 20, 2


@dataclass(frozen=True)
class SongList:
    """A playlist: rows of :class:`Songs`, distinct recordings."""

    source: str
    group: str
    split: str
    songs: tuple[int, ...]


@dataclass(frozen=True)
class Songs:
    """The facts about all recordings of the playlists, and the playlists."""

    facts: TrackFacts
    lists: Sequence[SongList]


@dataclass(frozen=True)
class Person:
    """A simulated person's playlists and heap of tracks to sort.

    Attributes
    ----------
    playlists
        The known songs of each playlist.
    heap : tuple of int
        Songs to be sorted.
    answers : np.ndarray
        (heap, playlists + 1) bool: the playlists that a song was held out of; the last column is for none of them.
    """

    playlists: tuple[tuple[int, ...], ...]
    heap: tuple[int, ...]
    answers: npt.NDArray[np.bool_]


def read(folder: Path, reader: TrackReader) -> Songs:
    """Read the playlists and the tracks in them; raises FileNotFoundError if a file is absent."""
    table, songs = read_tables(folder)
    raws = [raw for raw in _raw_lists(folder / FILES[2]) if raw["source"] in _SOURCES]
    wanted = {song for raw in raws for song in raw["song_ids"]}
    songs = songs[songs["song_id"].isin(wanted)]
    tracks = _tracks(songs, table)
    keys = [recording_key(track.title, track.first_artist) for track in tracks]
    codes: dict[str, int] = {}
    # A recording is represented by its first song.
    first: list[int] = []
    code_of = {}
    for at, (song, key) in enumerate(zip(songs["song_id"].tolist(), keys, strict=True)):
        if key not in codes:
            codes[key] = len(first)
            first.append(at)
        code_of[song] = codes[key]
    lists = [
        SongList(
            source=raw["source"],
            group=group_of(raw["source"], raw["group"]),
            split=raw["split"],
            songs=tuple(dict.fromkeys(code_of[song] for song in raw["song_ids"] if song in code_of)),
        )
        for raw in raws
    ]
    return Songs(
        facts=reader.read([tracks[at] for at in first]),
        lists=[playlist for playlist in lists if len(playlist.songs) >= _FEWEST_SONGS],
    )


def _raw_lists(path: Path) -> list[dict[str, Any]]:
    """Return the playlists; of snapshots of one playlist only the last."""
    latest: dict[str, dict[str, Any]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            name = raw["pid"] if raw["source"] != "spotify_archive" else f"archive {raw['group']}"
            if name not in latest or (raw["date"] or "") >= (latest[name]["date"] or ""):
                latest[name] = raw
    return list(latest.values())


def _tracks(songs: pd.DataFrame, table: pd.DataFrame) -> list[Track]:
    known = songs.merge(table.drop(columns="artist"), "left", left_on="example_track_key", right_on="track_id")
    values = known[list(AUDIO_FEATURES)].to_numpy(float)
    clear_out_of_bounds(values)
    tracks = []
    cells = (known[name].tolist() for name in ("song_id", "title", "artist", "album_name"))
    for song, title, artist, album, row in zip(*cells, values, strict=True):
        features = {name: value for name, value in zip(AUDIO_FEATURES, row.tolist(), strict=True) if value == value}
        tracks.append(
            Track(
                id=str(song),
                title=str(title),
                artists=split_artists(str(artist)),
                album=album if isinstance(album, str) else None,
                features=AudioFeatures(values=features, source="table") if features else None,
            )
        )
    return tracks


def persons(songs: Songs, split: str, count: int, seed: int) -> list[Person]:
    """Draw ``count`` persons with 2 to 20 playlists from one source of a split, no two of one group.

    Of each playlist, 30 to 90 % of at most 200 songs are known. The heap is drawn from the other songs; up to three
    quarters of it are songs of other playlists of the source.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation
    by_source: dict[str, list[SongList]] = defaultdict(list)
    for playlist in songs.lists:
        if playlist.split == split and playlist.source != LIBRARIES:
            by_source[playlist.source].append(playlist)
    sources = sorted(by_source)
    weights = [len(by_source[source]) for source in sources]
    return [_person(by_source[rng.choices(sources, weights)[0]], rng) for _ in range(count)]


def library_persons(songs: Songs, each: int, seed: int) -> list[Person]:
    """Draw ``each`` persons from every real library, each with some of its owner's playlists."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    libraries: dict[str, list[SongList]] = defaultdict(list)
    for playlist in songs.lists:
        if playlist.source == LIBRARIES:
            libraries[playlist.group].append(playlist)
    whole = [libraries[name] for name in sorted(libraries) if len(libraries[name]) > _FEWEST_PLAYLISTS]
    return [_person(playlists, rng) for playlists in whole for _ in range(each)]


def _person(pool: Sequence[SongList], rng: random.Random) -> Person:
    count = min(rng.randint(_FEWEST_PLAYLISTS, _MOST_PLAYLISTS), len(pool) - 1)
    chosen = _distinct(rng.sample(list(pool), len(pool)), count)
    known, held = [], []
    for playlist in chosen:
        songs = rng.sample(playlist.songs, min(len(playlist.songs), _MOST_SONGS))
        cut = max(1, round(len(songs) * rng.uniform(0.3, 0.9)))
        known.append(tuple(songs[:cut]))
        held.append(set(songs[cut:]))
    sorted_already = {song for songs in known for song in songs}
    theirs = {song for playlist in chosen for song in playlist.songs}
    candidates = sorted(set().union(*held) - sorted_already)
    strangers = sorted({song for playlist in pool for song in playlist.songs} - theirs)
    none = min(round(_HEAP * rng.uniform(0.0, 0.75)), len(strangers))
    heap = [*rng.sample(candidates, min(_HEAP - none, len(candidates))), *rng.sample(strangers, none)]
    rng.shuffle(heap)
    answers = np.array([[*(song in songs for songs in held), song not in theirs] for song in heap], bool)
    return Person(tuple(known), tuple(heap), answers.reshape(len(heap), -1))


def _distinct(lists: Sequence[SongList], count: int) -> list[SongList]:
    """Return the first ``count`` lists, no two of one group; a library is one group of many lists."""
    groups: dict[str, SongList] = {}
    for playlist in lists:
        library_list = f" {playlist.songs}" if playlist.source == LIBRARIES else ""
        groups.setdefault(playlist.group + library_list, playlist)
    return list(groups.values())[:count]
