"""What a provider works with: the session of one credential, the source's address and its settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from etl.engine.gate import GatedSession
from etl.providers.base import FaultKind, NotThere, SourceFault

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
    owner: str | None = None

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the decoded JSON of a GET of ``path`` (below ``base_url``, or a whole address).

        Raises
        ------
        NotThere
            404.
        SourceFault
            REFUSED for 401 and 403, GARBLED for another status and what is not JSON; those of the session.
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
            "Check its settings under Data." if refused else _STRANGE,
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
