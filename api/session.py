"""Who is asking, and what they may.

A browser is an anonymous session, known by a random cookie and stored only as its hash. What concerns everybody (the
sources, their credentials, which model is served) the operator alone may change. On a machine of one's own (no proxy
before it) that is whoever reaches the page. Where it stands on the web, or where TASTEMAP_OPERATOR_KEY is set, a
browser must have named the key.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from flask import Response, g, request

from api.current import services
from config import ROOT
from services.errors import ServiceError
from services.viewer import Viewer
from store.disk import require_room

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Shown = TypeVar("Shown", bound="DataclassInstance")
_SESSION, _OPERATOR = "tastemap_session", "tastemap_operator"
_DAY_SECONDS = 24 * 3600
_HOME = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localhost")


def owner() -> str | None:
    """Return the asking session's hash, or ``None`` for a browser that has brought nothing in yet."""
    token = g.get("new_session_token") or request.cookies.get(_SESSION)
    return hashlib.sha256(token.encode()).hexdigest() if token else None


def start() -> str:
    """Return the asking session's hash, opening a session where there is none."""
    known = owner()
    if known:
        return known
    g.new_session_token = secrets.token_urlsafe(32)
    return start()


def end() -> None:
    """Let the browser forget its session with this answer."""
    g.session_ended = True


def keep(response: Response) -> Response:
    """Send a session that this request opened to the browser."""
    token = g.get("new_session_token")
    if token:
        _set_cookie(response, _SESSION, token, days=365)
    if g.get("session_ended"):
        response.delete_cookie(_SESSION)
    return response


def refuse_foreign_hosts() -> None:
    """Refuse requests by a name that is not ours: a page elsewhere may let its own name point to this machine.

    Addresses, names without a dot and names of a home network are ours; behind a proxy that is the proxy's matter.
    Raises ServiceError 421 otherwise.
    """
    config = services().config
    name = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    if config.behind_proxy or _is_address(name) or "." not in name or name.endswith(_HOME) or name in config.hosts:
        return
    raise ServiceError(
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

    Raises ServiceError 403 for a method that changes something and an ``Origin`` that is not ours.
    """
    origin = request.headers.get("Origin")
    if request.method in {"POST", "PUT", "PATCH", "DELETE"} and origin and urlsplit(origin).netloc != request.host:
        raise ServiceError(403, "foreign_origin", "Another site may not change anything here.", "Open Tastemap itself.")


def refuse_without_room() -> None:
    """Refuse what is to be stored while the disk is all but full; raises DiskFull. What is deleted makes room."""
    if request.method in {"POST", "PUT", "PATCH"}:
        require_room(services().config.var)


def mark_operator(response: Response, key: str) -> Response:
    """Let the browser that gets ``response`` change what concerns everybody, for a month."""
    _set_cookie(response, _OPERATOR, _mark(key), days=30)
    return response


def viewer() -> Viewer:
    """Return who is asking."""
    return Viewer(owner(), is_operator())


def require_operator() -> None:
    """Let a browser pass that may change what concerns everybody; raises ServiceError 403 for any other."""
    config = services().config
    if not config.operator_key:
        if not config.behind_proxy:
            return
        hint = "Whoever runs this server sets TASTEMAP_OPERATOR_KEY and then names it here."
        raise ServiceError(403, "operator_only", "Only whoever runs this server may change this.", hint)
    if not hmac.compare_digest(request.cookies.get(_OPERATOR, ""), _mark(config.operator_key)):
        hint = "Name the key of this server (TASTEMAP_OPERATOR_KEY) and try again."
        raise ServiceError(403, "operator_only", "Only whoever runs this server may change this.", hint)


def is_operator() -> bool:
    """Return whether this browser may change what concerns everybody."""
    try:
        require_operator()
    except ServiceError:
        return False
    return True


def for_viewer(found: Sequence[Shown]) -> list[Shown]:
    """Return the dataclasses in ``found`` as whoever asks may read them: only the operator sees where files lie."""
    return list(found) if is_operator() else [replace(one, **_without_paths(one)) for one in found]


def without_paths(text: str) -> str:
    """Return ``text`` without the folders in which this installation lies."""
    config = services().config
    places = {config.var: "var", config.models: "models", config.static: "static", ROOT: "."}
    for folder, name in sorted(places.items(), key=lambda place: -len(str(place[0]))):
        text = text.replace(str(folder), name)
    return text


def _without_paths(one: "DataclassInstance") -> dict[str, str]:
    texts = {field.name: getattr(one, field.name) for field in fields(one)}
    return {name: without_paths(text) for name, text in texts.items() if type(text) is str}


def _mark(key: str) -> str:
    return hmac.new(key.encode(), b"operator of tastemap", hashlib.sha256).hexdigest()


def _set_cookie(response: Response, name: str, value: str, *, days: int) -> None:
    age, secure = days * _DAY_SECONDS, request.is_secure
    response.set_cookie(name, value, max_age=age, httponly=True, samesite="Lax", secure=secure, path="/")
