"""What every translation needs: a table of what a source can do, and readers of JSON that trust nothing."""

from __future__ import annotations

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
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

Object = Mapping[str, Any]

_YEAR = re.compile(r"(1[89]\d\d|20\d\d)(?:-|$)")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# One id that is none would have a source refuse a whole batch, and ids become parts of addresses.
_FORMS = {
    "isrc": ISRC,
    "spotify": SPOTIFY_ID,
    "mbid": _UUID,
    "artist_mbid": _UUID,
    "reccobeats": _UUID,
}
# JSON knows whole numbers that no float can hold.
_LARGEST = 1e300
_NUMBER = re.compile(r"\d{1,18}")


@dataclass(frozen=True, slots=True)
class NeedHandler:
    """How a source answers one need: what it must know, and the questions turned into answers, in their order."""

    knows: Callable[[LookupQuery], bool]
    answer: Callable[[Sequence[LookupQuery], Channel], list[Value | None]]


def one_by_one(
    knows: Callable[[LookupQuery], bool], answer: Callable[[LookupQuery, Channel], Value | None]
) -> NeedHandler:
    """Return the handler of a need that takes a call (or several) for each question."""

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
    """A provider whose ``handlers`` say what it can do."""

    about: ClassVar[About]
    handlers: ClassVar[Mapping[Need, NeedHandler]]

    def can(self, need: Need, query: LookupQuery) -> bool:
        """Tell whether ``query`` holds what this source must know to answer ``need``."""
        handler = self.handlers.get(need)
        return handler is not None and handler.knows(query)

    def answer(self, need: Need, queries: Sequence[LookupQuery], channel: Channel) -> list[Value | None]:
        """Answer the questions in their order, ``None`` where the source knows nothing."""
        return self.handlers[need].answer(queries, channel)


def has_text(query: LookupQuery) -> bool:
    """Tell whether the question holds words to search for."""
    return bool(query.text.strip())


def known_id(identity: Identity, *namespaces: str) -> str | None:
    """Return the first id in one of ``namespaces`` that has the form of one there."""
    given = ((_FORMS.get(name, _NUMBER), identity.ids.get(name, "")) for name in namespaces)
    return next((value for form, value in given if form.fullmatch(value)), None)


def the_id(identity: Identity, *namespaces: str) -> str:
    """Return the id that :func:`has_id` has seen."""
    found = known_id(identity, *namespaces)
    assert found is not None, f"asked without an id of {namespaces}"
    return found


def has_id(*namespaces: str) -> Callable[[LookupQuery], bool]:
    """Return the check that the track is known by an id in one of ``namespaces``."""
    return lambda query: known_id(query.identity, *namespaces) is not None


def garbled(source: str, what: str) -> SourceFault:
    """Return the fault of a source whose answer is not what it should be."""
    return SourceFault(
        FaultKind.GARBLED,
        f"{source} answered with something else than {what}.",
        "The service may have changed, or something between it and this computer answers in its place.",
    )


def as_object(value: object, source: str, what: str) -> Object:
    """Return ``value`` where it is a JSON object; raises :class:`SourceFault` GARBLED where it is not."""
    if not isinstance(value, Mapping):
        raise garbled(source, what)
    return value


def as_rows(value: object, source: str, what: str) -> list[Object]:
    """Return the objects of a JSON array, nulls left out; raises :class:`SourceFault` GARBLED where it is none."""
    if not isinstance(value, list):
        raise garbled(source, what)
    if any(row is not None and not isinstance(row, Mapping) for row in value):
        raise garbled(source, what)
    return [row for row in value if row is not None]


def inner(row: Object, name: str) -> Object:
    """Return the object under ``name``, an empty one where there is none."""
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def inner_rows(row: Object, name: str) -> list[Object]:
    """Return the objects of the array under ``name``, none where there is no array."""
    value = row.get(name)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def inner_texts(row: Object, name: str) -> list[str]:
    """Return the strings of the array under ``name``, none where there is no array."""
    value = row.get(name)
    return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return a string that says something, ``None`` otherwise."""
    return value.strip() or None if isinstance(value, str) else None


def id_text(value: object) -> str | None:
    """Return an id, whether the source writes it as a number or as a string; 0 and empty ones are none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value > 0 else None
    return text(value)


def number(value: object) -> float | None:
    """Return a finite number, ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST or value != value:
        return None
    return float(value)


def milliseconds(value: object, factor: float = 1.0) -> int | None:
    """Return a length in ms; ``factor`` is the source's unit. Lengths no recording has are none."""
    given = number(value)
    low, high = FEATURE_BOUNDS["duration_ms"]
    return round(given * factor) if given is not None and low <= given * factor <= high else None


def year(value: object) -> int | None:
    """Return the year of a date such as ``2001-03-07`` or ``2001``."""
    found = _YEAR.match(value) if isinstance(value, str) else None
    return int(found.group(1)) if found else None


def ids_of(**found: str | None) -> dict[str, str]:
    """Return the ids that are known, by namespace."""
    return {name: value for name, value in found.items() if value}


def sound(values: Mapping[str, object], confidence: float) -> SourceFeatures | None:
    """Return the values that a feature can have; ``None`` where none is left.

    A value outside :data:`store.domain.FEATURE_BOUNDS` (a key of -1, a tempo of 0) is missing, never clipped.
    """
    kept: dict[str, float] = {}
    for name in AUDIO_FEATURES:
        given = number(values.get(name))
        low, high = FEATURE_BOUNDS[name]
        if given is not None and low <= given <= high:
            kept[name] = given
    return SourceFeatures(values=kept, confidence=confidence) if kept else None
