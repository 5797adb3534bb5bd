"""The engine: every query to a source goes through it."""

from collections.abc import Mapping, Sequence

from config import Config
from etl.engine.answers import Answer, SourceState, Status
from etl.engine.cache import AnswerCache, answer_key
from etl.engine.channel import UNDER_SETTINGS, Credentials, SourceChannel, first_free
from etl.engine.clock import Clock
from etl.engine.collector import AnswerCollector, unanswered
from etl.engine.sources import DEFAULT, Document, SourceRecords, state_of
from etl.engine.vault import Vault
from etl.providers.base import FaultKind, LookupQuery, Need, Provider, SourceFault
from store.database import Database


class Engine:
    """Queries sources within their limits and caches their answers. One per process; threads may share it.

    ``providers`` and ``order`` default to those of :mod:`etl.providers.registry`. A query does not raise if a source
    fails: the answer says so. Every method raises StoreError if the database fails.
    ``sources`` says which sources are on and chooses them.
    """

    def __init__(
        self,
        database: Database,
        config: Config,
        *,
        providers: Mapping[str, Provider] | None = None,
        order: Mapping[Need, Sequence[str]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        if providers is None or order is None:
            from etl.providers import registry  # it loads the client libraries, which only the engine needs

            providers = registry.PROVIDERS if providers is None else providers
            order = registry.ORDER if order is None else order
        self.config = config
        self.vault = Vault(config.var, config.secret_key)
        self._database = database
        self._providers = providers
        self._order = order
        self._clock = clock or Clock()
        self.sources = SourceRecords(database, config, providers, self.vault, self._clock)
        self._cache = AnswerCache(database, self._clock)
        self._credentials = Credentials(database, config, self.sources, self._clock)

    def close(self) -> None:
        """Close the connections to the sources; the database stays open."""
        self._credentials.close()

    # -- queries ----------------------------------------------------------------------------------------------

    def ask(
        self, source: str, need: Need, query: LookupQuery, *, within_s: float = 60.0, fresh: bool = False
    ) -> Answer:
        """Return the answer of one source to one query: see :meth:`ask_many`."""
        return self.ask_many(source, need, [query], within_s=within_s, fresh=fresh)[0]

    def ask_many(
        self, source: str, need: Need, queries: Sequence[LookupQuery], *, within_s: float = 60.0, fresh: bool = False
    ) -> list[Answer]:
        """Return the answers of ``source`` to ``queries``, in their order.

        Cached answers are used unless ``fresh``. The rest is sent in as few calls as the source allows, and equal
        queries of all threads and processes are sent once. A call that fails affects only the queries in it. Takes
        at most about ``within_s`` seconds.
        """
        until = self._clock.monotonic() + within_s
        document = self.sources.get(source)
        try:
            self._refuse(source, need, document)
            provider = self._providers[source]
            credentials = self._credentials.usable(provider, document, within_s=within_s, until=until)
        except SourceFault as fault:
            is_off = source in self._providers and not self.sources.is_on(source, document)
            status = Status.OFF if is_off else Status.CANNOT
            return [unanswered(source, need, status, fault, self._clock)] * len(queries)
        keys = [answer_key(provider.about, need, query) if provider.can(need, query) else "" for query in queries]
        answers = AnswerCollector(
            cache=self._cache,
            sources=self.sources,
            clock=self._clock,
            provider=provider,
            need=need,
            document=document,
            credentials=credentials,
            until=until,
            fresh=fresh,
        ).answers({key: query for key, query in zip(keys, queries, strict=True) if key})
        unknown = SourceFault(FaultKind.ABSENT, f"{provider.about.title} needs more details of this track.")
        cannot = unanswered(source, need, Status.CANNOT, unknown, self._clock)
        return [answers.get(key, cannot) for key in keys]

    def channel(self, source: str, *, within_s: float = 60.0) -> SourceChannel:
        """Return a channel to a source, for requests that are not a Need; ``within_s`` limits each of them.

        Of several credentials the one that is free first is used.

        Raises SourceFault (REFUSED) if the source is off, or its settings are missing or cannot be decrypted; KeyError
        if there is no such source.
        """
        provider = self._providers[source]
        document = self.sources.get(source)
        self._refuse(source, None, document)
        return first_free(self._credentials.usable(provider, document, within_s=within_s))

    # -- the sources ------------------------------------------------------------------------------------------

    def providers(self) -> Mapping[str, Provider]:
        """Return every known source by name, switched on or not."""
        return self._providers

    def on(self, need: Need) -> list[str]:
        """Return the sources that are on, offer ``need`` and have not refused it for good, best first."""
        documents = self.sources.recent()
        return [
            source
            for source in self._order.get(need, ())
            if source in self._providers
            and self.sources.is_on(source, documents.get(source, {}))
            and self.sources.offers(source, need, documents.get(source, {}))
        ]

    def states(self) -> list[SourceState]:
        """Return the state of every known source."""
        documents = self.sources.all()
        return [self._state(provider, documents) for provider in self._providers.values()]

    def settings(self, source: str, credential: str = DEFAULT) -> dict[str, str]:
        """Return the decrypted settings of a source; raises VaultError."""
        return self.sources.settings(self.sources.get(source), credential)

    def put_settings(self, source: str, values: Mapping[str, str | None], *, credential: str = DEFAULT) -> None:
        """Set some settings (None unsets one); what failed or was refused for good is tried again from now on.

        ``credential`` names one of several (see :meth:`SourceRecords.pool`).
        """
        self.sources.put_settings(source, values, credential)

    def retry(self, source: str) -> None:
        """Allow again what failed or was refused for good."""
        self.sources.put_settings(source, {})

    def forget(self, source: str) -> None:
        """Delete the cached answers of a source."""
        self._cache.forget(source)

    def sweep(self) -> None:
        """Delete some of the cached answers that have expired; to be called now and then."""
        before = self.sources.swept_hour()
        hour = self._cache.sweep(before)
        if hour != before:
            self.sources.put_swept_hour(hour)

    # -- inside -----------------------------------------------------------------------------------------------

    def _refuse(self, source: str, need: Need | None, document: Document) -> None:
        """Raise SourceFault if the source may not be used for ``need``."""
        provider = self._providers.get(source)
        if provider is None:
            raise SourceFault(FaultKind.ABSENT, f"There is no source called {source}.", UNDER_SETTINGS)
        title = provider.about.title
        if not self.sources.is_on(source, document):
            raise SourceFault(FaultKind.REFUSED, f"{title} is switched off.", UNDER_SETTINGS)
        if need is not None and not self.sources.offers(source, need, document):
            raise SourceFault(FaultKind.ABSENT, f"{title} does not offer this to us.")

    def _state(self, provider: Provider, documents: Mapping[str, Document]) -> SourceState:
        names = self.sources.credential_names(provider.about.name, documents.get(provider.about.name, {}))
        buckets = {name: self._credentials.bucket(provider, name) for name in names}
        return state_of(provider.about, documents, self.sources, buckets, self._clock)
