"""Limits of requests: the size of the body, the characters of the address, and the depth and numbers of JSON."""

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from flask import Flask, current_app, request

from config import LARGEST_BODY, MEGABYTE
from services.errors import ServiceError, bad_request

__all__ = ["LARGEST_BODY", "MAX_BODY", "read_json", "register", "takes", "takes_file"]

MAX_BODY = 64 * 1024
# Room for the other parts of a form with a file.
_FORM = MEGABYTE
# Routes take a few levels; without a limit, deep nesting could exhaust the stack.
MAX_DEPTH = 16
# Beyond this, whole numbers are not exact in JavaScript (RFC 8259, section 6).
MAX_NUMBER = 2**53 - 1
_HINT = "See /api/openapi.json for what this address takes."

Route = TypeVar("Route", bound=Callable[..., Any])


def takes(max_bytes: int) -> Callable[[Route], Route]:
    """Let a route take a body of ``max_bytes`` instead of :data:`MAX_BODY`."""

    def mark(route: Route) -> Route:
        route.max_body = max_bytes  # type: ignore[attr-defined]
        return route

    return mark


def takes_file(route: Route) -> Route:
    """Let a route take a form with the fields ``file``, up to TASTEMAP_MAX_UPLOAD_MB, and ``options``."""
    route.takes_file = True  # type: ignore[attr-defined]
    return route


def register(app: Flask, max_upload_bytes: int) -> None:
    """Check each request before its route reads it."""

    def check() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        is_file = getattr(view, "takes_file", False)
        request.max_content_length = max_upload_bytes + _FORM if is_file else getattr(view, "max_body", MAX_BODY)
        _check_address()
        is_json = "CONTENT_TYPE" in request.environ and request.is_json
        if is_json and view is not None and (body := request.get_data()):
            read_json(body)

    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY)
    app.before_request(check)


def _check_address() -> None:
    query = request.query_string
    if "\0" in request.path or b"%00" in query or b"\0" in query:
        raise bad_request("The address contains a NUL character.", "Leave it out.")


def read_json(body: bytes | str) -> Any:
    """Return the value of JSON in UTF-8.

    Raises ServiceError 400 if it is not JSON, is nested deeper than :data:`MAX_DEPTH`, or has a NUL character, half
    a surrogate pair, or a number beyond :data:`MAX_NUMBER`.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise ServiceError(400, "bad_json", f"The body is not JSON: {fault}.", _HINT) from fault
    _check(value, MAX_DEPTH)
    return value


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ServiceError(400, "bad_json", f"The body is nested deeper than {MAX_DEPTH} levels.", _HINT)
    if isinstance(value, dict):
        for name, member in value.items():
            _check(name, depth)
            _check(member, depth - 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth - 1)
    elif isinstance(value, str):
        if "\0" in value:
            raise ServiceError(400, "bad_json", "The body contains a NUL character.", "Leave it out.")
    elif isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise ServiceError(400, "bad_json", f"The body contains a number beyond {MAX_NUMBER}.", _HINT)
