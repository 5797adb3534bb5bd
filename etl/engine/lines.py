"""The credentials of a source, each with its bucket and a channel that passes through it."""

from __future__ import annotations

from collections.abc import Mapping
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
class Line:
    """One credential of a source, ready for use."""

    bucket: Bucket
    channel: SourceChannel


class Lines:
    """Makes lines; all of them share the connections of one process."""

    def __init__(self, database: Database, config: EngineConfig, sources: SourceRecords, clock: Clock) -> None:
        self._database = database
        self._config = config
        self._sources = sources
        self._clock = clock
        self._adapter = HTTPAdapter(pool_connections=32, pool_maxsize=16)

    def close(self) -> None:
        self._adapter.close()

    def of(
        self,
        provider: Provider,
        document: Document,
        *,
        within_s: float,
        until: float | None = None,
        owner: str | None = None,
    ) -> list[Line]:
        """Return the usable credentials of a source, the default one first.

        Raises
        ------
        SourceFault
            REFUSED: there is none whose settings are complete and can be decrypted.
        """
        about = provider.about
        fault = SourceFault(FaultKind.REFUSED, f"{about.title} has no credentials.", UNDER_DATA)
        lines = []
        for name in self._sources.credentials(about.name, document):
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
            lines.append(Line(bucket, channel))
        if not lines:
            raise fault
        return lines

    def bucket(self, provider: Provider, credential: str) -> Bucket:
        """Return the bucket of one credential."""
        about = provider.about
        return Bucket(self._database, f"{about.name}/{credential}", about.title, about.rate, self._clock)

    def _agent(self, settings: Mapping[str, str]) -> str:
        """Return what we call ourselves: with whom to write to, where the source's settings or the installation say."""
        contact = settings.get("contact", "").strip() or self._config.contact
        # A header holds no other characters.
        contact = "".join(one for one in contact if one.isascii() and one.isprintable())
        return f"Tastemap/{VERSION}" + (f" ({contact})" if contact else "")

    def _addresses(self, source: str) -> dict[str, str]:
        prefix = f"{source}_"
        urls = self._config.source_urls.items()
        return {f"{name.removeprefix(prefix)}_url": url for name, url in urls if name.startswith(prefix)}
