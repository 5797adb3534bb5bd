"""The state of each source, as the page and the doctor show it."""

from collections.abc import Mapping
from typing import Any

from etl.engine.answers import BudgetState, LastError, SettingState, SourceState
from etl.engine.bucket import Bucket, budget_used, fresh_bucket
from etl.engine.clock import Clock
from etl.engine.sources import Document, SourceRecords
from etl.engine.vault import VaultError
from etl.providers.base import About, FaultKind, Need, is_extended


def state_of(
    about: About,
    documents: Mapping[str, Document],
    sources: SourceRecords,
    buckets: Mapping[str, Bucket],
    clock: Clock,
) -> SourceState:
    """Return the state of one source; ``documents`` are all of the collection, ``buckets`` by credential."""
    document = documents.get(about.name, {})
    error = _last_error(document)
    try:
        settings = sources.settings(document)
        lacks = bool(sources.lacks(about.name, settings))
    except VaultError as fault:
        settings, lacks = {}, True
        error = LastError(at=clock.now(), kind=FaultKind.REFUSED, message=fault.message, hint=fault.hint)
    used = {name: dict(documents.get(f"{about.name}/{name}") or fresh_bucket("")) for name in buckets}
    asleep = [bucket.asleep(used[name]) for name, bucket in buckets.items()]
    until, why = (None, None) if None in asleep else min(filter(None, asleep))
    on = sources.is_on(about.name, document)
    offered = about.needs if is_extended(settings) else about.needs - about.extended
    return SourceState(
        name=about.name,
        title=about.title,
        home=about.home,
        licence=about.licence,
        terms=about.terms,
        sends=about.sends,
        needs=tuple(need for need in Need if need in offered),
        on=on,
        state=_word(on, lacks, until is not None, error is not None),
        blocked_until=until,
        blocked_why=why,
        budget=_budget(about, used, clock),
        last_ok_at=document.get("last_ok_at"),
        last_error=error,
        settings=_settings(about, settings),
        credentials=tuple(buckets),
        absent=document.get("absent", {}),
        clock_skew_s=max((bucket.get("skew_s", 0.0) for bucket in used.values()), key=abs),
    )


def _word(on: bool, lacks: bool, waits: bool, fails: bool) -> str:
    if not on:
        return "off"
    return "needs_key" if lacks else "waiting" if waits else "failing" if fails else "ready"


def _last_error(document: Document) -> LastError | None:
    error = document.get("last_error")
    return LastError(**{**error, "kind": FaultKind(error["kind"])}) if error else None


def _budget(about: About, used: Mapping[str, Mapping[str, Any]], clock: Clock) -> BudgetState | None:
    if about.rate.daily is None:
        return None
    counted = [budget_used(bucket, clock) for bucket in used.values()]
    return BudgetState(
        limit=about.rate.daily * len(used),
        used=sum(count for count, _ in counted),
        resets_at=min((until for _, until in counted if until), default=None),
    )


def _settings(about: About, settings: Mapping[str, str]) -> tuple[SettingState, ...]:
    return tuple(
        SettingState(
            name=setting.name,
            label=setting.label,
            help=setting.help,
            secret=setting.secret,
            required=setting.required,
            set=bool(settings.get(setting.name)),
            value=None if setting.secret else settings.get(setting.name),
        )
        for setting in about.settings
    )
