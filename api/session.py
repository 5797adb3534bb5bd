"""Who is asking: an anonymous browser session, known by a random cookie and stored only as its hash."""

import hashlib
import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import Response, g, request

from api.current import services
from api.errors import ApiError

COOKIE = "tastemap_session"
_YEAR_SECONDS = 365 * 24 * 3600
_HOME = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localhost")


def owner() -> str | None:
    """Return the asking session's hash, or ``None`` for a browser that has brought nothing in yet."""
    token = g.get("new_session_token") or request.cookies.get(COOKIE)
    return hashlib.sha256(token.encode()).hexdigest() if token else None


def start() -> str:
    """Return the asking session's hash, opening a session where there is none."""
    known = owner()
    if known:
        return known
    g.new_session_token = secrets.token_urlsafe(32)
    return start()


def keep(response: Response) -> Response:
    """Send a session that this request opened to the browser."""
    token = g.get("new_session_token")
    if token:
        response.set_cookie(
            COOKIE, token, max_age=_YEAR_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
        )
    return response


def refuse_foreign_hosts() -> None:
    """Refuse requests by a name that is not ours: a page elsewhere may let its own name point to this machine.

    Addresses, names without a dot and names of a home network are ours; behind a proxy that is the proxy's matter.

    Raises
    ------
    ApiError
        421 otherwise.
    """
    config = services().config
    name = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    if config.behind_proxy or _is_address(name) or "." not in name or name.endswith(_HOME) or name in config.hosts:
        return
    raise ApiError(
        421, "unknown_host", f"This server is not known as {name}.", f"If it is yours: TASTEMAP_HOSTS={name} make run"
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def refuse_foreign_pages() -> None:
    """Refuse a change that a page of another origin asks for in the listener's browser.

    Raises
    ------
    ApiError
        403, for a method that changes something and an ``Origin`` that is not ours.
    """
    origin = request.headers.get("Origin")
    if request.method in {"POST", "PUT", "PATCH", "DELETE"} and origin and urlsplit(origin).netloc != request.host:
        raise ApiError(403, "foreign_origin", "Another site may not change anything here.", "Open Tastemap itself.")
