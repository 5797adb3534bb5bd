"""Who may change what concerns everybody: the sources, their credentials, which model is served.

On a machine of one's own (no proxy before it) whoever reaches the page may. Where it stands on the web, or where
TASTEMAP_OPERATOR_KEY is set, a browser must have named the key.
"""

import hashlib
import hmac

from flask import Response, request

from api.current import services
from api.errors import ApiError

COOKIE = "tastemap_operator"
_MONTH_SECONDS = 30 * 24 * 3600


def mark(response: Response, key: str) -> Response:
    """Let the browser that gets ``response`` change what concerns everybody, for a month."""
    response.set_cookie(
        COOKIE, _mark(key), max_age=_MONTH_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )
    return response


def require_operator() -> None:
    """Let a browser pass that may change what concerns everybody.

    Raises
    ------
    ApiError
        403 ``operator_only``, for any other.
    """
    config = services().config
    if not config.operator_key:
        if not config.behind_proxy:
            return
        hint = "Whoever runs this server sets TASTEMAP_OPERATOR_KEY and then names it here."
        raise ApiError(403, "operator_only", "Only whoever runs this server may change this.", hint)
    if not hmac.compare_digest(request.cookies.get(COOKIE, ""), _mark(config.operator_key)):
        hint = "Name the key of this server (TASTEMAP_OPERATOR_KEY) and try again."
        raise ApiError(403, "operator_only", "Only whoever runs this server may change this.", hint)


def _mark(key: str) -> str:
    return hmac.new(key.encode(), b"operator of tastemap", hashlib.sha256).hexdigest()
