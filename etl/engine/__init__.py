"""Queries to online sources: rate limits, credentials, the answer cache and failures, the same for all of them.

A provider sends its requests through a channel. Every request through ``channel.session`` (spotipy's too) waits for
its turn, or raises :class:`etl.providers.base.SourceFault` LIMITED if the turn comes after the query's time limit.
The session raises SourceFault LIMITED for a 429 or 503 that repeats; UNREACHABLE for no connection, a broken one, a
timeout and 5xx; GARBLED for an answer above 10 MB and a redirect to another host. Every other status is returned as
a response. ``channel.get`` raises NotThere for 404, and SourceFault REFUSED (401, 403) or GARBLED for the rest.
``channel.settings`` holds the source's settings, and ``<name>_url`` for each TASTEMAP_URL_<SOURCE>_<NAME>.
"""

from etl.engine.answers import Answer, Fault, SourceState, Status
from etl.engine.engine import Engine
from etl.engine.vault import Vault, VaultError

__all__ = ["Answer", "Engine", "Fault", "SourceState", "Status", "Vault", "VaultError"]
