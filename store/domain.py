"""The domain types: frozen values, independent of the database, HTTP and file formats.

A missing value is ``None``: never 0, never an empty string.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Self

from store.text import normalise

# Spotify's Developer Policy (III.14) forbids machine learning with data of its API: they may only be shown.
SHOWN_ONLY = frozenset({"spotify"})

MAX_PERSON_NAME = 60
# Characters of a person's id at a service, and the most people of a playlist: one document has all of them, and each
# change writes it anew.
MAX_PERSON_ID, MAX_PEOPLE = 256, 1000
MAX_PLAYS = 1 << 31
# The marks of people on a map.
SHAPES = ("circle", "square", "triangle", "diamond", "plus", "wedge", "star", "cross")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

# Spotify's thirteen audio features with inclusive bounds; a value outside them is an error of the source.
FEATURE_BOUNDS: Mapping[str, tuple[float, float]] = {
    "danceability": (0.0, 1.0),
    "energy": (0.0, 1.0),
    "key": (0.0, 11.0),
    "loudness": (-60.0, 10.0),
    "mode": (0.0, 1.0),
    "speechiness": (0.0, 1.0),
    "acousticness": (0.0, 1.0),
    "instrumentalness": (0.0, 1.0),
    "liveness": (0.0, 1.0),
    "valence": (0.0, 1.0),
    "tempo": (20.0, 300.0),
    "duration_ms": (1.0, 24 * 3_600_000.0),
    "time_signature": (1.0, 7.0),
}
AUDIO_FEATURES = tuple(FEATURE_BOUNDS)  # the order of every feature vector in this project
_UNKNOWN_VALUES = (math.nan,) * len(AUDIO_FEATURES)


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFeatures:
    """The audio features of a track from one source.

    ``values`` maps names of :data:`AUDIO_FEATURES` to numbers in Spotify's units (``loudness`` in dB,
    ``tempo`` in beats per minute, ``duration_ms`` in milliseconds, ``key`` as pitch class 0 = C,
    ``mode`` 1 = major, the rest 0 to 1); a missing feature has no entry.
    """

    values: Mapping[str, float]
    source: str
    fetched_at: datetime | None = None
    licence: str | None = None
    confidence: float = 1.0

    def vector(self) -> tuple[float, ...]:
        """Return the thirteen values in the order of :data:`AUDIO_FEATURES`, NaN where unknown."""
        return tuple(map(self.values.get, AUDIO_FEATURES, _UNKNOWN_VALUES))


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """Segments of a track: ``start`` and ``duration`` in seconds, 12 ``timbre`` and 12 ``pitches`` values in each."""

    start: tuple[float, ...]
    duration: tuple[float, ...]
    timbre: tuple[tuple[float, ...], ...]
    pitches: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AlbumDetails:
    """The album of a track, and the track's position on it.

    ``released`` is the date of release as precisely as it is known: ``1979``, ``1979-11`` or ``1979-11-30``. URIs
    belong to a service, such as ``spotify:album:ID`` or ``https://musicbrainz.org/release/MBID``.
    """

    released: str | None = None
    record_label: str | None = None
    artists: tuple[str, ...] = ()
    artist_uris: tuple[str, ...] = ()
    uri: str | None = None
    cover_url: str | None = None
    disc_number: int | None = None
    track_number: int | None = None


ALBUM_FIELDS = tuple(field.name for field in fields(AlbumDetails))


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """One recording as one service names it.

    ``id`` is Spotify's id if the track has one, else :func:`local_track_id`. ``labels`` are genres of the track
    itself, ``artist_genres`` those of its artists. ``source`` says where the names are from, ``value_sources`` the
    sources of values from elsewhere, except for audio features, which have their own. ``ids`` are the
    track's ids at other services, by namespace (see :class:`etl.providers.base.Identity`). ``artist_uris`` are its
    artists' addresses at a service; the catalogue has neither these nor ``album_details``. ``doubtful`` says that the
    names were read in a guessed encoding.
    """

    id: str
    title: str
    artists: tuple[str, ...]
    album: str | None = None
    year: int | None = None
    duration_ms: int | None = None
    isrc: str | None = None
    popularity: float | None = None
    explicit: bool | None = None
    labels: tuple[str, ...] = ()
    artist_genres: tuple[str, ...] = ()
    features: AudioFeatures | None = None
    source: str = "unknown"
    ids: Mapping[str, str] = field(default_factory=dict)
    artist_uris: tuple[str, ...] = ()
    album_details: AlbumDetails | None = None
    value_sources: Mapping[str, str] = field(default_factory=dict)
    doubtful: bool = False

    @property
    def first_artist(self) -> str:
        """The name of the first artist, "" if none is known."""
        return self.artists[0] if self.artists else ""

    @property
    def feature_values(self) -> Mapping[str, float]:
        """The audio features by name, empty if none are known."""
        return self.features.values if self.features else {}

    def source_of(self, name: str) -> str:
        """Return the source of the value of the field ``name``."""
        return self.value_sources.get(name, self.source)


# The provisional title of a track of which only an id is known.
_UNNAMED = re.compile(r"(?:spotify|deezer|itunes|youtube|mbid|isrc):track:\S+")


def is_unnamed(title: str) -> bool:
    """Return whether a title is an id, used because the real title is unknown."""
    return _UNNAMED.fullmatch(title) is not None


def usable_features(track: Track) -> AudioFeatures | None:
    """Return the audio features that models and neighbours may read, None if there are none."""
    return track.features if track.features and track.features.source not in SHOWN_ONLY else None


def release_date(track: Track) -> str | None:
    """Return the date of release as precisely as it is known: a year, a month or a day."""
    details = track.album_details
    return (details and details.released) or (None if track.year is None else str(track.year))


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaylistItem:
    """One row of a playlist; ``added_by`` is a service's id of a person.

    ``plays`` is how often the owner played the track, if the playlist comes from a history or a library. ``file`` is
    the path or the ``file:`` address of the owner's own file; only the owner sees it.
    """

    position: int
    track_id: str
    added_by: str | None = None
    added_at: datetime | None = None
    plays: int | None = None
    file: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """The name and the colour ``#rrggbb`` that the owner of a playlist gives to a person in it.

    ``shape`` is the person's mark on a map, one of :data:`SHAPES`.
    """

    name: str | None = None
    colour: str | None = None
    shape: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Self:
        """Return a person with what is valid in ``given``; a name is one line of at most 60 characters."""
        values = (given.get(part) for part in ("name", "colour", "shape"))
        name, colour, shape = (value if isinstance(value, str) else "" for value in values)
        plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        return cls(
            name=plain[:MAX_PERSON_NAME] or None,
            colour=colour.lower() if _COLOUR.fullmatch(colour) else None,
            shape=shape if shape in SHAPES else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Playlist:
    """A playlist without its items; ``contributors`` maps a person's id to the number of rows they added.

    ``people`` holds, by the same ids, the names, colours and shapes that were chosen for them. ``owner`` is the hash of
    the browser session that imported it. A playlist without an owner belongs to the installation: the operator imported
    it on the command line, or somebody gave it. If it is ``shared`` everybody sees it, else only the operator. In a
    playlist that was ``made_for`` people, ``added_by`` of a row names the person the track is for.
    """

    id: str
    name: str
    owner: str | None = None
    source: str = "unknown"
    item_count: int = 0
    contributors: Mapping[str, int] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    complete: bool = False
    shared: bool = False
    made_for: bool = False
    created_at: datetime | None = None


def playlist_id(owner: str | None, sha256: str, number: int = 0) -> str:
    """Return the id of a playlist, which is a hash of owner, file and ``number`` in the file."""
    within = f":{number}" if number else ""
    return hashlib.sha256(f"{owner or ''}\x1f{sha256}{within}".encode()).hexdigest()[:24]


def local_track_id(title: str, artists: Iterable[str], album: str | None, duration_ms: int | None) -> str:
    """Return a stable id for a track without an id of a service: ``local-`` and 16 hex digits."""
    key = "\x1f".join([normalise(title), *map(normalise, artists), normalise(album or ""), str(duration_ms or "")])
    return "local-" + hashlib.sha256(key.encode()).hexdigest()[:16]
