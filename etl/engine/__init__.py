"""Asking sources of facts about music: their limits, credentials and failures, kept once for all of them.

What a provider's channel does for it: every request through ``channel.session`` (spotipy's too) waits for its turn
or raises :class:`etl.providers.base.SourceFault` LIMITED where that lies beyond the question's time. The session
itself raises SourceFault for a 429 or 503 that stays (LIMITED), no connection, a cut one, a timeout and 5xx
(UNREACHABLE), an answer above 10 MB and a redirect to another host (GARBLED); every other status comes back as a
response. ``channel.get`` raises NotThere for 404 and SourceFault REFUSED (401, 403) or GARBLED for the rest.
``channel.settings`` holds, beside the source's settings, ``<name>_url`` for each TASTEMAP_URL_<SOURCE>_<NAME>.
"""

from etl.engine.answers import (
    Answer,
    BudgetState,
    EngineConfig,
    Fault,
    LastError,
    SettingState,
    SourceState,
    Status,
    engine_config,
)
from etl.engine.engine import Engine
from etl.engine.vault import Vault, VaultError

__all__ = [
    "Answer",
    "BudgetState",
    "Engine",
    "EngineConfig",
    "Fault",
    "LastError",
    "SettingState",
    "SourceState",
    "Status",
    "Vault",
    "VaultError",
    "engine_config",
]
