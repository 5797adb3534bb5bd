"""Runs: how they are shown, and how one is started."""

from dataclasses import dataclass
from typing import Any

from jobs.queue import enqueue, queues_of, spawn_worker
from services.container import Services
from services.errors import not_found
from store.documents import public_run


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run as the browser sees it; times in ISO 8601.

    ``bytes_done`` of ``bytes_total`` count ``unit``; ``skipped`` counts rows by reason. ``sources`` has a line for
    each source that was queried, ``result`` is that of a training. ``columns`` is the heading of each field that was
    read from a table or list, ``unread`` counts by heading the cells that could not be read, ``notes`` are sentences
    about what the file leaves open.
    """

    id: str
    kind: str | None
    name: str
    sha256: str | None
    mine: bool
    state: str
    phase: str
    unit: str
    bytes_done: int
    bytes_total: int | None
    requested: int
    stored: int
    known: int
    skipped: dict[str, int]
    skipped_examples: list[dict[str, Any]]
    unread: dict[str, int]
    columns: dict[str, str]
    notes: list[str]
    playlist_id: str | None
    playlist_ids: list[str]
    request: dict[str, Any] | None
    sources: list[dict[str, Any]]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    started_at: str | None
    finished_at: str | None
    wake_at: str | None


def find_run(services: Services, run_id: str, owner: str | None) -> dict[str, Any]:
    """Return the document of a run of a browser session or of the operator; raises ServiceError 404."""
    run = services.database.load_run(run_id)
    if run is None or run["owner"] not in {None, owner}:
        raise not_found("There is no such run here.", "It may be from another browser.")
    return run


def start_runs(services: Services, *documents: dict[str, Any]) -> list[RunView]:
    """Queue runs and start the worker; for a run that is queued or under way already, that one is returned.

    Raises TooManyRuns.
    """
    queued = enqueue(services.database, services.config.var, *documents)
    spawn_worker(services.config.var, services.config.mongodb_uri, queues_of(queued))
    return [RunView(**public_run(document)) for document in queued]
