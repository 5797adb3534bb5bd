"""One call of one source: with which credential, and again where that helps."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import requests

from etl.engine.bucket import GateFault
from etl.engine.channel import SourceChannel
from etl.engine.clock import Clock
from etl.engine.lines import Line
from etl.providers.base import FaultKind, LookupQuery, Need, NotThere, Provider, SourceFault, Value

log = logging.getLogger(__name__)

_TRIES = 3
_BAD_QUESTION = 400


def call(
    provider: Provider, need: Need, queries: Sequence[LookupQuery], lines: Sequence[Line], clock: Clock, until: float
) -> list[Value | SourceFault | None]:
    """Return an answer, or the fault that took its place, for each of ``queries`` (one batch).

    A limited credential is followed by the next one. A batch that the source finds fault with is asked in halves,
    so that one bad question does not cost the others their answers.
    """
    for attempt in range(_TRIES + len(lines)):
        line = min(lines, key=lambda one: one.bucket.wait_s()) if len(lines) > 1 else lines[0]
        try:
            return list(_answer(provider, need, queries, line.channel))
        except SourceFault as fault:
            if fault.status == _BAD_QUESTION and len(queries) > 1:
                half = len(queries) // 2
                parts = (queries[:half], queries[half:])
                return [one for part in parts for one in call(provider, need, part, lines, clock, until)]
            if not _again(fault, line, lines, clock, until) or attempt + 1 == _TRIES + len(lines):
                return [fault] * len(queries)
    raise AssertionError("the last attempt returns")


def _again(fault: SourceFault, line: Line, lines: Sequence[Line], clock: Clock, until: float) -> bool:
    """Tell whether another attempt makes sense, and note a limit that the provider found in an answer."""
    if fault.kind is not FaultKind.LIMITED:
        return False
    if isinstance(fault, GateFault):  # noted, and tried again as often as made sense
        return any(one.bucket.wait_s() == 0.0 for one in lines if one is not line)
    fault.retry_after_s = line.bucket.note_limit(fault.message.rstrip("."), fault.retry_after_s)
    return clock.monotonic() + min(one.bucket.wait_s() for one in lines) < until


def _answer(
    provider: Provider, need: Need, queries: Sequence[LookupQuery], channel: SourceChannel
) -> Sequence[Value | None]:
    title = provider.about.title
    try:
        values = provider.answer(need, queries, channel)
    except NotThere:
        return [None] * len(queries)
    except requests.RequestException as fault:
        raise SourceFault(FaultKind.UNREACHABLE, f"{title} could not be asked.") from fault
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as fault:
        log.warning("%s: %s was answered in a form that is not known", provider.about.name, need, exc_info=fault)
        raise SourceFault(FaultKind.GARBLED, f"{title} answers in a form that Tastemap does not know.") from fault
    if len(values) != len(queries):
        raise SourceFault(FaultKind.GARBLED, f"{title} answered {len(values)} of {len(queries)} questions.")
    return values
