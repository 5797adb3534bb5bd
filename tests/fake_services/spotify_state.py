"""What the two fake Spotify servers share: apps, people, tokens and lists."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fake_services.world import Song, base62

HOUR = 3600
HALF_A_YEAR = 183 * 24 * HOUR


@dataclass(kw_only=True)
class App:
    """An app in the dashboard; ``extended`` is one of before November 2024."""

    client_id: str = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
    client_secret: str = "0f9e8d7c6b5a49382716051423324150"
    redirect_uris: set[str] = field(default_factory=lambda: {"http://127.0.0.1/callback"})
    extended: bool = False
    premium: bool = True
    users: set[str] = field(default_factory=lambda: {"wanda", "otto"})


@dataclass(frozen=True, kw_only=True)
class Token:
    """Whom a token speaks for: the app alone (``user`` None), or a user within ``scope``."""

    user: str | None
    scope: frozenset[str] = frozenset()
    expires_at: float
    began_at: float


@dataclass(frozen=True, kw_only=True)
class Code:
    user: str
    scope: frozenset[str]
    redirect_uri: str
    challenge: str


@dataclass(kw_only=True)
class ListAtSpotify:
    """A playlist; ``rows`` are as :func:`row` and its like make them. ``refused`` rows answer 403 under /items."""

    id: str
    name: str
    owner: str
    collaborators: set[str] = field(default_factory=set)
    public: bool = False
    description: str = ""
    rows: list[Any] = field(default_factory=list)
    refused: bool = False
    snapshot: int = 1

    def change(self, rows: list[Any]) -> None:
        self.rows, self.snapshot = rows, self.snapshot + 1

    @property
    def snapshot_id(self) -> str:
        return hashlib.sha256(f"{self.id} {self.snapshot}".encode()).hexdigest()[:24]


class SpotifyState:
    """``seconds`` is the time; ``agrees`` says whether the listener agrees when asked."""

    def __init__(self) -> None:
        self.app = App()
        self.names = {"wanda": "Wanda W.", "otto": "Otto"}
        self.listener = "wanda"
        self.agrees = True
        self.seconds = 0.0
        self.tokens: dict[str, Token] = {}
        self.refreshers: dict[str, Token] = {}
        self.codes: dict[str, Code] = {}
        self.lists: dict[str, ListAtSpotify] = {}
        self.saved: list[Any] = []
        self.top: dict[str, list[Song]] = {}

    def issue(self, user: str | None, scope: frozenset[str], began_at: float | None = None) -> dict[str, Any]:
        """Return the answer of the token endpoint; for a user, with a refresh token that counts once."""
        began_at = self.seconds if began_at is None else began_at
        token = Token(user=user, scope=scope, expires_at=self.seconds + HOUR, began_at=began_at)
        access = f"BQ{secrets.token_urlsafe(40)}"
        self.tokens[access] = token
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": HOUR}
        if user is None:
            return answer
        refresh = f"AQ{secrets.token_urlsafe(40)}"
        self.refreshers[refresh] = token
        return answer | {"refresh_token": refresh, "scope": " ".join(sorted(scope))}

    def withdraw(self) -> None:
        """Let every access token be refused from now on; they can be renewed."""
        self.tokens.clear()

    def add_list(self, name: str, owner: str, rows: list[Any] | None = None, **more: Any) -> ListAtSpotify:
        made = ListAtSpotify(id=base62(f"list {len(self.lists)}"), name=name, owner=owner, rows=rows or [], **more)
        self.lists = {made.id: made, **self.lists}  # the newest comes first
        return made


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


Row = Callable[[str], dict[str, Any]]  # the name under which the track lies -> the row


def row(item: Any, added_by: str | None = "wanda", added_at: str | None = "2026-07-21T10:00:00Z") -> Row:
    """Return a row of a playlist, keyed as new apps see it; ``item`` is a Song, or anything else as it is."""

    def shown(inner: str) -> dict[str, Any]:
        person = {"external_urls": {}, "href": "", "id": added_by, "type": "user", "uri": f"spotify:user:{added_by}"}
        return {
            "added_at": added_at,
            "added_by": None if added_by is None else person,
            "is_local": isinstance(item, dict) and item.get("is_local", False),
            "primary_color": None,
            "video_thumbnail": {"url": None},
            inner: item,
        }

    return shown


def local_file(title: str, artist: str, duration_ms: int) -> dict[str, Any]:
    """Return what lies in the row of a file on the listener's own disk."""
    return {
        "id": None,
        "uri": f"spotify:local:{artist}::{title}:{duration_ms // 1000}".replace(" ", "+"),
        "name": title,
        "artists": [{"id": None, "name": artist, "type": "artist"}],
        "album": {"id": None, "name": "", "artists": [], "release_date": None},
        "duration_ms": duration_ms,
        "external_ids": {},
        "is_local": True,
        "type": "track",
        "track": True,
        "episode": False,
    }


def episode(title: str) -> dict[str, Any]:
    """Return what lies in the row of a podcast episode."""
    return {
        "id": base62(f"episode {title}"),
        "name": title,
        "type": "episode",
        "track": False,
        "episode": True,
        "duration_ms": 2_249_560,
        "show": {"id": base62("show"), "name": "Nowhere Weekly"},
        "release_date": "2026-05-20",
    }
