"""Shared by all providers: the table of a source's handlers, and readers of JSON of any form."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from etl.identity import ISRC, SPOTIFY_ID, clean_isrc
from etl.providers.base import (
    About,
    Candidate,
    Channel,
    FaultKind,
    Identity,
    LookupQuery,
    Need,
    NotThere,
    SourceFault,
    SourceFeatures,
    Value,
)
from etl.values import boolean, number, text, year_of
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Ids are checked, because they become parts of addresses and a wrong one makes a source refuse a whole batch.
_FORMS = {
    "isrc": ISRC,
    "spotify": SPOTIFY_ID,
    "mbid": _UUID,
    "artist_mbid": _UUID,
    "reccobeats": _UUID,
}
_NUMBER = re.compile(r"\d{1,18}")


class Object(dict[str, Any]):
    """A JSON object of any form: a value that is missing or of another form is ``None``, [] or an empty object."""

    def inner(self, name: str) -> "Object":
        """Return the object under ``name``."""
        value = self.get(name)
        return Object(value) if isinstance(value, Mapping) else Object()

    def rows(self, name: str) -> list["Object"]:
        """Return the objects of the array under ``name``."""
        value = self.get(name)
        return [Object(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []

    def texts(self, name: str) -> list[str]:
        """Return the strings of the array under ``name``."""
        value = self.get(name)
        return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else []

    def text(self, name: str) -> str | None:
        return text(self.get(name))

    def number(self, name: str, *bounds: float) -> float | None:
        return number(self.get(name), *bounds)

    def boolean(self, name: str) -> bool | None:
        return boolean(self.get(name))

    def year(self, name: str) -> int | None:
        """Return the year of a date."""
        return year_of(self.get(name))

    def isrc(self, name: str) -> str | None:
        """Return an ISRC, or the first one of an array."""
        value = self.get(name)
        return next(filter(None, map(clean_isrc, value if isinstance(value, list) else [value])), None)

    def id(self, name: str) -> str | None:
        """Return an id that is a positive number or a string."""
        value = self.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value) if value > 0 else None
        return text(value)

    def milliseconds(self, name: str, factor: float = 1.0) -> int | None:
        """Return a length in ms if it is within bounds; ``factor`` is the milliseconds of the source's unit."""
        given = self.number(name)
        length = None if given is None else number(given * factor, *FEATURE_BOUNDS["duration_ms"])
        return None if length is None else round(length)


@dataclass(frozen=True, slots=True)
class NeedHandler:
    """How a source answers one need; ``knows`` says whether a query has what it needs."""

    knows: Callable[[LookupQuery], bool]
    answer: Callable[[Sequence[LookupQuery], Channel], list[Value | None]]


def single(knows: Callable[[LookupQuery], bool], answer: Callable[[LookupQuery, Channel], Value | None]) -> NeedHandler:
    """Return the handler of a need that has no batches; ``answer`` answers one query."""

    def each(queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
        if len(queries) == 1:
            return [answer(queries[0], channel)]
        return [_or_none(answer, query, channel) for query in queries]

    return NeedHandler(knows, each)


def _or_none(
    answer: Callable[[LookupQuery, Channel], Value | None], query: LookupQuery, channel: Channel
) -> Value | None:
    try:
        return answer(query, channel)
    except NotThere:
        return None


class Translator:
    """A provider that answers with its ``handlers``."""

    about: ClassVar[About]
    handlers: ClassVar[Mapping[Need, NeedHandler]]

    def can(self, need: Need, query: LookupQuery) -> bool:
        """Return whether ``query`` has what this source needs to answer ``need``."""
        handler = self.handlers.get(need)
        return handler is not None and handler.knows(query)

    def answer(self, need: Need, queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
        """Return the answers to ``queries`` in their order, ``None`` if the source knows nothing."""
        return self.handlers[need].answer(queries, channel)


def has_text(query: LookupQuery) -> bool:
    """Return whether ``query`` has words to search for."""
    return bool(query.text.strip())


def known_id(identity: Identity, *namespaces: str) -> str | None:
    """Return the first valid id in one of ``namespaces``."""
    given = ((_FORMS.get(name, _NUMBER), identity.ids.get(name, "")) for name in namespaces)
    return next((value for form, value in given if form.fullmatch(value)), None)


def the_id(identity: Identity, *namespaces: str) -> str:
    """Return the id that :func:`has_id` has found."""
    found = known_id(identity, *namespaces)
    assert found is not None, f"a query without an id of {namespaces}"
    return found


def has_id(*namespaces: str) -> Callable[[LookupQuery], bool]:
    """Return the check that the track is known by an id in one of ``namespaces``."""
    return lambda query: known_id(query.identity, *namespaces) is not None


def garbled(source: str, what: str) -> SourceFault:
    """Return the fault of an answer of an unexpected form; ``what`` was expected."""
    return SourceFault(
        FaultKind.GARBLED,
        f"{source} answered with something else than {what}.",
        "The service may have changed, or a proxy has answered instead of it.",
    )


def as_object(value: object, source: str, what: str) -> Object:
    """Return ``value`` if it is a JSON object; raises :class:`SourceFault` GARBLED if not."""
    if not isinstance(value, Mapping):
        raise garbled(source, what)
    return Object(value)


def as_rows(value: object, source: str, what: str) -> list[Object]:
    """Return the objects of a JSON array without nulls; raises :class:`SourceFault` GARBLED if it is not one."""
    if not isinstance(value, list) or not all(row is None or isinstance(row, Mapping) for row in value):
        raise garbled(source, what)
    return [Object(row) for row in value if row is not None]


def ids_of(**found: str | None) -> dict[str, str]:
    """Return the ids that are known, by namespace."""
    return {name: value for name, value in found.items() if value}


def candidate(
    title: str | None,
    artists: Iterable[str | None],
    *,
    album: str | None = None,
    year: int | None = None,
    duration_ms: int | None = None,
    score: float | None = None,
    popularity: float | None = None,
    explicit: bool | None = None,
    **ids: str | None,
) -> Candidate | None:
    """Return a track with those of ``artists`` and ``ids`` (by namespace) that are known; ``None`` without a title."""
    if not title:
        return None
    names = tuple(filter(None, artists))
    known = Identity(title=title, artists=names, album=album, year=year, duration_ms=duration_ms, ids=ids_of(**ids))
    return Candidate(identity=known, score=score, popularity=popularity, explicit=explicit)


def source_features(values: Mapping[str, object], confidence: float) -> SourceFeatures | None:
    """Return the features within their bounds; ``None`` if there are none.

    A value outside :data:`store.domain.FEATURE_BOUNDS` (a key of -1, a tempo of 0) is left out, not clipped.
    """
    bounded = {name: number(values.get(name), *FEATURE_BOUNDS[name]) for name in AUDIO_FEATURES}
    kept = {name: value for name, value in bounded.items() if value is not None}
    return SourceFeatures(values=kept, confidence=confidence) if kept else None
