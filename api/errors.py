"""Answers every error with the same JSON: ``{"error": {"code", "message", "hint", ...}}``."""

import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, default_exceptions

from api import session
from etl.providers.base import FaultKind, NotThere, SourceFault
from etl.spotify.accounts import NotConnected
from services.errors import ServiceError, not_found
from store.disk import log_fault
from store.errors import StoreDown, TastemapError, in_words
from store.runs import ImportProblem

log = logging.getLogger(__name__)

# The status by code. Every other problem of an uploaded file is 422, every other error 500.
_STATUS = {
    "not_found": 404,
    "kept": 409,
    "nothing_before": 409,
    "not_connected": 409,
    "too_large": 413,
    "not_csv": 415,
    "not_text": 415,
    "unsupported": 415,
    "too_little": 409,
    "too_many_at_once": 429,
    "too_many_runs": 429,
    "locked_out": 429,
    "too_many_sessions": 429,
    "catalogue_unreadable": 503,
    "model_missing": 503,
    "store_down": 503,
    "disk_full": 507,
    "disk_unwritable": 503,
    "vault_unusable": 503,
}
# Only failures of Spotify end a request; other sources are optional.
_SOURCE_STATUS = {
    FaultKind.LIMITED: (503, "spotify_limited"),
    FaultKind.UNREACHABLE: (502, "spotify_unreachable"),
    FaultKind.GARBLED: (502, "spotify_unreachable"),
    FaultKind.REFUSED: (403, "spotify_refused"),
    FaultKind.ABSENT: (403, "spotify_refused"),
}
INTERNAL_ERROR = ServiceError(500, "internal_error", "Something broke on our side.", "The server's log says what.")
# The Retry-After of an answer when the database does not answer.
_STORE_SECONDS = 5
_SPLIT = "Split the file, and import the parts."
_HINTS = {
    404: "See /api/openapi.json for the addresses.",
    405: "See /api/openapi.json for the methods of each address.",
}


def register(app: APIFlask) -> None:
    """Answer every error of ``app`` with JSON, routing errors included."""
    app.register_error_handler(TastemapError, tastemap_error)
    app.register_error_handler(NotThere, _not_there)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, _fault)
    app.error_processor(_invalid_input)


def tastemap_error(error: TastemapError) -> tuple[Response, int]:
    """Turn an error of Tastemap into an answer."""
    status, code, details = _in_http(error)
    message, hint = error.message, in_words(error.hint)
    if status >= 500:
        log.error("%s", message)
        if not session.is_operator():
            message, hint = session.without_paths(message), session.without_paths(hint)
    answer = jsonify({"error": {"code": code, "message": message, "hint": hint, **details}})
    retry_after_s = _STORE_SECONDS if code == StoreDown.code else getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(math.ceil(retry_after_s))
    return answer, status


def http_error(error: HTTPException, headers: Mapping[str, Any] | None = None) -> tuple[Response, int]:
    """Turn an error of Flask's routing into an answer; ``headers`` replace those of the error."""
    status = error.code or 500
    code = (error.name or "error").lower().replace(" ", "_")
    answer, status = tastemap_error(ServiceError(status, code, error.description or error.name, _HINTS.get(status, "")))
    # RFC 9110 requires these headers: the allowed methods, and the size of the file.
    given = dict(error.get_headers()) if headers is None else headers
    answer.headers.extend({name: value for name, value in given.items() if name in {"Allow", "Content-Range"}})
    return answer, status


def _not_there(_: NotThere) -> tuple[Response, int]:
    return tastemap_error(not_found("The source does not have this any more.", "Look at its lists again."))


def _invalid_input(error: HTTPError) -> tuple[Response, int]:
    if not error.detail:  # APIFlask's routing errors, which name no field
        return http_error(default_exceptions[error.status_code](), dict(error.headers))
    fields = error.detail.get("query") or error.detail.get("json") or error.detail
    message = "; ".join(_fault_of(name, faults) for name, faults in sorted(fields.items())) or str(error.message)
    return tastemap_error(ServiceError(error.status_code, "invalid_value", message, "See `fields`.", fields=fields))


def _too_large(_: RequestEntityTooLarge) -> tuple[Response, int]:
    if request.content_length is not None and request.content_length <= (request.max_content_length or 0):
        message = "The form has too many fields, or one of them is too large."
        return tastemap_error(ServiceError(413, "too_large", message, "Send one file at once."))
    most = (request.max_content_length or 0) // 1024
    size = f"{most // 1024} MB" if most >= 1024 else f"{most} KB"
    hint = _SPLIT if most > 1024 else "Send less at once."
    return tastemap_error(ServiceError(413, "too_large", f"The request has more than {size}.", hint))


def _fault(error: Exception) -> tuple[Response, int]:
    return tastemap_error(log_fault(log, f"{request.method} {request.path}", error) or INTERNAL_ERROR)


def _in_http(error: TastemapError) -> tuple[int, str, Mapping[str, Any]]:
    """Return the status, the code and the additional members of the error object."""
    if isinstance(error, ServiceError):
        return error.status, error.code, error.details
    if isinstance(error, SourceFault) and not isinstance(error, NotConnected):
        status, code = _SOURCE_STATUS[error.kind]
        if error.retry_after_s is None:
            return status, code, {}
        return status, code, {"retry_at": (datetime.now(UTC) + timedelta(seconds=error.retry_after_s)).isoformat()}
    return _STATUS.get(error.code, 422 if isinstance(error, ImportProblem) else 500), error.code, {}


def _fault_of(name: str, faults: Any) -> str:
    texts = faults if isinstance(faults, list) else [str(faults)]
    return f"{name} is missing" if texts == ["Missing data for required field."] else f"{name}: {' '.join(texts)}"
