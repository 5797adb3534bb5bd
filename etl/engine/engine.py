"""The engine: every question to every source goes through it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from etl.engine.answers import Answer, EngineConfig, SourceState
from etl.engine.vault import Vault
from etl.providers.base import Asked, Channel, Need, Provider
from store.database import Database


class Engine:
    """Asks sources within their limits and remembers what they said. One per process; threads may share it.

    ``providers`` and ``order`` are the registry's where they are not given. No method raises because a source
    failed; all raise StoreError where the database does.
    """

    def __init__(
        self,
        database: Database,
        config: EngineConfig,
        *,
        providers: Mapping[str, Provider] | None = None,
        order: Mapping[Need, Sequence[str]] | None = None,
    ) -> None:
        self.database = database
        self.config = config
        self.vault = Vault(config.var, config.secret_key)

    def providers(self) -> Mapping[str, Provider]:
        """Return every known source by name, switched on or not."""
        raise NotImplementedError

    def on(self, need: Need) -> list[str]:
        """Return the sources that are on, offer ``need`` and have not refused it for good, best first."""
        raise NotImplementedError

    def ask(self, source: str, need: Need, asked: Asked, *, within_s: float = 60.0, fresh: bool = False) -> Answer:
        """Ask one question; ``fresh`` passes over what is remembered. Takes at most about ``within_s`` seconds."""
        raise NotImplementedError

    def ask_many(
        self, source: str, need: Need, asked: Sequence[Asked], *, within_s: float = 60.0, fresh: bool = False
    ) -> list[Answer]:
        """Ask several questions in as few calls as the source allows; answers come in the order of ``asked``."""
        raise NotImplementedError

    def states(self) -> list[SourceState]:
        raise NotImplementedError

    def decided(self) -> bool:
        """Tell whether the listener (or TASTEMAP_SOURCES) has said which sources may be asked."""
        raise NotImplementedError

    def switch(self, on: Collection[str]) -> None:
        """Let exactly the sources in ``on`` be asked."""
        raise NotImplementedError

    def settings(self, source: str) -> dict[str, str]:
        """Return the decrypted settings of a source."""
        raise NotImplementedError

    def put_settings(self, source: str, values: Mapping[str, str | None]) -> None:
        """Set (or, with None, unset) some settings of a source; what it refused is tried again from now on."""
        raise NotImplementedError

    def channel(
        self, source: str, *, owner: str | None = None, credential: str | None = None, within_s: float = 60.0
    ) -> Channel:
        """Return a way to a source for what is not a Need; ``within_s`` bounds each of its requests."""
        raise NotImplementedError

    def note_absent(self, source: str, operation: str) -> None:
        """Remember that the source does ``operation`` no longer, until its settings change."""
        raise NotImplementedError

    def forget(self, source: str) -> None:
        """Delete the remembered answers of a source."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
