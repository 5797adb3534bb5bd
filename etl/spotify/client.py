"""spotipy over the engine's session: the engine sees every answer, and does the waiting and the retries."""

import logging
from typing import Any, Protocol

import spotipy
from spotipy.cache_handler import CacheHandler, MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyPKCE

from etl.providers.base import Channel

ACCOUNTS_URL = "https://accounts.spotify.com"
TIMEOUT_SECONDS = 10.0

# Its debug lines hold tokens, and its errors are reported by us.
for _name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Signer(Protocol):
    """A provider of access tokens: one of spotipy's managers, or an account."""

    def get_access_token(self, as_dict: bool = False) -> Any: ...


def spotify(channel: Channel, signer: Signer) -> spotipy.Spotify:
    """Return a client whose requests are signed by ``signer``."""
    client = spotipy.Spotify(auth_manager=signer, requests_session=channel.session, requests_timeout=TIMEOUT_SECONDS)
    client.prefix = channel.base_url.rstrip("/") + "/"
    return client


def client_credentials(channel: Channel, cache: CacheHandler) -> SpotifyClientCredentials:
    """Return the signer of an app without a user: for the catalogue. Needs ``client_id`` and ``client_secret``."""
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
    """Return spotipy's login by authorisation code with PKCE. Needs ``client_id`` alone."""
    login = SpotifyPKCE(
        client_id=channel.settings["client_id"],
        redirect_uri=redirect_uri or "http://127.0.0.1/callback",
        scope=scope,
        requests_session=channel.session,
        requests_timeout=TIMEOUT_SECONDS,
        open_browser=False,
        cache_handler=cache or MemoryCacheHandler(),
    )
    login.OAUTH_AUTHORIZE_URL = f"{_accounts_url(channel)}/authorize"
    login.OAUTH_TOKEN_URL = f"{_accounts_url(channel)}/api/token"
    return login


def _accounts_url(channel: Channel) -> str:
    return channel.settings.get("accounts_url", ACCOUNTS_URL).rstrip("/")
