"""The channels of a source, one for each of its credentials: a session within its limits, address and settings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from config import VERSION, Config
from etl.deadline import BoundedAdapter
from etl.engine.bucket import Bucket
from etl.engine.clock import Clock
from etl.engine.gate import GatedSession
from etl.engine.sources import Document, SourceRecords
from etl.engine.vault import VaultError
from etl.providers.base import FaultKind, NotThere, Provider, SourceFault
from store.database import Database

UNDER_SETTINGS = "Open Settings in Tastemap. On the server: python -m etl sources"
_STRANGE = "Tastemap tries again by itself. If this lasts for days, the source has changed: update Tastemap."
_SHOWN = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceChannel:
    """A :class:`etl.providers.base.Channel`; ``secrets`` are the values that must not appear in any message."""

    title: str
    session: GatedSession
    base_url: str
    settings: Mapping[str, str]
    secrets: frozenset[str] = frozenset()
    credential: str = "default"

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the decoded JSON of a GET of ``path`` (below ``base_url``, or a whole address).

        Raises
        ------
        NotThere
            404.
        SourceFault
            REFUSED for 401 and 403; GARBLED for another status, or if the body is not JSON; those of the session.
        """
        url = path if "://" in path else f"{self.base_url}/{path.lstrip('/')}"
        response = self.session.get(url, params=params)
        if response.status_code == 404:
            raise NotThere(f"{self.title} does not have this.")
        if not response.ok or response.is_redirect:
            raise self._fault(response)
        try:
            found = json.loads(response.content)
        except (ValueError, RecursionError) as fault:
            message = f"{self.title} sent an answer that cannot be read."
            raise SourceFault(FaultKind.GARBLED, message, _STRANGE) from fault
        return writable(found) if b"\\ud" in response.content.lower() else found

    def _fault(self, response: requests.Response) -> SourceFault:
        status = response.status_code
        refused = status in {401, 403}
        body = self._without_secrets(response.text[:500])
        excerpt = "" if body.lstrip().startswith("<") else f": {' '.join(body[:_SHOWN].split())}"
        return SourceFault(
            FaultKind.REFUSED if refused else FaultKind.GARBLED,
            f"{self.title} {'refuses' if refused else 'does not understand us'} ({status}){excerpt}",
            "Check its settings under Settings." if refused else _STRANGE,
            status=status,
            body=body,
        )

    def _without_secrets(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "...")
        return text


def writable(value: Any) -> Any:
    """Return ``value`` without lone surrogates, which JSON can write and no database can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [writable(item) for item in value]
    if isinstance(value, dict):
        return {writable(name): writable(item) for name, item in value.items()}
    return value


def first_free(credentials: Sequence[SourceChannel]) -> SourceChannel:
    """Return the credential that may be used soonest; the store is not read for a single one."""
    if len(credentials) == 1:
        return credentials[0]
    return min(credentials, key=lambda usable: usable.session.bucket.wait_s())


class Credentials:
    """The credentials of all sources; they share the connections of one process."""

    def __init__(self, database: Database, config: Config, sources: SourceRecords, clock: Clock) -> None:
        self._database = database
        self._config = config
        self._sources = sources
        self._clock = clock
        self._adapter = BoundedAdapter(pool_connections=32, pool_maxsize=16)

    def close(self) -> None:
        self._adapter.close()

    def usable(
        self, provider: Provider, document: Document, *, within_s: float, until: float | None = None
    ) -> list[SourceChannel]:
        """Return the usable credentials of a source, the default one first.

        Raises SourceFault (REFUSED) if no credential has complete settings that can be decrypted.
        """
        about = provider.about
        fault = SourceFault(FaultKind.REFUSED, f"{about.title} has no credentials.", UNDER_SETTINGS)
        credentials = []
        for name in self._sources.credential_names(about.name, document):
            try:
                settings = self._sources.settings(document, name)
            except VaultError as problem:
                fault = SourceFault(FaultKind.REFUSED, f"{about.title}: {problem.message}", problem.hint)
                continue
            lacks = self._sources.lacks(about.name, settings)
            if lacks:
                fault = SourceFault(FaultKind.REFUSED, f"{about.title} needs: {', '.join(lacks)}.", UNDER_SETTINGS)
                continue
            bucket, agent = self.bucket(provider, name), self._agent(settings)
            session = GatedSession(
                about.title, bucket, self._adapter, agent, self._clock, within_s=within_s, until=until
            )
            secret = {setting.name for setting in about.settings if setting.secret}
            channel = SourceChannel(
                title=about.title,
                session=session,
                base_url=self._config.source_urls.get(about.name, about.base_url).rstrip("/"),
                settings=settings | self._addresses(about.name),
                secrets=frozenset(value for key, value in settings.items() if key in secret and value),
                credential=name,
            )
            credentials.append(channel)
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
