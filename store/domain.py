"""The domain types: frozen values that know no database, no HTTP and no file format.

A value that is missing is ``None``: never 0, never an empty string.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from store.text import normalise

# Spotify's Developer Policy (III.14) keeps its API's data out of machine learning: they are shown, no model reads them.
SHOWN_ONLY = frozenset({"spotify"})

MAX_PERSON_NAME = 60
# The marks of people on a map.
SHAPES = ("circle", "square", "triangle", "diamond", "plus", "wedge", "star", "cross")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

# Spotify's thirteen, with the inclusive bounds outside which a value is a fault of the source, not a property of the
# music.
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
    """What one source says of a track's sound.

    ``values`` maps names of :data:`AUDIO_FEATURES` to numbers in Spotify's units (``loudness`` in dB,
    ``tempo`` in beats per minute, ``duration_ms`` in milliseconds, ``key`` as pitch class 0 = C,
    ``mode`` 1 = major, the rest 0 to 1); a feature the source did not give has no entry.
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
class AlbumDetails:
    """What is known of the album of a track, and of the track's place on it.

    ``released`` is the date of release as precisely as it is known: ``1979``, ``1979-11`` or ``1979-11-30``. URIs are
    those of a service, such as ``spotify:album:ID`` or ``https://musicbrainz.org/release/MBID``.
    """

    released: str | None = None
    record_label: str | None = None
    artists: tuple[str, ...] = ()
    artist_uris: tuple[str, ...] = ()
    uri: str | None = None
    cover_url: str | None = None
    disc_number: int | None = None
    track_number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """One recording as one service names it.

    ``id`` is Spotify's where the track has one, else :func:`local_track_id`. ``labels`` are genres given
    to the track itself, ``artist_genres`` those of its artists; ``source`` says where the names are from. ``ids`` are
    those that sources have given it, by namespace (see :class:`etl.providers.base.Identity`). ``artist_uris`` are
    addresses of its artists at a service. The catalogue holds neither them nor ``album_details``. ``value_sources``
    names the source of each value that does not come from ``source``; audio features name theirs themselves.
    ``doubtful`` says that the names were read in an encoding that was guessed.
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

    def source_of(self, name: str) -> str:
        """Return where the value of the field ``name`` is from."""
        return self.value_sources.get(name, self.source)


# The title of a track of which nothing but an id is known, until a file or a source names it.
_UNNAMED = re.compile(r"(?:spotify|deezer|itunes|youtube|mbid|isrc):track:\S+")


def is_unnamed(title: str) -> bool:
    """Return whether a title is an id that stands in the place of an unknown one."""
    return _UNNAMED.fullmatch(title) is not None


def usable_features(track: Track) -> AudioFeatures | None:
    """Return the audio features that models and neighbours may read, ``None`` where there are none."""
    return track.features if track.features and track.features.source not in SHOWN_ONLY else None


def release_date(track: Track) -> str | None:
    """Return when the album came out, as precisely as it is known: a year, a month or a day."""
    details = track.album_details
    return (details and details.released) or (None if track.year is None else str(track.year))


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaylistItem:
    """One row of a playlist; ``added_by`` is the service's opaque id of a person.

    ``plays`` is how often the listener has played it, where the playlist comes from a history or a library. ``file`` is
    the path or the ``file:`` address of the listener's own file of it; it is shown to nobody else.
    """

    position: int
    track_id: str
    added_by: str | None = None
    added_at: datetime | None = None
    plays: int | None = None
    file: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What the listener calls somebody whom a playlist knows by an opaque id, and the colour ``#rrggbb`` they get.

    ``shape`` is their mark on a map, one of :data:`SHAPES`.
    """

    name: str | None = None
    colour: str | None = None
    shape: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Playlist:
    """A playlist without its items; ``contributors`` maps a person's id to the number of rows they added.

    ``people`` says by the same ids what the listener made of them; who is not in it has neither name nor colour.
    ``owner`` is the hashed browser session that brought it in, ``None`` for one that belongs to the installation: that
    the operator imported on the command line, or that was given to it. Everybody sees it there if it is ``shared``,
    else the operator alone. In a playlist ``made_for`` people, ``added_by`` of a row is whom its track is for.
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


def person_name(value: object) -> str | None:
    """Return ``value`` as somebody's name: one line of at most 60 characters; ``None`` for what is none."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in value).split()) if isinstance(value, str) else ""
    return plain[:MAX_PERSON_NAME] or None


def person_colour(value: object) -> str | None:
    """Return ``value`` if it is a colour ``#rrggbb``, in lower case; ``None`` for what is none."""
    return value.lower() if isinstance(value, str) and _COLOUR.fullmatch(value) else None


def person_shape(value: object) -> str | None:
    """Return ``value`` if it is one of :data:`SHAPES`, ``None`` for what is none."""
    return value if isinstance(value, str) and value in SHAPES else None


def local_track_id(title: str, artists: Iterable[str], album: str | None, duration_ms: int | None) -> str:
    """Return a stable id for a track that no service numbers: ``local-`` and 16 hex digits."""
    key = "\x1f".join([normalise(title), *map(normalise, artists), normalise(album or ""), str(duration_ms or "")])
    return "local-" + hashlib.sha256(key.encode()).hexdigest()[:16]
