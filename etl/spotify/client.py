"""Uses spotipy with the engine's session, so that the engine sees every answer and does the waiting and retries.

:func:`call` and :func:`call_closed` send requests of the app itself, without a user, to the catalogue. spotipy is
imported only when it is used, because it takes 6 MB (it imports a Redis client), and most processes never ask Spotify.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from spotipy import Spotify
    from spotipy.cache_handler import CacheHandler, MemoryCacheHandler
    from spotipy.oauth2 import SpotifyClientCredentials, SpotifyPKCE

from etl.providers.base import Channel, FaultKind, NotThere, SourceFault, is_extended
from etl.spotify.faults import SpotifyRefused, ask

ACCOUNTS_URL = "https://accounts.spotify.com"
TIMEOUT_SECONDS = 10.0

# spotipy's debug lines contain tokens, and we report its errors.
for _name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
# The operations whose address names no track.
_WITHOUT_A_NAME = frozenset({"recommendations"})


class Signer(Protocol):
    """A provider of access tokens: one of spotipy's managers, or an account."""

    def get_access_token(self, as_dict: bool = False) -> Any: ...


def spotify(channel: Channel, signer: Signer) -> Spotify:
    """Return a client whose requests are signed by ``signer``."""
    from spotipy import Spotify

    client = Spotify(auth_manager=signer, requests_session=channel.session, requests_timeout=TIMEOUT_SECONDS)
    client.prefix = channel.base_url.rstrip("/") + "/"
    return client


def client_credentials(channel: Channel, cache: CacheHandler) -> SpotifyClientCredentials:
    """Return the signer of an app without a user: for the catalogue. Needs ``client_id`` and ``client_secret``."""
    from spotipy.oauth2 import SpotifyClientCredentials

    signer = SpotifyClientCredentials(
        client_id=channel.settings["client_id"],
        client_secret=channel.settings["client_secret"],
        requests_session=channel.session,
        requests_timeout=TIMEOUT_SECONDS,
        cache_handler=cache,
    )
    signer.OAUTH_TOKEN_URL = f"{_accounts_url(channel)}/api/token"
    return signer


def pkce(channel: Channel, redirect_uri: str = "", scope: str = "", cache: CacheHandler | None = None) -> SpotifyPKCE:
    """Return spotipy's login by authorisation code with PKCE. Needs only ``client_id``."""
    from spotipy.oauth2 import SpotifyPKCE

    login = SpotifyPKCE(
        client_id=channel.settings["client_id"],
        redirect_uri=redirect_uri or "http://127.0.0.1/callback",
        scope=scope,
        requests_session=channel.session,
        requests_timeout=TIMEOUT_SECONDS,
        open_browser=False,
        cache_handler=cache or memory_cache(),
    )
    login.OAUTH_AUTHORIZE_URL = f"{_accounts_url(channel)}/authorize"
    login.OAUTH_TOKEN_URL = f"{_accounts_url(channel)}/api/token"
    return login


def memory_cache() -> MemoryCacheHandler:
    """Return a token cache in memory."""
    from spotipy.cache_handler import MemoryCacheHandler

    return MemoryCacheHandler()


def passing_cache(save: Callable[[Mapping[str, Any]], None]) -> CacheHandler:
    """Return a token cache that is always empty and passes new tokens to ``save``."""
    from spotipy.cache_handler import CacheHandler

    class Passing(CacheHandler):
        def get_cached_token(self) -> None:
            """Return None: the caller has read the token already."""

        def save_token_to_cache(self, token_info: Mapping[str, Any]) -> None:
            save(token_info)

    return Passing()


def _accounts_url(channel: Channel) -> str:
    return channel.settings.get("accounts_url", ACCOUNTS_URL).rstrip("/")


def call(channel: Channel, operation: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call a method of spotipy by its name; once more with a new token if the present one is refused.

    An answer that is a list (audio features) comes as ``rows``. Raises what :func:`etl.spotify.faults.ask` does,
    and ABSENT without a client secret.
    """
    if not channel.settings.get("client_secret"):
        raise SourceFault(
            FaultKind.ABSENT,
            "Spotify's catalogue needs the app's client secret, which is not set.",
            "Enter it in the settings of Spotify. The login and its playlists work without.",
        )
    settings = channel.settings
    tokens = _tokens(settings["client_id"], settings["client_secret"], settings.get("accounts_url", ""))
    method = getattr(spotify(channel, client_credentials(channel, tokens)), operation)
    try:
        return ask(_as_object, method, *args, **kwargs)
    except SpotifyRefused as refused:
        if refused.status != 401:
            raise
        tokens.save_token_to_cache(None)
        return ask(_as_object, method, *args, **kwargs)


def call_closed(channel: Channel, what: str, operation: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call an operation that only apps with extended access may use.

    A 404 raises NotThere if the address names a track. For recommendations, whose address names none, it means the
    same as a 403: SourceFault ABSENT.
    """
    if not is_extended(channel.settings):
        raise SourceFault(
            FaultKind.ABSENT,
            f"Spotify gives {what} only to apps with extended access from before November 2024.",
            "Nothing needs to be done: other sources answer. If yours is such an app, set its kind to extended.",
        )
    try:
        return call(channel, operation, *args, **kwargs)
    except NotThere as answer:
        if operation not in _WITHOUT_A_NAME:
            raise
        raise SourceFault(FaultKind.ABSENT, f"Spotify no longer gives {what} to this app.") from answer


def market(channel: Channel) -> str:
    """Return the country of the app's requests, which Spotify needs, by default US."""
    return channel.settings.get("market", "").strip().upper() or "US"


def _as_object(method: Any, *args: Any, **kwargs: Any) -> Any:
    answer = method(*args, **kwargs)
    return {"rows": answer} if isinstance(answer, list) else answer


@lru_cache(maxsize=8)
def _tokens(_client_id: str, _client_secret: str, _accounts_url: str) -> MemoryCacheHandler:
    return memory_cache()
