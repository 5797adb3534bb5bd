"""``/metrics`` in the text format of Prometheus: requests and their latencies, the queue, sources, models, catalogue.

Under gunicorn, each web process counts its requests in its own files, and the process that answers adds them up. The
number of labels is bounded: a route is named by its rule, never by its path.
"""

import hmac
import logging
import os
import shutil
import time
from collections import Counter as Count
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from apiflask.schemas import FileSchema
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from api import session
from api.application import Blueprint
from api.current import services
from ml.artefacts import ArtefactError
from services import health
from services.container import Services
from services.errors import ServiceError
from store.catalogue.catalogue import CatalogueError
from store.database import StoreError

blueprint = Blueprint("metrics", __name__, tag="Status")

_requests_log = logging.getLogger("tastemap.requests")
_REGISTRY = CollectorRegistry()
_REQUESTS = Counter(
    "tastemap_requests", "Requests that a route has answered", ("method", "route", "status"), registry=_REGISTRY
)
_SECONDS = Histogram(
    "tastemap_request_seconds",
    "Seconds from a request's arrival at a thread to the begin of its answer",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=_REGISTRY,
)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_AREAS = ("store", "catalogue", "models", "disk")


@lru_cache(1024)
def _counted(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Return the counter and the histogram for requests of a route."""
    return _REQUESTS.labels(method, route, str(int(status))), _SECONDS.labels(route)


def count_cached(log_requests: bool) -> Callable[[str, float, Mapping[str, Any]], None]:
    """Return a function that counts requests answered from the cache; their routes have no parameters."""

    def count(path: str, began: float, environ: Mapping[str, Any]) -> None:
        _count("GET", path, HTTPStatus.OK, began, path if log_requests else "", environ.get("REMOTE_ADDR"))

    return count


def _count(method: str, route: str, status: int, began: float, logged_path: str, address: str | None) -> None:
    requests, latencies = _counted(method, route, status)
    requests.inc()
    seconds = time.perf_counter() - began
    latencies.observe(seconds)
    if logged_path:
        # The query is not logged, because what people search for is private.
        fields = {"method": method, "path": logged_path, "status": status, "seconds": round(seconds, 4)}
        _requests_log.info("request", extra={"fields": fields | {"address": address}})


def register(app: APIFlask, *, log_requests: bool) -> None:
    """Count the requests of ``app``, and log each of them if ``log_requests``."""

    def begin() -> None:
        g.began = time.perf_counter()

    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"
        began = g.get("began", time.perf_counter())
        _count(method, route, response.status_code, began, request.path if log_requests else "", request.remote_addr)
        return response

    app.before_request(begin)
    app.after_request(count)


@blueprint.get("/metrics")
@blueprint.output(FileSchema(), content_type="text/plain", description="The text format of Prometheus")
@blueprint.doc(responses={403: "Neither the operator nor TASTEMAP_METRICS_KEY as bearer token"})
def metrics() -> Response:
    """Requests, latencies, the queue, sources, models, catalogue and disk, for the operator and for Prometheus."""
    _require_reader()
    registry = _REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    state = CollectorRegistry()
    state.register(_State(services()))
    return Response(generate_latest(registry) + generate_latest(state), content_type="text/plain; version=0.0.4")


def _require_reader() -> None:
    key = services().config.metrics_key
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if key and hmac.compare_digest(given, key.encode()):
        return
    if not session.is_operator():
        hint = "Send TASTEMAP_METRICS_KEY of the server as bearer token."
        raise ServiceError(403, "operator_only", "Only whoever runs this server may read this.", hint)


class _State:
    """Collects the present state at each reading."""

    def __init__(self, container: Services) -> None:
        self._container = container

    def collect(self) -> Iterator[GaugeMetricFamily]:
        container = self._container
        wrong = Count(problem.area for problem in health.problems(container))
        yield _family("problems", "What /readyz says is wrong, by area", "area", {area: wrong[area] for area in _AREAS})
        # A state that cannot be read is among the problems above.
        with suppress(StoreError):
            yield from self._of_store()
        with suppress(CatalogueError):
            counts = {segment.name: segment.count for segment in container.catalogue.current().segments}
            yield _family("catalogue_tracks", "Tracks of the catalogue, by segment", "segment", counts)
        with suppress(ArtefactError):
            served = GaugeMetricFamily("tastemap_model", "The served version of each task", labels=("task", "version"))
            for version in container.registry.versions():
                if version.active:
                    served.add_metric((version.task, version.name), 1)
            yield served
        yield GaugeMetricFamily(
            "tastemap_disk_free_bytes", "Room on the disk of var", value=shutil.disk_usage(container.config.var).free
        )

    def _of_store(self) -> Iterator[GaugeMetricFamily]:
        database = self._container.database
        runs = GaugeMetricFamily("tastemap_runs", "Open runs", labels=("kind", "state"))
        unended = [*database.unfinished_runs(), *database.waiting_runs()]
        for (kind, state), count in Count((run.kind or "file", run.state) for run in unended).items():
            runs.add_metric((kind, state), count)
        yield runs
        sources = GaugeMetricFamily("tastemap_source", "The state of each online source", labels=("source", "state"))
        for source in self._container.engine.states():
            sources.add_metric((source.name, source.state), 1)
        yield sources
        counts = database.counts()
        yield _family("stored", "What the database holds, as last counted", "what", counts)


def _family(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"tastemap_{name}", text, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family
