"""Reads the training tracks: those of a playlist with who added them, and those that one listener liked or disliked."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ml.contributors.model import TrackInputs
from ml.contributors.train.network import Rows, Tracks
from ml.contributors.train.settings import Settings
from ml.genre.model import GenreInput
from ml.jobs import Job
from ml.needs import Available, added_by, contributors
from ml.train.tables import read_table
from store.domain import AUDIO_FEATURES
from store.text import normalise, split_artists

LIKES = "likes/georgemcintire_2017.csv.gz"
SHARED = "exportify/collab_0327.csv"  # a playlist of many people


@dataclass(frozen=True, kw_only=True)
class AddedTracks:
    """n tracks with who added them: ``ids``, ``inputs`` and ``who`` (n,), an index into ``people``.

    ``too_few`` holds the number of tracks of each person who has too few to take part.
    """

    ids: tuple[str, ...]
    inputs: tuple[GenreInput, ...]
    who: Rows
    people: tuple[str, ...]
    too_few: Mapping[str, int] = field(default_factory=dict)

    def tracks(self, reader: TrackInputs) -> Tracks:
        names = [normalise(track.artists[0]) if track.artists else f"\0{row}" for row, track in enumerate(self.inputs)]
        artist = np.unique(names, return_inverse=True)[1]
        return Tracks(blocks=reader.blocks(self.inputs), who=self.who, artist=artist)


def read_likes(data: Path) -> AddedTracks:
    """Read the study's tracks; the two "people" are one listener's dislikes and likes.

    Raises FileNotFoundError if ``data`` does not hold them.
    """
    table = read_table(data / LIKES)
    return AddedTracks(
        ids=tuple(map(str, range(len(table)))),
        inputs=_inputs(table["song_title"], table["artist"], table[list(AUDIO_FEATURES)]),
        who=table["target"].to_numpy(np.intp),
        people=("dislikes", "likes"),
    )


def read_shared(data: Path, settings: Settings) -> AddedTracks:
    """Read a collaborative playlist in Exportify's format: the people with enough tracks, by number of tracks.

    Raises FileNotFoundError if ``data`` does not hold it.
    """
    table = read_table(data / SHARED).drop_duplicates("Track ID")
    table = table[table["Added By"].notna()]
    counts = table["Added By"].value_counts()
    people = counts[counts >= settings.least_tracks].index.tolist()[: settings.most_people]
    taken = table[table["Added By"].isin(people)]
    columns = {name: name.replace("_", " ").title() for name in AUDIO_FEATURES} | {"duration_ms": "Duration (ms)"}
    return AddedTracks(
        ids=tuple(taken["Track ID"]),
        inputs=_inputs(taken["Track Name"], taken["Artist Name(s)"], taken[[columns[name] for name in AUDIO_FEATURES]]),
        who=np.array([people.index(person) for person in taken["Added By"]], np.intp),
        people=tuple(people),
        too_few={str(person): int(count) for person, count in counts.drop(people).items()},
    )


def _inputs(titles: pd.Series, artists: pd.Series, features: pd.DataFrame) -> tuple[GenreInput, ...]:
    """Return the input of each row; the columns of ``features`` are in the order of AUDIO_FEATURES."""
    rows = zip(titles.fillna(""), artists.fillna(""), features.to_numpy(float).tolist(), strict=True)
    return tuple(
        GenreInput(
            title=str(title) or None,
            artists=split_artists(str(artist)),
            features={name: value for name, value in zip(AUDIO_FEATURES, values, strict=True) if not math.isnan(value)},
        )
        for title, artist, values in rows
    )


def read_playlist(job: Job, settings: Settings) -> AddedTracks:
    """Read the request's playlist; a track that several people added counts for the first of them.

    Raises ml.needs.TooLittle if the playlist does not exist, or fewer than two people added enough tracks.
    """
    available = Available.of(job.database, job.catalogue.current(job.owner), job.owner, job.request)
    contributors(available).check()
    assert available.playlist is not None
    adder = added_by(job.database, available.playlist)
    found = job.database.get_tracks(adder, available.playlist.owner)
    known = [found[track_id] for track_id in adder if track_id in found]
    counts = Counter(adder[track.id] for track in known)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    people = [person for person, count in ordered if count >= settings.least_tracks]
    people = people[: settings.most_people]
    index = {person: number for number, person in enumerate(people)}
    taken = [track for track in known if adder[track.id] in index]
    return AddedTracks(
        ids=tuple(track.id for track in taken),
        inputs=tuple(GenreInput.of(track) for track in taken),
        who=np.array([index[adder[track.id]] for track in taken], np.intp),
        people=tuple(people),
        too_few={person: count for person, count in ordered if person not in index},
    )
