"""The least data of each training, and a fast upper bound of the data there are, shown before it is started.

The training counts exactly and refuses by the same numbers (:class:`ml.jobs.TooLittle`). The counts here are never
less, so nothing that could be trained is ruled out.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from store.catalogue.catalogue import Snapshot
from store.database import Database
from store.domain import Playlist
from store.facts import analysed

LISTS, SONGS = 5, 10  # continuation
FAMILY_TRACKS = 50
GENRE_TRACKS, GENRES, ARTISTS = 500, 3, 20
MAP_TRACKS = 30
ANALYSES = 20
_CONTRIBUTORS = Path(__file__).parent / "contributors" / "train" / "settings.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Available:
    """The data for a training; ``owner`` is the browser session, ``playlist`` the one it chose."""

    database: Database
    snapshot: Snapshot
    owner: str | None
    playlist: Playlist | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """``least`` is the data needed, ``found`` the data there are, both as texts; ``enough`` whether they may do."""

    least: str
    enough: bool
    found: str


@cache
def person_tracks() -> int:
    """Return how many tracks a person needs to be recognised, from the settings of ``contributors``."""
    return int(tomllib.loads(_CONTRIBUTORS.read_text(encoding="utf-8"))["scoring"]["least_tracks"])


def continuation(available: Available) -> Needs:
    """Count playlists that are long enough."""
    count = sum(playlist.item_count >= SONGS for playlist in available.database.playlists(available.owner))
    return _counted(f"{LISTS} playlists of {SONGS} songs or more", count, LISTS)


def contributors(available: Available) -> Needs:
    """Count how many tracks each person added to the chosen playlist."""
    least = person_tracks()
    counts = sorted(available.playlist.contributors.values() if available.playlist else (), reverse=True)
    found = f"The most that anybody added: {', '.join(map(str, counts[:3])) or 'none'}."
    enough = sum(count >= least for count in counts) >= 2
    return Needs(least=f"two people with {least} tracks each", enough=enough, found=found)


def families(available: Available) -> Needs:
    """Count tracks in the catalogue."""
    return _counted(f"{FAMILY_TRACKS} tracks with a genre and audio features", len(available.snapshot), FAMILY_TRACKS)


def genre(available: Available) -> Needs:
    """Count tracks in the catalogue."""
    least = f"{GENRE_TRACKS} tracks with a genre, of {GENRES} genres and {ARTISTS} artists"
    return _counted(least, len(available.snapshot), GENRE_TRACKS)


def projection(available: Available) -> Needs:
    """Count tracks of the chosen playlist, else of the catalogue."""
    count = available.playlist.item_count if available.playlist else len(available.snapshot)
    return _counted(f"{MAP_TRACKS} tracks with audio features", count, MAP_TRACKS)


def timbre(available: Available) -> Needs:
    """Count tracks with an audio analysis."""
    return _counted(f"{ANALYSES} audio analyses", len(analysed(available.database)), ANALYSES)


def _counted(least: str, count: int, needed: int) -> Needs:
    return Needs(least=least, enough=count >= needed, found=f"There {'is' if count == 1 else 'are'} {count or 'none'}.")
