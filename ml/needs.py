"""The least data of each training, and a fast count of the data there are.

A training without enough data is refused before it is queued. Counts that would take long are replaced by upper bounds,
so that no possible training is refused; the training itself counts exactly and refuses by the same numbers.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from ml.perception.pairs import pairs
from store.catalogue.catalogue import Snapshot
from store.database import Database
from store.domain import Playlist
from store.errors import TastemapError
from store.facts import analysed

LISTS, SONGS = 5, 10  # continuation
FAMILY_TRACKS = 50
GENRE_TRACKS, GENRES, ARTISTS = 500, 3, 20
MAP_TRACKS = 30
ANALYSES = 20
PAIRS = 50
_CONTRIBUTORS = Path(__file__).parent / "contributors" / "train" / "settings.toml"


class TooLittle(TastemapError):  # noqa: N818 - a state of the collection that the user can change
    """There is too little to learn from."""

    code = "too_little"


@dataclass(frozen=True, kw_only=True, slots=True)
class Available:
    """The data for a training; ``owner`` is the browser session, ``playlist`` the one it chose."""

    database: Database
    snapshot: Snapshot
    owner: str | None
    playlist: Playlist | None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, database: Database, snapshot: Snapshot, owner: str | None, request: Mapping[str, Any]) -> Self:
        """Return the data for the ``request`` of a training: its ``playlist`` and its ``options``."""
        playlist = database.playlist(request["playlist"]) if request.get("playlist") else None
        options = request.get("options") or {}
        return cls(database=database, snapshot=snapshot, owner=owner, playlist=playlist, options=options)


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """The data needed (``least``), a sentence about the data ``found``, and whether they may be ``enough``."""

    least: str
    enough: bool
    found: str

    def check(self) -> None:
        """Raise TooLittle unless there is enough."""
        if not self.enough:
            raise TooLittle(f"Training needs {self.least}. {self.found}", "Import more, then train again.")


def added_by(database: Database, playlist: Playlist) -> dict[str, str]:
    """Return the person who added each track of a playlist, by track id; the first one of several."""
    adder: dict[str, str] = {}
    for item in database.playlist_items(playlist.id, limit=playlist.item_count):
        if item.added_by:
            adder.setdefault(item.track_id, item.added_by)
    return adder


@cache
def _person_tracks() -> int:
    return int(tomllib.loads(_CONTRIBUTORS.read_text(encoding="utf-8"))["scoring"]["least_tracks"])


def continuation(available: Available) -> Needs:
    """Count playlists that are long enough."""
    count = sum(playlist.item_count >= SONGS for playlist in available.database.playlists(available.owner))
    return _counted(f"{LISTS} playlists of {SONGS} songs or more", count, LISTS)


def contributors(available: Available) -> Needs:
    """Count how many tracks each person added to the chosen playlist."""
    least, playlist = available.options.get("least_tracks"), available.playlist
    least = least if isinstance(least, int) else _person_tracks()
    adder = added_by(available.database, playlist) if playlist else {}
    counts = [count for _, count in Counter(adder.values()).most_common()]
    if counts:
        found = f"The most tracks that people added: {', '.join(map(str, counts[:3]))}."
    elif playlist:
        found = (
            "Its file names nobody: it must say who added each track, as Exportify's file of a shared playlist does."
        )
    else:
        found = "No playlist is chosen, so there are none."
    enough = sum(count >= least for count in counts) >= 2
    return Needs(least=f"two people with {least} different tracks each", enough=enough, found=found)


def families(available: Available) -> Needs:
    """Count tracks that have both a genre and audio features, up to as many as are needed."""
    both = (
        row
        for segment in available.snapshot.segments
        for row in np.flatnonzero(segment.with_features()).tolist()
        if segment.genres(row)
    )
    count = sum(1 for _ in islice(both, FAMILY_TRACKS))
    return _counted(f"{FAMILY_TRACKS} tracks with a genre and audio features", count, FAMILY_TRACKS)


def genre(available: Available) -> Needs:
    """Count tracks that have a genre, with their genres and artists."""
    tracks = artists = 0
    genres: set[str] = set()
    for segment in available.snapshot.segments:
        names, rows = segment.labelled()
        genres.update(names)
        tracks += len(rows)
        artists += len(np.unique(segment.artist_code[rows]))
    return Needs(
        least=f"{GENRE_TRACKS} tracks with a genre, of {GENRES} genres and {ARTISTS} artists",
        enough=tracks >= GENRE_TRACKS and len(genres) >= GENRES and artists >= ARTISTS,
        found=f"There are {tracks or 'none'}, of {len(genres)} genres and {artists} artists.",
    )


def projection(available: Available) -> Needs:
    """Count the tracks of the chosen playlist, or without one the catalogue's tracks with audio features."""
    if available.playlist:
        count = available.playlist.item_count
    else:
        count = sum(int(segment.with_features().sum()) for segment in available.snapshot.segments)
    return _counted(f"{MAP_TRACKS} tracks with audio features", count, MAP_TRACKS)


def timbre(available: Available) -> Needs:
    """Count tracks with an audio analysis."""
    return _counted(f"{ANALYSES} audio analyses", len(analysed(available.database)), ANALYSES)


def perception(available: Available) -> Needs:
    """Count tracks with both an analysed file and a provider's audio features, up to as many as are needed."""
    count = sum(1 for _ in islice(pairs(available.database), PAIRS))
    return _counted(f"{PAIRS} tracks with both an analysed file of yours and a provider's audio features", count, PAIRS)


def _counted(least: str, count: int, needed: int) -> Needs:
    return Needs(least=least, enough=count >= needed, found=f"There {'is' if count == 1 else 'are'} {count or 'none'}.")
