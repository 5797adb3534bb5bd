"""The tracks to tell apart: those of a playlist by who added them, and those that one listener liked or disliked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml.contributors import TrackInputs, input_of
from ml.genre import GenreInput
from ml.jobs import Job, TooLittle
from ml.train.contributors_model import Rows, Tracks
from ml.train.contributors_settings import Settings
from store.database import Database
from store.domain import AUDIO_FEATURES, PlaylistItem, Track
from store.text import normalise, split_artists

LIKES = "likes/georgemcintire_2017.csv.gz"
_PAGE = 1000


class DataMissingError(FileNotFoundError):
    """The training data are not where they were looked for."""


@dataclass(frozen=True, kw_only=True)
class Added:
    """Tracks with who added them: ``ids``, ``inputs`` and ``who`` (index into ``people``) have one entry per track."""

    ids: tuple[str, ...]
    inputs: tuple[GenreInput, ...]
    who: Rows
    people: tuple[str, ...]
    left_out: int = 0

    def tracks(self, reader: TrackInputs) -> Tracks:
        names = [normalise(one.artists[0]) if one.artists else f"\0{i}" for i, one in enumerate(self.inputs)]
        artist = np.unique(names, return_inverse=True)[1]
        return Tracks(blocks=reader.blocks(self.inputs), who=self.who, artist=artist)


def read_likes(data: Path) -> Added:
    """Read the study's tracks; the people are one listener's likes and dislikes.

    Raises
    ------
    DataMissingError
        ``data`` does not hold them.
    """
    path = data / LIKES
    if not path.is_file():
        raise DataMissingError(f"{path} is absent. Say where the training data are: --data DIR or TASTEMAP_DATA")
    table = pd.read_csv(path, dtype={"song_title": str, "artist": str}, keep_default_na=False)
    values = table[list(AUDIO_FEATURES)].astype(float).to_dict("records")
    inputs = [
        GenreInput(title=title, artists=split_artists(artist), features={str(k): float(v) for k, v in row.items()})
        for title, artist, row in zip(table["song_title"], table["artist"], values, strict=True)
    ]
    return Added(
        ids=tuple(map(str, range(len(table)))),
        inputs=tuple(inputs),
        who=table["target"].to_numpy(np.intp),
        people=("dislikes", "likes"),
    )


def read_playlist(job: Job, settings: Settings) -> Added:
    """Read the playlist of a request; a track that several people added counts for the first.

    Raises
    ------
    ml.jobs.TooLittle
        No playlist was named, or fewer than two people added enough tracks.
    """
    playlist_id = str(job.request.get("playlist") or "")
    if not playlist_id or job.database.playlist(playlist_id) is None:
        raise TooLittle("Which playlist? There is none to learn from.", "Choose a playlist that several people filled.")
    adder: dict[str, str] = {}
    for item in _items(job.database, playlist_id):
        if item.added_by:
            adder.setdefault(item.track_id, item.added_by)
    known = _known(job.database, list(adder))
    counts = Counter(adder[track.id] for track in known)
    people = [p for p, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if n >= settings.least_tracks]
    people = people[: settings.most_people]
    if len(people) < 2:
        most = ", ".join(str(n) for _, n in counts.most_common(3)) or "none"
        raise TooLittle(
            f"Two people with {settings.least_tracks} tracks each are needed; the most that anybody added: {most}.",
            "Bring a playlist whose file says who added each track, such as an Exportify file of a collaborative one.",
        )
    index = {person: number for number, person in enumerate(people)}
    taken = [track for track in known if adder[track.id] in index]
    return Added(
        ids=tuple(track.id for track in taken),
        inputs=tuple(input_of(track) for track in taken),
        who=np.array([index[adder[track.id]] for track in taken], np.intp),
        people=tuple(people),
        left_out=len(known) - len(taken),
    )


def _items(database: Database, playlist_id: str) -> Iterator[PlaylistItem]:
    start = 0
    while items := database.playlist_items(playlist_id, start=start, limit=_PAGE):
        yield from items
        start += len(items)


def _known(database: Database, ids: Sequence[str]) -> list[Track]:
    known: dict[str, Track] = {}
    for at in range(0, len(ids), _PAGE):
        known.update(database.get_tracks(ids[at : at + _PAGE]))
    return [known[track_id] for track_id in ids if track_id in known]
