"""What the store holds about each source: whether it is on, its settings, what it refused, its last errors.

Collection ``sources`` has one document per source, and one per bucket (``<source>/<credential>``).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from etl.engine.answers import EngineConfig, LastError
from etl.engine.bucket import COLLECTION
from etl.engine.clock import Clock
from etl.engine.vault import Vault, VaultError
from etl.providers.base import Need, Provider, SourceFault
from store.database import Database

DEFAULT = "default"
_CHOICE = "_choice"
_SWEPT = "_swept"
# The time of the last good answer is written at most this often.
_FRESH = timedelta(minutes=1)
# Spotify limits each developer, and its terms forbid several credentials of one developer.
_NEVER_POOLED = frozenset({"spotify"})

Document = Mapping[str, Any]


class SourceRecords:
    """Reads and writes those documents; ``providers`` are all known sources by name."""

    def __init__(
        self, database: Database, config: EngineConfig, providers: Mapping[str, Provider], vault: Vault, clock: Clock
    ) -> None:
        self._database = database
        self._config = config
        self._providers = providers
        self._vault = vault
        self._clock = clock

    def all(self) -> dict[str, Document]:
        """Return every document of the collection by ``_id``."""
        return {document["_id"]: document for document in self._database.documents_where(COLLECTION, {})}

    def get(self, source: str) -> Document:
        """Return what is stored about a source; empty where nothing is."""
        return self._database.get_document(COLLECTION, source) or {}

    # -- the listener's choice --------------------------------------------------------------------------------

    @property
    def fixed(self) -> bool:
        """Whether TASTEMAP_SOURCES fixes the sources."""
        return self._config.sources is not None

    def decided(self) -> bool:
        return self.fixed or self._database.get_document(COLLECTION, _CHOICE) is not None

    def is_on(self, source: str, document: Document) -> bool:
        if self._config.sources is not None:
            return source in self._config.sources
        return bool(document.get("on"))

    def switch(self, on: Collection[str]) -> None:
        """Switch the sources in ``on`` on and all others off; raises ValueError for an unknown one, and if fixed."""
        unknown = set(on) - self._providers.keys()
        if self.fixed or unknown:
            raise ValueError(
                "TASTEMAP_SOURCES fixes the sources" if self.fixed else f"unknown sources: {sorted(unknown)}"
            )
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
        """Return the settings of a credential; raises VaultError where they cannot be decrypted."""
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
                known = {}  # nobody can read them: the new values replace them
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
        self._set(source, {"pooled": on})

    # -- successes and faults ---------------------------------------------------------------------------------

    def note_absent(self, source: str, operation: str) -> None:
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
