"""One call to one source: the choice of the credential, and retries."""

import logging
from collections.abc import Sequence

import requests

from etl.engine.bucket import GateFault
from etl.engine.channel import SourceChannel
from etl.engine.clock import Clock
from etl.engine.credentials import Credential, first_free
from etl.providers.base import FaultKind, LookupQuery, Need, NotThere, Provider, SourceFault, Value

log = logging.getLogger(__name__)

_TRIES = 3
_BAD_REQUEST = 400


def call(
    provider: Provider,
    need: Need,
    queries: Sequence[LookupQuery],
    credentials: Sequence[Credential],
    clock: Clock,
    until: float,
) -> list[Value | SourceFault | None]:
    """Return an answer or a fault for each of ``queries`` (one batch).

    When a credential is limited, the next one is used. A batch that the source answers with 400 is sent again in
    halves, so that one bad query does not cost the others their answers.
    """
    for attempt in range(_TRIES + len(credentials)):
        credential = first_free(credentials)
        try:
            return list(_answer(provider, need, queries, credential.channel))
        except SourceFault as fault:
            if fault.status == _BAD_REQUEST and len(queries) > 1:
                half = len(queries) // 2
                parts = (queries[:half], queries[half:])
                return [answer for part in parts for answer in call(provider, need, part, credentials, clock, until)]
            if not _again(fault, credential, credentials, clock, until) or attempt + 1 == _TRIES + len(credentials):
                return [fault] * len(queries)
    raise AssertionError("the last attempt returns")


def _again(
    fault: SourceFault, credential: Credential, credentials: Sequence[Credential], clock: Clock, until: float
) -> bool:
    """Return whether another attempt may help, and note a limit that the provider found in an answer."""
    if fault.kind is not FaultKind.LIMITED:
        return False
    if isinstance(fault, GateFault):  # the session has noted it and made its retries
        return any(other.bucket.wait_s() == 0.0 for other in credentials if other is not credential)
    fault.retry_after_s = credential.bucket.note_limit(fault.message.rstrip("."), fault.retry_after_s)
    return clock.monotonic() + min(usable.bucket.wait_s() for usable in credentials) < until


def _answer(
    provider: Provider, need: Need, queries: Sequence[LookupQuery], channel: SourceChannel
) -> Sequence[Value | None]:
    title = provider.about.title
    try:
        values = provider.answer(need, queries, channel)
    except NotThere:
        return [None] * len(queries)
    except requests.RequestException as fault:
        raise SourceFault(FaultKind.UNREACHABLE, f"No request could be sent to {title}.") from fault
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as fault:
        log.warning("%s: %s was answered in a form that is not known", provider.about.name, need, exc_info=fault)
        raise SourceFault(FaultKind.GARBLED, f"{title} answers in a form that Tastemap does not know.") from fault
    if len(values) != len(queries):
        raise SourceFault(FaultKind.GARBLED, f"{title} answered {len(values)} of {len(queries)} queries.")
    return values
