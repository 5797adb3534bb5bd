"""The interface of a source of facts about music: queries, answers and faults.

A provider only translates: a query into requests, and the JSON of their answers into values. Limits, waiting, caching,
credentials and the network are in :mod:`etl.engine`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import requests

from store.domain import Analysis
from store.errors import TastemapError


class Need(StrEnum):
    """Kinds of queries. The comments say which members of :class:`LookupQuery` are read, and the type of the answer."""

    SEARCH = "search"  # text, page -> tuple[Candidate, ...], best first
    TRACK = "track"  # identity -> Candidate, with every id the source knows
    FEATURES = "features"  # identity -> SourceFeatures
    GENRES = "genres"  # identity -> tuple[GenreTag, ...], strongest first
    SIMILAR = "similar"  # identity -> tuple[Candidate, ...], most alike first
    PREVIEW = "preview"  # identity -> Preview
    COVER = "cover"  # identity -> Cover
    ANALYSIS = "analysis"  # identity -> Analysis
    GENRE_TRACKS = "genre_tracks"  # text: a genre, page -> tuple[Candidate, ...]
    ARTISTS = "artists"  # text: a search term, page -> tuple[ArtistFound, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What is known of a track's identity. ``ids`` maps namespaces to ids.

    Namespaces: ``isrc`` (upper case, no hyphens), ``mbid`` (MusicBrainz recording), ``artist_mbid``, and a source's
    own: ``spotify``, ``deezer``, ``deezer_artist``, ``deezer_album``, ``itunes``, ``reccobeats``.
    """

    title: str = ""
    artists: tuple[str, ...] = ()
    album: str | None = None
    year: int | None = None
    duration_ms: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupQuery:
    """One query. ``page`` counts from 0."""

    identity: Identity = field(default_factory=Identity)
    text: str = ""
    page: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A track as a source names it. ``score`` is the source's own relevance, 0 to 1; ``popularity`` 0 to 100."""

    identity: Identity
    score: float | None = None
    popularity: float | None = None
    explicit: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFeatures:
    """Audio features in the names and units of :data:`store.domain.AUDIO_FEATURES`, as far as the source knows them.

    ``confidence`` (0 to 1) is how similar the source's scales are to Spotify's.
    """

    values: Mapping[str, float]
    confidence: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class GenreTag:
    """A genre that a source knows; ``level`` is ``track``, ``album`` or ``artist``, ``weight`` 0 to 1."""

    name: str
    weight: float = 1.0
    level: str = "track"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtistFound:
    """An artist as a source names it."""

    name: str
    ids: Mapping[str, str] = field(default_factory=dict)
    genres: tuple[str, ...] = ()
    popularity: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The address of a preview of thirty seconds, its expiry, and the credit and link that the terms require."""

    url: str
    expires_at: datetime | None = None
    credit: str | None = None
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """The address of the picture of an album, some 300 pixels wide."""

    url: str


Value = (
    Candidate
    | SourceFeatures
    | Preview
    | Cover
    | Analysis
    | tuple[Candidate, ...]
    | tuple[GenreTag, ...]
    | tuple[ArtistFound, ...]
)


class FaultKind(StrEnum):
    """Why a source gave no answer."""

    LIMITED = "limited"  # too many requests: 429, 503, a quota in the body; `retry_after_s` if the source says so
    UNREACHABLE = "unreachable"  # no connection, cut off, too slow, 5xx
    GARBLED = "garbled"  # an answer of an unexpected form
    REFUSED = "refused"  # our credentials or the account are not accepted
    ABSENT = "absent"  # the source no longer offers this to us: it is not tried again


class SourceFault(TastemapError):  # noqa: N818 - a state of the source, shown to people
    """A source failed: ``message`` says how, ``hint`` what to do, ``retry_after_s`` when to try again (seconds).

    ``status`` and ``body`` (its beginning) are those of the HTTP answer, if there was one.
    """

    code = "source"

    def __init__(
        self,
        kind: FaultKind,
        message: str,
        hint: str = "",
        *,
        retry_after_s: float | None = None,
        status: int | None = None,
        body: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.status = status
        self.body = body


class NotThere(Exception):  # noqa: N818 - an answer
    """The source answers that it does not have this (HTTP 404, or its own way of saying so)."""


class Channel(Protocol):
    """The connection to one source. Each request waits until the source's limits allow it.

    ``session`` does that too, so it can be given to a client library such as spotipy. ``settings`` are the source's
    own (client ids, tokens), decrypted.
    """

    @property
    def session(self) -> requests.Session: ...

    @property
    def base_url(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, str]: ...

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the decoded JSON of a GET; raises :class:`SourceFault`, and :class:`NotThere` for a 404."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """``per_second`` requests on average and ``burst`` at once; ``daily`` at most in 24 hours, if there is a limit."""

    per_second: float
    burst: int = 1
    daily: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A setting of a source: a client id, a token. ``secret`` ones are never shown again."""

    name: str
    label: str
    secret: bool = False
    required: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """The description of a source for people and for the engine.

    ``found_days`` is how long an answer is kept; ``batches`` how many queries of a kind go into one call (by default
    1). ``reads`` are the namespaces of ids that it reads besides its own (``<name>``, ``<name>_...``). The cache key
    of an answer is made of these ids and the names, so a query with other additional ids is still equal.
    ``extended`` are those of ``needs`` that only credentials with extended access get (:func:`is_extended`).
    """

    name: str
    title: str
    home: str
    base_url: str
    licence: str
    terms: str
    sends: str
    rate: Rate
    found_days: float
    not_found_days: float = 14.0
    failed_minutes: float = 10.0
    needs: frozenset[Need] = frozenset()
    extended: frozenset[Need] = frozenset()
    batches: Mapping[Need, int] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    reads: frozenset[str] = frozenset({"isrc", "mbid", "artist_mbid", "spotify"})


def is_extended(settings: Mapping[str, str]) -> bool:
    """Return whether the setting ``tier`` says that an app has extended access."""
    return settings.get("tier", "").strip().lower() == "extended"


class Provider(Protocol):
    """One source: pure translations between its JSON and the types above."""

    about: ClassVar[About]

    def can(self, need: Need, query: LookupQuery) -> bool:
        """Return whether ``query`` has what this source needs to answer ``need`` (an ISRC, an id of its own)."""

    def answer(self, need: Need, queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
        """Return the answers to ``queries`` in their order, ``None`` if the source knows nothing.

        There are at most ``about.batches[need]`` queries (by default 1), each of which it :meth:`can` answer.

        Raises
        ------
        SourceFault
            The source failed.
        NotThere
            The source does not have this; only for a single query.
        """
