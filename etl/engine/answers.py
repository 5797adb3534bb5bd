"""What the engine returns: answers with their source, time and licence, and the state of each source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from etl.providers.base import FaultKind, Need, Value


class Status(StrEnum):
    """The outcome of a query."""

    FOUND = "found"
    NOT_FOUND = "not_found"  # the source answered that it does not have this
    FAILED = "failed"  # no connection, too slow, garbage, refused
    LIMITED = "limited"  # rate limit reached, until `Fault.retry_at`
    OFF = "off"  # this source is not switched on
    CANNOT = "cannot"  # the source does not offer this, or needs more of the track, or needs a key


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why there is no answer: ``message`` says what happened, ``hint`` what to do, ``retry_at`` when to try again."""

    kind: FaultKind
    message: str
    hint: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A source's answer to one query. ``value`` is None unless ``status`` is FOUND.

    ``fetched_at`` is when the query was sent to the source, None if it was not sent; a ``cached`` answer keeps the
    time of its first fetch.
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
    """A setting of a source and whether it is set; ``value`` is None if it is not set, and for secrets."""

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
    or ``failing`` (see ``last_error``). ``absent`` maps the needs and operations that it refused for good to the
    time of the refusal. ``clock_skew_s`` is by how many seconds our clock was ahead of the source's at its last
    answer.
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
    absent: Mapping[str, datetime] = field(default_factory=dict)
    clock_skew_s: float = 0.0
