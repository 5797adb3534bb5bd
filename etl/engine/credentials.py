"""The credentials of a source, each with its bucket and a channel limited by that bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from requests.adapters import HTTPAdapter

from config import VERSION
from etl.engine.answers import EngineConfig
from etl.engine.bucket import Bucket
from etl.engine.channel import SourceChannel
from etl.engine.clock import Clock
from etl.engine.gate import GatedSession
from etl.engine.sources import Document, SourceRecords
from etl.engine.vault import VaultError
from etl.providers.base import FaultKind, Provider, SourceFault
from store.database import Database

UNDER_DATA = "Open Data in Tastemap, or run: python -m etl sources"


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of a source, ready for use."""

    bucket: Bucket
    channel: SourceChannel


def first_free(credentials: Sequence[Credential]) -> Credential:
    """Return the credential that may be used soonest; the store is not read for a single one."""
    return min(credentials, key=lambda usable: usable.bucket.wait_s()) if len(credentials) > 1 else credentials[0]


class Credentials:
    """The credentials of all sources; they share the connections of one process."""

    def __init__(self, database: Database, config: EngineConfig, sources: SourceRecords, clock: Clock) -> None:
        self._database = database
        self._config = config
        self._sources = sources
        self._clock = clock
        self._adapter = HTTPAdapter(pool_connections=32, pool_maxsize=16)

    def close(self) -> None:
        self._adapter.close()

    def usable(
        self,
        provider: Provider,
        document: Document,
        *,
        within_s: float,
        until: float | None = None,
        owner: str | None = None,
    ) -> list[Credential]:
        """Return the usable credentials of a source, the default one first.

        Raises
        ------
        SourceFault
            REFUSED: no credential has complete settings that can be decrypted.
        """
        about = provider.about
        fault = SourceFault(FaultKind.REFUSED, f"{about.title} has no credentials.", UNDER_DATA)
        credentials = []
        for name in self._sources.credential_names(about.name, document):
            try:
                settings = self._sources.settings(document, name)
            except VaultError as problem:
                fault = SourceFault(FaultKind.REFUSED, f"{about.title}: {problem.message}", problem.hint)
                continue
            lacks = self._sources.lacks(about.name, settings)
            if lacks:
                fault = SourceFault(FaultKind.REFUSED, f"{about.title} needs: {', '.join(lacks)}.", UNDER_DATA)
                continue
            bucket = self.bucket(provider, name)
            session = GatedSession(
                about.title, bucket, self._adapter, self._agent(settings), self._clock, within_s=within_s, until=until
            )
            secret = {setting.name for setting in about.settings if setting.secret}
            channel = SourceChannel(
                title=about.title,
                session=session,
                base_url=self._config.source_urls.get(about.name, about.base_url).rstrip("/"),
                settings=settings | self._addresses(about.name),
                secrets=frozenset(value for key, value in settings.items() if key in secret and value),
                credential=name,
                owner=owner,
            )
            credentials.append(Credential(bucket, channel))
        if not credentials:
            raise fault
        return credentials

    def bucket(self, provider: Provider, credential: str) -> Bucket:
        """Return the bucket of one credential."""
        about = provider.about
        return Bucket(self._database, f"{about.name}/{credential}", about.title, about.rate, self._clock)

    def _agent(self, settings: Mapping[str, str]) -> str:
        """Return the User-Agent header, with the contact of the source's settings or of the installation."""
        contact = settings.get("contact", "").strip() or self._config.contact
        # A header holds printable ASCII only.
        contact = "".join(character for character in contact if character.isascii() and character.isprintable())
        return f"Tastemap/{VERSION}" + (f" ({contact})" if contact else "")

    def _addresses(self, source: str) -> dict[str, str]:
        prefix = f"{source}_"
        urls = self._config.source_urls.items()
        return {f"{name.removeprefix(prefix)}_url": url for name, url in urls if name.startswith(prefix)}
