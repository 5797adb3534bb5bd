"""What the engine says: answers with their source, time and licence, and the state of each source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from config import Config
from etl.providers.base import FaultKind, Need, Value


class Status(StrEnum):
    """How a question ended."""

    FOUND = "found"
    NOT_FOUND = "not_found"  # the source answered that it does not have this
    FAILED = "failed"  # no connection, too slow, garbage, refused
    LIMITED = "limited"  # asleep: too many questions, until `Fault.retry_at`
    OFF = "off"  # the listener has not switched this source on
    CANNOT = "cannot"  # the source does not do this, or not with what is known of the track, or not without a key


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why there is no answer: ``message`` says what happened, ``hint`` what to do, ``retry_at`` when to ask again."""

    kind: FaultKind
    message: str
    hint: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one source said to one question. ``value`` is there where ``status`` is FOUND, and only there.

    ``fetched_at`` is when the source was asked (None where it was not), which for a ``cached`` answer lies back.
    """

    source: str
    need: Need
    status: Status
    value: Value | None = None
    fetched_at: datetime | None = None
    licence: str = ""
    fault: Fault | None = None
    cached: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineConfig:
    """What the engine needs to know of an installation; the members are those of :class:`config.Config`."""

    var: Path
    sources: frozenset[str] | None = None
    source_urls: Mapping[str, str] = field(default_factory=dict)
    secret_key: str = field(default="", repr=False)
    contact: str = ""


def engine_config(config: Config) -> EngineConfig:
    """Return the part of ``config`` that the engine needs."""
    return EngineConfig(
        var=config.var,
        sources=config.sources,
        source_urls=config.source_urls,
        secret_key=config.secret_key,
        contact=config.contact,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetState:
    """``used`` of ``limit`` requests in the last 24 hours (counted by the hour), of all credentials together.

    ``resets_at`` is when the oldest of them no longer count.
    """

    limit: int
    used: int
    resets_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LastError:
    at: datetime
    kind: FaultKind
    message: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingState:
    """A setting of a source and whether it is there; ``value`` is None for what is not set, and for secrets."""

    name: str
    label: str
    help: str
    secret: bool
    required: bool
    set: bool
    value: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """One source as the page and the doctor show it.

    ``state`` is ``off``, ``ready``, ``waiting`` (until ``blocked_until``, because ``blocked_why``), ``needs_key``
    or ``failing`` (see ``last_error``). ``absent`` says which needs and operations it refused for good, and when;
    ``clock_skew_s`` by how many seconds our clock was ahead of the source's when it answered last.
    """

    name: str
    title: str
    home: str
    licence: str
    terms: str
    sends: str
    needs: tuple[Need, ...]
    on: bool
    state: str
    blocked_until: datetime | None = None
    blocked_why: str | None = None
    budget: BudgetState | None = None
    last_ok_at: datetime | None = None
    last_error: LastError | None = None
    settings: tuple[SettingState, ...] = ()
    credentials: tuple[str, ...] = ()
    absent: Mapping[str, datetime] = field(default_factory=dict)
    clock_skew_s: float = 0.0
