"""One shape for everything that goes wrong: ``{"error": {"code", "message", "hint", ...}}``."""

from __future__ import annotations

import logging
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

from jobs.queue import TooManyRuns
from services.errors import ServiceError
from store.catalogue.catalogue import CatalogueError
from store.database import StoreError
from store.embedded import EmbeddedError
from store.runs import ImportProblem

log = logging.getLogger(__name__)

# Problems of an uploaded file that have a status of their own; every other one is 422.
_IMPORT_STATUS = {"too_large": 413, "not_csv": 415, "not_text": 415, "unsupported": 415}
_HINTS = {
    404: "See /api/openapi.json for what there is.",
    405: "See /api/openapi.json for the methods of each address.",
    413: "Split the file, or import it on the server: python -m etl import FILE",
}


class ApiError(ServiceError):
    """An error that only HTTP knows, such as a missing file or a foreign origin."""


def register(app: APIFlask) -> None:
    """Let every error leave the application in the one shape, routing errors included."""

    @app.errorhandler(ServiceError)
    def service_error(error: ServiceError) -> tuple[Response, int]:
        body = {"code": error.code, "message": error.message, "hint": error.hint, **error.details}
        return jsonify({"error": body}), error.status

    @app.errorhandler(ImportProblem)
    def import_problem(problem: ImportProblem) -> tuple[Response, int]:
        status = _IMPORT_STATUS.get(problem.code, 422)
        return service_error(ApiError(status, problem.code, problem.message, problem.hint))

    @app.errorhandler(TooManyRuns)
    def too_many_runs(rule: TooManyRuns) -> tuple[Response, int]:
        answer, status = service_error(ApiError(429, rule.code, rule.message, rule.hint))
        answer.headers["Retry-After"] = str(rule.retry_after_s)
        return answer, status

    @app.errorhandler(StoreError)
    @app.errorhandler(EmbeddedError)
    @app.errorhandler(CatalogueError)
    def unavailable(error: StoreError | EmbeddedError | CatalogueError) -> tuple[Response, int]:
        log.error("%s", error.message)
        code = "catalogue_unreadable" if isinstance(error, CatalogueError) else "store_down"
        return service_error(ApiError(503, code, error.message, error.hint))

    @app.error_processor
    def invalid_input(error: HTTPError) -> tuple[Response, int]:
        fields = error.detail.get("query") or error.detail.get("json") or error.detail
        message = "; ".join(_fault_of(name, faults) for name, faults in sorted(fields.items())) or str(error.message)
        return service_error(ApiError(error.status_code, "invalid_value", message, "See `fields`.", fields=fields))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        code = (error.name or "error").lower().replace(" ", "_")
        return service_error(ApiError(status, code, error.description or error.name, _HINTS.get(status, "")))

    @app.errorhandler(Exception)
    def fault(error: Exception) -> tuple[Response, int]:
        log.error("unhandled", exc_info=error)
        return service_error(
            ApiError(500, "internal_error", "Something broke on our side.", "The server's log says what.")
        )


def _fault_of(name: str, faults: Any) -> str:
    texts = faults if isinstance(faults, list) else [str(faults)]
    return f"{name} is missing" if texts == ["Missing data for required field."] else f"{name}: {' '.join(texts)}"
