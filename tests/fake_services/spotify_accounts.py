"""accounts.spotify.com: the page where the listener agrees, and tokens."""

import secrets
from base64 import b64encode
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from tests.fake_services.server import FakeService, Reply, Request, route
from tests.fake_services.spotify_state import HALF_A_YEAR, Code, SpotifyState, challenge_of

_LOOPBACK = {"127.0.0.1", "::1"}


def refused(error: str, description: str) -> Reply:
    return Reply(status=400, body={"error": error, "error_description": description})


class FakeSpotifyAccounts(FakeService):
    name: ClassVar[str] = "spotify_accounts"

    def __init__(self, state: SpotifyState) -> None:
        super().__init__()
        self.state = state

    @route("GET", "/authorize")
    def authorize(self, request: Request) -> Reply:
        """Send the listener back at once; a page that never sends back says why, as Spotify's does."""
        query, app = request.query, self.state.app
        if query.get("client_id") != app.client_id:
            return Reply(status=400, body="INVALID_CLIENT: Invalid client")
        if not self._takes(query.get("redirect_uri", "")):
            insecure = urlsplit(query.get("redirect_uri", "")).hostname == "localhost"
            return Reply(status=400, body=f"INVALID_CLIENT: {'Insecure' if insecure else 'Invalid'} redirect URI")
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            return Reply(status=400, body="response_type must be code")
        if not self.state.agrees:
            return self._back(query, {"error": "access_denied"})
        code = secrets.token_urlsafe(30)
        self.state.codes[code] = Code(
            user=self.state.listener,
            scope=frozenset(query.get("scope", "").split()),
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
        )
        return self._back(query, {"code": code})

    def _takes(self, uri: str) -> bool:
        """A loopback address in digits may come with any port; http elsewhere and ``localhost`` are refused."""
        parts = urlsplit(uri)
        bare = parts._replace(netloc=parts.hostname or "").geturl()
        loopback = parts.hostname in _LOOPBACK
        if parts.scheme == "http" and not loopback:
            return False
        return uri in self.state.app.redirect_uris or (loopback and bare in self.state.app.redirect_uris)

    @staticmethod
    def _back(query: Any, answer: dict[str, str]) -> Reply:
        encoded = urlencode(answer | ({"state": query["state"]} if "state" in query else {}))
        return Reply(status=302, headers={"Location": f"{query['redirect_uri']}?{encoded}"})

    @route("POST", "/api/token")
    def token(self, request: Request) -> Any:
        form, app = request.form(), self.state.app
        grant = form.get("grant_type")
        if grant == "client_credentials":
            basic = b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {basic}":
                return refused("invalid_client", "Invalid client")
            return self.state.issue(None, frozenset())
        if form.get("client_id") != app.client_id:
            return refused("invalid_client", "Invalid client")
        if grant == "authorization_code":
            return self._exchange(form)
        if grant == "refresh_token":
            return self._refresh(form)
        return refused("unsupported_grant_type", f"grant_type {grant} is not supported")

    def _exchange(self, form: dict[str, str]) -> Any:
        code = self.state.codes.pop(form.get("code", ""), None)
        if code is None:
            return refused("invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            return refused("invalid_grant", "Invalid redirect URI")
        if challenge_of(form.get("code_verifier", "")) != code.challenge:
            return refused("invalid_grant", "code_verifier was incorrect")
        return self.state.issue(code.user, code.scope)

    def _refresh(self, form: dict[str, str]) -> Any:
        known = self.state.refreshers.pop(form.get("refresh_token", ""), None)
        if known is None:
            return refused("invalid_grant", "Invalid refresh token")
        if self.state.seconds - known.began_at > HALF_A_YEAR:
            return refused("invalid_grant", "Refresh token expired")
        return self.state.issue(known.user, known.scope, known.began_at)
