"""What all translations use: the table of a source's handlers, and functions that read JSON of any form."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from etl.identity import ISRC, SPOTIFY_ID
from etl.providers.base import (
    About,
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
from etl.values import number, text
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

Object = Mapping[str, Any]

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
        "The service may have changed, or a proxy on the way has answered instead of it.",
    )


def as_object(value: object, source: str, what: str) -> Object:
    """Return ``value`` if it is a JSON object; raises :class:`SourceFault` GARBLED if not."""
    if not isinstance(value, Mapping):
        raise garbled(source, what)
    return value


def as_rows(value: object, source: str, what: str) -> list[Object]:
    """Return the objects of a JSON array without nulls; raises :class:`SourceFault` GARBLED if it is not one."""
    if not isinstance(value, list):
        raise garbled(source, what)
    if any(row is not None and not isinstance(row, Mapping) for row in value):
        raise garbled(source, what)
    return [row for row in value if row is not None]


def inner(row: Object, name: str) -> Object:
    """Return the object under ``name``, an empty one if there is none."""
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def inner_rows(row: Object, name: str) -> list[Object]:
    """Return the objects of the array under ``name``, [] if there is no array."""
    value = row.get(name)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def inner_texts(row: Object, name: str) -> list[str]:
    """Return the strings of the array under ``name``, [] if there is no array."""
    value = row.get(name)
    return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else []


def id_text(value: object) -> str | None:
    """Return an id that is a positive number or a string, ``None`` for others."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value > 0 else None
    return text(value)


def milliseconds(value: object, factor: float = 1.0) -> int | None:
    """Return a length in ms, ``None`` if it is out of bounds; ``factor`` is the milliseconds of the source's unit."""
    given = number(value)
    length = None if given is None else number(given * factor, *FEATURE_BOUNDS["duration_ms"])
    return None if length is None else round(length)


def ids_of(**found: str | None) -> dict[str, str]:
    """Return the ids that are known, by namespace."""
    return {name: value for name, value in found.items() if value}


def source_features(values: Mapping[str, object], confidence: float) -> SourceFeatures | None:
    """Return the features within their bounds; ``None`` if there are none.

    A value outside :data:`store.domain.FEATURE_BOUNDS` (a key of -1, a tempo of 0) is left out, not clipped.
    """
    bounded = {name: number(values.get(name), *FEATURE_BOUNDS[name]) for name in AUDIO_FEATURES}
    kept = {name: value for name, value in bounded.items() if value is not None}
    return SourceFeatures(values=kept, confidence=confidence) if kept else None
