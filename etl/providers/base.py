"""What a source of facts about music is: the questions it may be asked, its answers, and how it fails.

A provider translates and nothing else: which addresses to ask for a question, and what the JSON that comes back
means. Limits, waiting, caching, credentials and the network lie in :mod:`etl.engine`, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import requests

from store.errors import TastemapError


class Need(StrEnum):
    """What one may want to know. The comment says what of :class:`LookupQuery` is read, and what is answered."""

    SEARCH = "search"  # text, page -> tuple[Candidate, ...], best first
    TRACK = "track"  # identity -> Candidate, with every id the source knows
    FEATURES = "features"  # identity -> SourceFeatures
    GENRES = "genres"  # identity -> tuple[GenreTag, ...], strongest first
    SIMILAR = "similar"  # identity -> tuple[Candidate, ...], most alike first
    PREVIEW = "preview"  # identity -> Preview
    ANALYSIS = "analysis"  # identity -> Analysis
    GENRE_TRACKS = "genre_tracks"  # text: a genre, page -> tuple[Candidate, ...]
    ARTISTS = "artists"  # text: a search term, page -> tuple[ArtistFound, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """How far a track is known. ``ids`` maps namespaces to ids.

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
    """One question. ``page`` counts from 0; ``owner`` is the browser session that asks, where that matters."""

    identity: Identity = field(default_factory=Identity)
    text: str = ""
    page: int = 0
    owner: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A track as a source names it. ``score`` is the source's own measure, 0 to 1; ``popularity`` 0 to 100."""

    identity: Identity
    score: float | None = None
    popularity: float | None = None
    explicit: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFeatures:
    """Audio features in the names and units of :data:`store.domain.AUDIO_FEATURES`, as far as the source knows them.

    ``confidence`` (0 to 1) says how near the source's scales are to Spotify's.
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
    """Where thirty seconds can be heard, until when, and whom the terms want named beside it."""

    url: str
    expires_at: datetime | None = None
    credit: str | None = None
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """Segments of a track: ``start`` and ``duration`` in seconds, 12 ``timbre`` and 12 ``pitches`` values in each."""

    start: tuple[float, ...]
    duration: tuple[float, ...]
    timbre: tuple[tuple[float, ...], ...]
    pitches: tuple[tuple[float, ...], ...] = ()


Value = (
    Candidate
    | SourceFeatures
    | Preview
    | Analysis
    | tuple[Candidate, ...]
    | tuple[GenreTag, ...]
    | tuple[ArtistFound, ...]
)


class FaultKind(StrEnum):
    """Why a source gave no answer."""

    LIMITED = "limited"  # too many questions: 429, 503, a quota in the body; `retry_after_s` where it says so
    UNREACHABLE = "unreachable"  # no connection, cut off, too slow, 5xx
    GARBLED = "garbled"  # an answer that is not what it should be
    REFUSED = "refused"  # our credentials or the account are not accepted
    ABSENT = "absent"  # this source no longer does this for us: asked once, then not again


class SourceFault(TastemapError):  # noqa: N818 - a state of the source, told to the listener
    """A source failed: ``message`` says how, ``hint`` what to do, ``retry_after_s`` when it may be asked again.

    ``status`` and ``body`` (its beginning) are those of an HTTP answer, where there was one.
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
    """The way to one source. Every request through it has passed the source's limits first.

    ``session`` does so for each of its requests too, and can be handed to a client library such as spotipy.
    ``settings`` are the source's own (client ids, tokens), decrypted.
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
    """Something the operator may tell a source: a client id, a token. ``secret`` ones are never shown again."""

    name: str
    label: str
    secret: bool = False
    required: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What the listener should know before switching a source on, and what the engine needs to know of it.

    ``found_days`` is how long an answer is kept; ``batches`` how many questions of a kind go into one call
    (1 where not named). ``reads`` are the namespaces of ids it looks at beside its own (``<name>``, ``<name>_...``);
    an answer is remembered under these and the names, so a question that gained other ids is still the same.
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
    """Tell whether the setting ``tier`` says that an app has extended access."""
    return settings.get("tier", "").strip().lower() == "extended"


class Provider(Protocol):
    """One source: pure translations between its JSON and the types above."""

    about: ClassVar[About]

    def can(self, need: Need, query: LookupQuery) -> bool:
        """Tell whether ``query`` holds what this source must know to answer ``need`` (an ISRC, an id of its own)."""

    def answer(self, need: Need, queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
        """Answer the questions in their order, ``None`` for those of which the source knows nothing.

        There are at most ``about.batches[need]`` of them (1 where not named), each of which it :meth:`can` answer.
        Raises :class:`SourceFault` where the source failed, and may let :class:`NotThere` pass for a single question.
        """
