"""Checks the sources: what is stored about each, and, on request, one small query for each need that it offers.

No request is sent to a source that is switched off.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from etl.doctor.examination import Check, State
from etl.engine import Answer, Engine, SourceState, Status, VaultError
from etl.providers.base import FaultKind, Identity, LookupQuery, Need

# A recording that every catalogue should have; a source that does not know it has still answered.
PROBE = Identity(
    title="Bohemian Rhapsody",
    artists=("Queen",),
    ids={
        "isrc": "GBUM71029604",
        "spotify": "4u7EnebtmKWzUH433cf5Qv",
        "mbid": "b1a9c0e9-d987-4042-ae91-78d6a3267d69",
        "itunes": "1440650711",
    },
)
# Some sources are only asked for ids that are not known yet, so they get the track without other ids.
_UNNUMBERED = replace(PROBE, ids={"mbid": PROBE.ids["mbid"]})
_TEXTS = {Need.SEARCH: "Bohemian Rhapsody Queen", Need.GENRE_TRACKS: "rock", Need.ARTISTS: "Queen"}
# From this share on, the daily budget may not last.
_NEARLY_USED = 0.9
# Signed addresses, tokens and certificates are valid for minutes; a larger clock error breaks them.
_SKEW_SECONDS = 60.0


def look_at_standing(engine: Engine, state: SourceState) -> Iterator[Check]:
    """Yield findings from what is stored about a source. It sends no request."""
    check = partial(Check, state.name)
    if not state.on:
        switch = f"Switch it on under Settings to use it. On the server: python -m etl sources on {state.name}"
        remedy = "TASTEMAP_SOURCES says which sources are on." if engine.sources.fixed else switch
        yield check("state", State.OFF, "Switched off: nothing is sent there.", remedy)
        return
    try:
        engine.settings(state.name)
    except VaultError as fault:
        yield check("credentials", State.FAULT, fault.message, fault.hint)
        return
    yield _standing(state)
    if any(setting.set for setting in state.settings):
        yield check("credentials", State.OK, "The stored settings can be decrypted.")
    if state.budget:
        used, limit = state.budget.used, state.budget.limit
        message = f"{used:,} of the {limit:,} requests of a day are used."
        remedy = f"The budget is full again {_at(state.budget.resets_at)}; until then, other sources answer."
        nearly = used >= _NEARLY_USED * limit
        yield check("budget", State.WARNING, message, remedy) if nearly else check("budget", State.OK, message)
    skew = state.clock_skew_s
    if abs(skew) > _SKEW_SECONDS:
        message = f"This machine's clock is {abs(skew):,.0f} s {'ahead of' if skew > 0 else 'behind'} the source's."
        remedy = "Set the clock (timedatectl set-ntp true): logins, previews and waiting times depend on it."
        yield check("clock", State.WARNING, message, remedy)


def _standing(state: SourceState) -> Check:
    check = partial(Check, state.name, "state")
    if state.state == "needs_key":
        missing = [setting for setting in state.settings if setting.required and not setting.set]
        names = " ".join(f"{setting.name}=..." for setting in missing)
        remedy = f"Enter it in Settings. On the server: python -m etl sources set {state.name} {names}"
        labels = ", ".join(setting.label for setting in missing)
        return check(State.FAULT, f"Switched on, but this is not set: {labels}.", remedy)
    if state.state == "waiting":
        message = f"Paused until {_at(state.blocked_until)}: {state.blocked_why or 'it demands a pause'}"
        return check(State.WARNING, message, "Nothing needs to be done: requests go on then.")
    if state.state == "failing" and state.last_error:
        error = state.last_error
        return check(State.WARNING, f"Failed {_at(error.at)}: {error.message}", error.hint)
    last = f"; last answered {_at(state.last_ok_at)}" if state.last_ok_at else ""
    return check(State.OK, f"Switched on{last}.")


def probe_needs(engine: Engine, state: SourceState, within_s: float) -> Iterator[Check]:
    """Send a source one query for each need that it offers; each may take ``within_s`` seconds."""
    provider = engine.providers()[state.name]
    engine.retry(state.name)  # allows operations again that it refused before
    for need in sorted(provider.about.needs):
        queries = (LookupQuery(identity=identity, text=_TEXTS.get(need, "")) for identity in (PROBE, _UNNUMBERED))
        query = next((query for query in queries if provider.can(need, query)), None)
        if query:
            yield finding(engine.ask(state.name, need, query, within_s=within_s, fresh=True))


def finding(answer: Answer) -> Check:
    """Return the finding about a source from its answer to a test query."""
    check = partial(Check, answer.source, str(answer.need))
    if answer.status is Status.FOUND:
        return check(State.OK, "Answers.")
    if answer.status is Status.NOT_FOUND:
        return check(State.OK, "Answers, but does not know the track of the test query.")
    fault = answer.fault
    message, remedy = (fault.message, fault.hint) if fault else ("Gave no answer.", "Look again later.")
    if answer.status is Status.LIMITED:
        retry = f" The next request is {_at(fault.retry_at)}." if fault and fault.retry_at else ""
        return check(State.WARNING, message, f"Nothing needs to be done.{retry}")
    closed = answer.status is not Status.FAILED or (fault is not None and fault.kind is FaultKind.ABSENT)
    return check(State.OFF if closed else State.FAULT, message, remedy)


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "later"
