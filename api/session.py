"""Sessions: who sends a request, and what they may do.

A browser is an anonymous session: a random id in a signed cookie. Because of the signature, neither a reader of the
database nor a page that plants a cookie can take over a session. Only the operator may change what concerns everybody:
sources, their credentials, and which model is served. Without a proxy and without TASTEMAP_OPERATOR_KEY, everybody who
reaches the page is the operator; otherwise a browser must have given the key.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, g, request

from api.current import services
from api.limits.newcomers import Newcomers
from config import ROOT
from server.addresses import network_of
from services.errors import ServiceError
from services.viewer import Viewer
from store.disk import require_room
from store.networks import note_network

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Shown = TypeVar("Shown", bound="DataclassInstance")
_SESSION, _OPERATOR = "tastemap_session", "tastemap_operator"
_DAY_SECONDS = 24 * 3600
_SESSION_DAYS, _RENEW_DAYS, _OPERATOR_DAYS = 365, 7, 30
_SIGNED = re.compile(r"(?P<owner>[0-9a-f]{64})\.(?P<issued>\d{1,12})\.[0-9a-f]{64}")
_FOREIGN_SITES = frozenset({"cross-site", "same-site"})
_HOME = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localhost")


def owner() -> str | None:
    """Return the id of the session, None for a browser that has not imported anything yet."""
    if "owner" not in g:
        # Faster than asking werkzeug, which searches all headers; most programs send no cookie.
        g.owner = _known_owner(request.cookies.get(_SESSION, "")) if "HTTP_COOKIE" in request.environ else None
    known: str | None = g.owner
    return known


def start() -> str:
    """Return the id of the session; open a session if there is none. Call it before anything is stored for a visitor.

    The network of a visitor who is not the operator is noted, because limits also hold for a network. Raises
    TooManySessions if the address has opened too many.
    """
    if owner() is None:
        cast(Newcomers, current_app.extensions["newcomers"]).admit(request.remote_addr)
        g.owner, g.renew_session = secrets.token_hex(32), True
    known: str = g.owner
    if not is_operator() and (network := network_of(request.remote_addr)):
        hashed = hmac.new(services().network_key, network.encode(), hashlib.sha256).hexdigest()
        note_network(services().database, known, hashed)
    return known


def end() -> None:
    """Delete the session's cookie with this answer."""
    g.session_ended = True


def keep(response: Response) -> Response:
    """Send the cookie of a session that is new, or was not renewed for a week, or delete that of an ended one."""
    if g.get("session_ended"):
        response.delete_cookie(_SESSION)
    elif g.get("renew_session"):
        _set_cookie(response, _SESSION, _signed(g.owner), days=_SESSION_DAYS)
    return response


def _known_owner(cookie: str) -> str | None:
    signed = _SIGNED.fullmatch(cookie)
    if not signed or not hmac.compare_digest(cookie, _signed(signed["owner"], int(signed["issued"]))):
        return None
    age = time.time() - int(signed["issued"])
    # A time in the future comes from a wrong clock: the cookie is renewed.
    g.renew_session = not 0 <= age <= _RENEW_DAYS * _DAY_SECONDS
    return signed["owner"] if age < _SESSION_DAYS * _DAY_SECONDS else None


def _signed(owner_id: str, issued: int | None = None) -> str:
    text = f"{owner_id}.{int(time.time()) if issued is None else issued}"
    key = services().session_key
    return f"{text}.{hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"


def refuse_foreign_hosts() -> None:
    """Refuse requests for unknown host names, which protects against DNS rebinding.

    IP addresses, names without a dot, names of a home network and TASTEMAP_HOSTS are known; behind a proxy, the proxy
    must check the name. Raises ServiceError 421 otherwise.
    """
    config = services().config
    # Werkzeug returns no host for a name with invalid characters, such as an underscore, which browsers accept.
    given = request.host or request.headers.get("Host", "")
    if config.behind_proxy or not given or (request.host and _is_at_home(request.host)):
        return
    name = _name_of(request.host) or given
    if name in config.hosts:
        return
    raise ServiceError(
        421, "unknown_host", f"This server is not known as {name}.", f"If it is yours: TASTEMAP_HOSTS={name} make run"
    )


@lru_cache(256)
def _is_at_home(host: str) -> bool:
    name = _name_of(host)
    return _is_address(name) or "." not in name or name.endswith(_HOME)


def _name_of(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "").rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def refuse_foreign_pages() -> None:
    """Refuse a change that another site's page requests (cross-site request forgery).

    Raises ServiceError 403 for a method that changes something if ``Origin`` is not ours (over TLS its scheme counts,
    too) or ``Sec-Fetch-Site`` names another site.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "")
    if site in _FOREIGN_SITES or (origin is not None and not _is_ours(origin)):
        raise ServiceError(403, "foreign_origin", "Another site may not change anything here.", "Open Tastemap itself.")


def _is_ours(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:  # invalid brackets in the address
        return False
    # Behind a proxy that terminates TLS, we see http and the browser https, even without TASTEMAP_BEHIND_PROXY.
    return parts.netloc == request.host and (parts.scheme == request.scheme or parts.scheme == "https")


def refuse_without_room() -> None:
    """Refuse requests that store something while the disk is almost full; raises DiskFull. Deletions are allowed."""
    if request.method in {"POST", "PUT", "PATCH"}:
        require_room(services().config.var)


def mark_operator(response: Response, key: str) -> Response:
    """Let the browser that gets ``response`` change what concerns everybody, for a month."""
    _set_cookie(response, _OPERATOR, _mark(key, int(time.time())), days=_OPERATOR_DAYS)
    return response


def viewer() -> Viewer:
    """Return who sends the request, and by the link of which playlist. Call :func:`start` first to open a session."""
    if "viewer" not in g or g.viewer.owner != owner():
        # Faster than letting werkzeug parse every query; most name no playlist.
        link = request.args.get("playlist") if b"playlist" in request.query_string else None
        g.viewer = Viewer(owner(), is_operator(), link)
    known: Viewer = g.viewer
    return known


def require_operator() -> None:
    """Raise ServiceError 403 unless this browser may change what concerns everybody."""
    config = services().config
    if not config.operator_key:
        if not config.behind_proxy:
            return
        hint = "Whoever runs this server must set TASTEMAP_OPERATOR_KEY and enter it here."
        raise ServiceError(403, "operator_only", "Only whoever runs this server may change this.", hint)
    if not _is_mark(request.cookies.get(_OPERATOR, ""), config.operator_key):
        hint = "Enter the key of this server (TASTEMAP_OPERATOR_KEY) and try again."
        raise ServiceError(403, "operator_only", "Only whoever runs this server may change this.", hint)


def is_operator() -> bool:
    """Return whether this browser may change what concerns everybody."""
    try:
        require_operator()
    except ServiceError:
        return False
    return True


def for_viewer(found: Sequence[Shown]) -> list[Shown]:
    """Return the dataclasses in ``found`` for this browser: paths are removed unless it is the operator's."""
    return list(found) if is_operator() else [replace(item, **_without_paths(item)) for item in found]


def without_paths(text: str) -> str:
    """Return ``text`` with short names instead of this installation's folders."""
    config = services().config
    names = {config.var: "var", config.models: "models", config.static: "static", ROOT: "."}
    for folder in sorted(names, key=lambda folder: -len(str(folder))):
        text = text.replace(str(folder), names[folder])
    return text


def _without_paths(item: "DataclassInstance") -> dict[str, str]:
    texts = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: without_paths(text) for name, text in texts.items() if type(text) is str}


def _mark(key: str, issued: int) -> str:
    mark = hmac.new(key.encode(), f"operator of tastemap {issued}".encode(), hashlib.sha256)
    return f"{issued}.{mark.hexdigest()}"


def _is_mark(cookie: str, key: str) -> bool:
    issued = cookie.partition(".")[0]
    if not issued.isdecimal() or not cookie.isascii() or len(issued) > len(str(2**63)):
        return False
    is_young = abs(time.time() - int(issued)) < _OPERATOR_DAYS * _DAY_SECONDS
    return is_young and hmac.compare_digest(cookie, _mark(key, int(issued)))


def _set_cookie(response: Response, name: str, value: str, *, days: int) -> None:
    age, secure = days * _DAY_SECONDS, request.is_secure
    response.set_cookie(name, value, max_age=age, httponly=True, samesite="Lax", secure=secure, path="/")
