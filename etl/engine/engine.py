"""The engine: every question to every source goes through it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from etl.engine.answers import Answer, EngineConfig, SourceState, Status
from etl.engine.channel import SourceChannel
from etl.engine.clock import Clock
from etl.engine.keys import answer_key
from etl.engine.lines import UNDER_DATA, Lines
from etl.engine.memory import Memory
from etl.engine.round import Round, unanswered
from etl.engine.sources import DEFAULT, Document, SourceRecords
from etl.engine.states import state_of
from etl.engine.vault import Vault
from etl.providers.base import FaultKind, LookupQuery, Need, Provider, SourceFault
from store.database import Database


class Engine:
    """Asks sources within their limits and remembers what they said. One per process; threads may share it.

    ``providers`` and ``order`` are the registry's where they are not given. No question raises because a source
    failed; everything raises StoreError where the database does.
    """

    def __init__(
        self,
        database: Database,
        config: EngineConfig,
        *,
        providers: Mapping[str, Provider] | None = None,
        order: Mapping[Need, Sequence[str]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if providers is None or order is None:
            from etl.providers import registry  # and with it the client libraries, which only we need

            providers = registry.PROVIDERS if providers is None else providers
            order = registry.ORDER if order is None else order
        self.config = config
        self.vault = Vault(config.var, config.secret_key)
        self._database = database
        self._providers = providers
        self._order = order
        self._clock = clock or Clock()
        self._sources = SourceRecords(database, config, providers, self.vault, self._clock)
        self._memory = Memory(database, self._clock)
        self._lines = Lines(database, config, self._sources, self._clock)

    def close(self) -> None:
        """Close the connections to the sources; the database stays open."""
        self._lines.close()

    # -- asking -----------------------------------------------------------------------------------------------

    def ask(
        self, source: str, need: Need, query: LookupQuery, *, within_s: float = 60.0, fresh: bool = False
    ) -> Answer:
        """Ask one question; ``fresh`` passes over what is remembered. Takes at most about ``within_s`` seconds."""
        return self.ask_many(source, need, [query], within_s=within_s, fresh=fresh)[0]

    def ask_many(
        self, source: str, need: Need, queries: Sequence[LookupQuery], *, within_s: float = 60.0, fresh: bool = False
    ) -> list[Answer]:
        """Ask several questions in as few calls as the source allows; answers come in the order of ``queries``.

        What is remembered is not asked again; equal questions are asked once, here and in every process. A call
        that fails concerns only the questions in it.
        """
        until = self._clock.monotonic() + within_s
        document = self._sources.get(source)
        try:
            self._refuse(source, need, document)
            provider = self._providers[source]
            lines = self._lines.of(provider, document, within_s=within_s, until=until)
        except SourceFault as fault:
            is_off = source in self._providers and not self._sources.is_on(source, document)
            status = Status.OFF if is_off else Status.CANNOT
            return [unanswered(source, need, status, fault, self._clock)] * len(queries)
        keys = [answer_key(provider.about, need, query) if provider.can(need, query) else "" for query in queries]
        answers = Round(
            memory=self._memory,
            sources=self._sources,
            clock=self._clock,
            provider=provider,
            need=need,
            document=document,
            lines=lines,
            until=until,
            fresh=fresh,
        ).answers({key: one for key, one in zip(keys, queries, strict=True) if key})
        unknown = SourceFault(FaultKind.ABSENT, f"{provider.about.title} would need to know more of this.")
        cannot = unanswered(source, need, Status.CANNOT, unknown, self._clock)
        return [answers.get(key, cannot) for key in keys]

    def channel(self, source: str, *, owner: str | None = None, within_s: float = 60.0) -> SourceChannel:
        """Return a channel to a source for what is not a Need; ``within_s`` bounds each of its requests.

        Of several credentials it uses the one that may be used soonest.

        Raises
        ------
        SourceFault
            REFUSED: the source is off, or its settings are missing or cannot be decrypted.
        KeyError
            There is no such source.
        """
        provider = self._providers[source]
        document = self._sources.get(source)
        self._refuse(source, None, document)
        lines = self._lines.of(provider, document, within_s=within_s, owner=owner)
        return min(lines, key=lambda line: line.bucket.wait_s() if len(lines) > 1 else 0.0).channel

    # -- the sources ------------------------------------------------------------------------------------------

    def providers(self) -> Mapping[str, Provider]:
        """Return every known source by name, switched on or not."""
        return self._providers

    def on(self, need: Need) -> list[str]:
        """Return the sources that are on, offer ``need`` and have not refused it for good, best first."""
        documents = self._sources.all()
        return [
            source
            for source in self._order.get(need, ())
            if source in self._providers
            and self._sources.is_on(source, documents.get(source, {}))
            and self._sources.offers(source, need, documents.get(source, {}))
        ]

    def states(self) -> list[SourceState]:
        """Return the state of every known source."""
        documents = self._sources.all()
        return [self._state(provider, documents) for provider in self._providers.values()]

    @property
    def fixed(self) -> bool:
        """Tell whether TASTEMAP_SOURCES says which sources are on."""
        return self._sources.fixed

    def decided(self) -> bool:
        """Tell whether anybody has said yet which sources may be asked."""
        return self._sources.decided()

    def switch(self, on: Collection[str]) -> None:
        """Let exactly the sources in ``on`` be asked; raises ValueError for an unknown one, and where it is fixed."""
        self._sources.switch(on)

    def settings(self, source: str, credential: str = DEFAULT) -> dict[str, str]:
        """Return the decrypted settings of a source; raises VaultError."""
        return self._sources.settings(self._sources.get(source), credential)

    def put_settings(self, source: str, values: Mapping[str, str | None], *, credential: str = DEFAULT) -> None:
        """Set (or, with None, unset) some settings, and let what failed or was refused for good be asked again.

        ``credential`` names one of several, which take over from each other (see :meth:`pool`).
        """
        self._sources.put_settings(source, values, credential)

    def pool(self, source: str, on: bool) -> None:
        """Say whether all credentials of a source are used, not the default one alone."""
        self._sources.pool(source, on)

    def note_absent(self, source: str, operation: str) -> None:
        """Remember that the source does ``operation`` no longer, until :meth:`put_settings` or :meth:`retry`."""
        self._sources.note_absent(source, operation)

    def retry(self, source: str) -> None:
        """Let what failed or was refused for good be asked again."""
        self._sources.put_settings(source, {})

    def forget(self, source: str) -> None:
        """Delete the remembered answers of a source."""
        self._memory.forget(source)

    def sweep(self) -> None:
        """Delete remembered answers that have expired: a little at a time, to be called now and then."""
        before = self._sources.swept_hour()
        hour = self._memory.sweep(before)
        if hour != before:
            self._sources.put_swept_hour(hour)

    # -- inside -----------------------------------------------------------------------------------------------

    def _refuse(self, source: str, need: Need | None, document: Document) -> None:
        """Raise the SourceFault of a source that is not to be contacted for ``need``."""
        provider = self._providers.get(source)
        if provider is None:
            raise SourceFault(FaultKind.ABSENT, f"There is no source called {source}.", UNDER_DATA)
        title = provider.about.title
        if not self._sources.is_on(source, document):
            raise SourceFault(FaultKind.REFUSED, f"{title} is switched off.", UNDER_DATA)
        if need is not None and not self._sources.offers(source, need, document):
            raise SourceFault(FaultKind.ABSENT, f"{title} does not do this for us.")

    def _state(self, provider: Provider, documents: Mapping[str, Document]) -> SourceState:
        names = self._sources.credentials(provider.about.name, documents.get(provider.about.name, {}))
        buckets = {name: self._lines.bucket(provider, name) for name in names}
        return state_of(provider.about, documents, self._sources, buckets, self._clock)
