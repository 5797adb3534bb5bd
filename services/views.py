"""How tracks are shown in every answer, and the base of all views of stored objects."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from store.domain import Track


class View:
    """A dataclass that shows a part of another object."""

    @classmethod
    def of(cls, shown: Any, **more: Any) -> Self:
        """Return the view of ``shown``; its fields are ``more``, and the attributes of ``shown`` of the same names."""
        names = _names(cls)  # type: ignore[arg-type]  # a class is hashable
        return cls(**{name: getattr(shown, name) for name in names if name not in more}, **more)


@cache
def _names(kind: type[View]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))  # type: ignore[arg-type]


# The function that returns the id of a track's audio file that this request's viewer may hear; the API sets it.
audible: ContextVar[Callable[[Track], str | None]] = ContextVar("audible")


@dataclass(frozen=True, kw_only=True)
class TrackSummary(View):
    """What every list of tracks shows; ``id`` is null if only the track's names are known.

    ``audio_url`` plays the track from a file of the installation, null where it has none for this viewer.
    """

    id: str | None
    title: str
    artists: tuple[str, ...]
    album: str | None
    year: int | None
    popularity: float | None
    explicit: bool | None
    duration_ms: int | None
    has_features: bool
    source: str
    labels: tuple[str, ...]
    audio_url: str | None

    @classmethod
    def of(cls, shown: Track, **more: Any) -> Self:
        """Return the summary of a track; ``more`` are the further fields of a subclass."""
        has_features = shown.features is not None
        return super().of(shown, id=shown.id or None, has_features=has_features, audio_url=audio_url(shown), **more)


def audio_url(track: Track) -> str | None:
    """Return the address that plays a track's file, ``None`` where this viewer may hear none."""
    find = audible.get(None)
    name = find(track) if find else None
    return f"/api/audio/{name}" if name else None


def ids_in(text: str) -> set[str]:
    """Return the ids of a comma-separated text."""
    return {part.strip() for part in text.split(",")} - {""}


@dataclass(frozen=True)
class Named:
    """A playlist, a person or another thing with a name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Worked:
    """An answer. A ``final`` one stays right until the catalogue changes: no source could add to it later."""

    body: object
    final: bool


@dataclass(frozen=True)
class ModelVersion:
    """The model that answered."""

    task: str
    version: str
