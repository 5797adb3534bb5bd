"""Answers as JSON text, the form in which the database keeps them."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any

from etl.providers.base import (
    ArtistFound,
    Candidate,
    Cover,
    GenreTag,
    Identity,
    Need,
    Preview,
    SourceFeatures,
    Value,
)
from store.domain import Analysis

_SINGLE: Mapping[Need, type] = {
    Need.TRACK: Candidate,
    Need.FEATURES: SourceFeatures,
    Need.PREVIEW: Preview,
    Need.COVER: Cover,
    Need.ANALYSIS: Analysis,
}
_MANY: Mapping[Need, type] = {
    Need.SEARCH: Candidate,
    Need.GENRES: GenreTag,
    Need.SIMILAR: Candidate,
    Need.GENRE_TRACKS: Candidate,
    Need.ARTISTS: ArtistFound,
}


def dumps(value: Value) -> str:
    """Return ``value`` as JSON text; members with their default value are left out."""
    return json.dumps(_plain(value), separators=(",", ":"))


def loads(need: Need, text: str) -> Value:
    """Return the answer to ``need`` that :func:`dumps` wrote.

    Raises ValueError if the text does not fit the present types: an earlier version wrote it.
    """
    try:
        found = json.loads(text)
        if need in _SINGLE:
            return _made(_SINGLE[need], found)
        return tuple(_made(_MANY[need], entry) for entry in found)
    except (TypeError, KeyError, AttributeError) as fault:
        raise ValueError(f"not an answer about {need}: {fault}") from fault


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in fields(value) if not _is_default(value, field)
        }
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _is_default(value: Any, field: Any) -> bool:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return getattr(value, field.name) == default


def _made(kind: type, members: Mapping[str, Any]) -> Any:
    known = {name: _tuples(member) for name, member in members.items()}
    if kind is Candidate:
        known["identity"] = _made(Identity, known["identity"])
    if kind is Preview and "expires_at" in known:
        known["expires_at"] = datetime.fromisoformat(known["expires_at"])
    return kind(**known)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
