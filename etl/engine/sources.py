"""Stores whether each source is on, its settings, what it refused and its last errors, and returns its state.

Collection ``sources`` has one document per source, and one per bucket (``<source>/<credential>``).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from config import Config
from etl.engine.answers import BudgetState, LastError, SettingState, SourceState
from etl.engine.bucket import COLLECTION, Bucket, budget_used, fresh_bucket
from etl.engine.clock import Clock
from etl.engine.vault import Vault, VaultError
from etl.providers.base import About, FaultKind, Need, Provider, SourceFault, is_extended
from store.database import Database
from store.recent import Recent

DEFAULT = "default"
_CHOICE = "_choice"
_SWEPT = "_swept"
# The time of the last good answer is written at most this often.
_FRESH = timedelta(minutes=1)
# Spotify limits each developer, and its terms forbid several credentials of one developer.
_NEVER_POOLED = frozenset({"spotify"})

Document = Mapping[str, Any]


class SourceRecords:
    """Reads and writes the documents of sources; ``providers`` are all known sources by name."""

    def __init__(
        self, database: Database, config: Config, providers: Mapping[str, Provider], vault: Vault, clock: Clock
    ) -> None:
        self._database = database
        self._config = config
        self._providers = providers
        self._vault = vault
        self._clock = clock
        self.recent = Recent(self.all)

    def all(self) -> dict[str, Document]:
        """Return every document of the collection by ``_id``."""
        return {document["_id"]: document for document in self._database.documents_where(COLLECTION, {})}

    def get(self, source: str) -> Document:
        """Return the document of a source, empty if there is none."""
        return self._database.get_document(COLLECTION, source) or {}

    # -- which sources are on ---------------------------------------------------------------------------------

    @property
    def fixed(self) -> bool:
        """Whether TASTEMAP_SOURCES fixes the sources."""
        return self._config.sources is not None

    def decided(self) -> bool:
        """Return whether the sources to use have been chosen yet."""
        return self.fixed or self._database.get_document(COLLECTION, _CHOICE) is not None

    def is_on(self, source: str, document: Document) -> bool:
        fixed = self._config.sources
        return bool(document.get("on")) if fixed is None else source in fixed

    def switch(self, on: Collection[str]) -> None:
        """Switch the sources in ``on`` on and all others off; raises ValueError for an unknown one, and if fixed."""
        unknown = set(on) - self._providers.keys()
        if self.fixed or unknown:
            fixed = "TASTEMAP_SOURCES fixes the sources"
            raise ValueError(fixed if self.fixed else f"unknown sources: {sorted(unknown)}")
        known = self.all()
        for source in self._providers:
            if bool(known.get(source, {}).get("on")) != (source in on):
                self._set(source, {"on": source in on})
        self._set(_CHOICE, {"decided_at": self._clock.now()})

    # -- settings ---------------------------------------------------------------------------------------------

    def credential_names(self, source: str, document: Document) -> list[str]:
        """Return the names of the credentials that may be used, the first one first."""
        others = sorted(document.get("sealed", {}).keys() - {DEFAULT})
        return [DEFAULT, *others] if self.pooled(source, document) else [DEFAULT]

    def pooled(self, source: str, document: Document) -> bool:
        """Return whether a second credential is used when the first is limited."""
        return bool(document.get("pooled", source not in _NEVER_POOLED))

    def settings(self, document: Document, credential: str = DEFAULT) -> dict[str, str]:
        """Return the settings of a credential; raises VaultError if they cannot be decrypted."""
        sealed = document.get("sealed", {}).get(credential)
        return json.loads(self._vault.unseal(sealed)) if sealed else {}

    def put_settings(self, source: str, values: Mapping[str, str | None], credential: str = DEFAULT) -> None:
        """Set some settings and unset those that are None; forget what failed or was refused.

        Empty ``values`` only forget what failed or was refused.
        """
        changes: dict[str, Any] = {"settings_at": self._clock.now(), "absent": {}, "last_error": None}
        unset = []
        if values:
            try:
                known = self.settings(self.get(source), credential)
            except VaultError:
                known = {}  # the old values cannot be decrypted: the new ones replace them
            merged = {**known, **values}
            kept = {name: value for name, value in merged.items() if value is not None}
            if kept:
                changes[f"sealed.{credential}"] = self._vault.seal(json.dumps(kept))
            else:
                unset = [f"sealed.{credential}"]
        self._set(source, changes, unset)

    def lacks(self, source: str, settings: Mapping[str, str]) -> list[str]:
        """Return the labels of the required settings that are not set."""
        wanted = self._providers[source].about.settings
        return [setting.label for setting in wanted if setting.required and not settings.get(setting.name)]

    def pool(self, source: str, on: bool) -> None:
        """Set whether all credentials of a source are used, or only the default one."""
        self._set(source, {"pooled": on})

    # -- successes and faults ---------------------------------------------------------------------------------

    def note_absent(self, source: str, operation: str) -> None:
        """Note that the source no longer offers ``operation``, until :meth:`put_settings`."""
        self._set(source, {f"absent.{operation.replace('.', '_').replace('$', '_')}": self._clock.now()})

    def offers(self, source: str, need: Need, document: Document) -> bool:
        """Return whether a source answers ``need`` and has not refused it for good."""
        return need in self._providers[source].about.needs and need.value not in document.get("absent", {})

    def note_ok(self, source: str, document: Document) -> None:
        now = self._clock.now()
        last_ok_at = document.get("last_ok_at")
        if last_ok_at is None or now - last_ok_at > _FRESH or document.get("last_error"):
            self._set(source, {"last_ok_at": now, "last_error": None})

    def note_fault(self, source: str, fault: SourceFault) -> None:
        error = LastError(at=self._clock.now(), kind=fault.kind, message=fault.message, hint=fault.hint)
        self._set(source, {"last_error": {**asdict(error), "kind": fault.kind.value}})

    # -- how far expired answers have been deleted --------------------------------------------------------------

    def swept_hour(self) -> int | None:
        return (self._database.get_document(COLLECTION, _SWEPT) or {}).get("hour")

    def put_swept_hour(self, hour: int) -> None:
        self._set(_SWEPT, {"hour": hour})

    def _set(self, source: str, changes: Mapping[str, Any], unset: Collection[str] = ()) -> None:
        self._database.change_document(COLLECTION, source, changes, unset=list(unset), upsert=True)
        self.recent.forget()


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
        **{name: getattr(about, name) for name in ("name", "title", "home", "licence", "terms", "sends")},
        needs=tuple(need for need in Need if need in offered),
        on=on,
        state=_word(on, lacks, until is not None, error is not None),
        blocked_until=until,
        blocked_why=why,
        budget=_budget(about, used, clock),
        last_ok_at=document.get("last_ok_at"),
        last_error=error,
        settings=_settings(about, settings),
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
            **asdict(setting),
            set=bool(settings.get(setting.name)),
            value=None if setting.secret else settings.get(setting.name),
        )
        for setting in about.settings
    )
