"""Runs: how they are shown, and how one is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from config import WorkLimits
from jobs.limits import with_room
from jobs.queue import enqueue, queues_of, spawn_worker
from services.container import Services
from services.errors import not_found
from services.views import View
from store.errors import in_words
from store.runs import Run, Skipped


@dataclass(frozen=True, kw_only=True)
class RunView(View):
    """A run as the browser sees it: no owner, no path and no cursor; times in ISO 8601.

    ``mine``: it is this browser's run, not the operator's. ``bytes_done`` of ``bytes_total`` are counted in ``unit``.
    ``skipped`` counts rows by reason. ``sources`` has a line for each source that was queried, ``result`` is that of a
    training. ``columns`` has the heading of each field that was read from a table or list, ``unread`` counts by heading
    the cells that could not be read, ``notes`` are sentences about what was unclear in the file.
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
    skipped: Mapping[str, int]
    skipped_examples: tuple[Skipped, ...]
    unread: Mapping[str, int]
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    playlist_id: str | None
    playlist_ids: tuple[str, ...]
    request: Mapping[str, Any] | None
    sources: tuple[Mapping[str, Any], ...]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    started_at: str | None
    finished_at: str | None
    wake_at: str | None

    @classmethod
    def of(cls, shown: Run, **more: Any) -> Self:
        error = shown.error and {**shown.error, "hint": in_words(shown.error.get("hint") or "")}
        times = {name: getattr(shown, name) for name in ("started_at", "finished_at", "wake_at")}
        return super().of(
            shown,
            mine=shown.owner is not None,
            error=error,
            **{name: time and time.isoformat() for name, time in times.items()},
            **more,
        )


def find_run(services: Services, run_id: str, owner: str | None) -> Run:
    """Return a run of a browser session or of the operator; raises ServiceError 404."""
    run = services.database.get_run(run_id)
    if run is None or run.owner not in {None, owner}:
        raise not_found("There is no such run here.", "It may be from another browser.")
    return run


def start_runs(services: Services, *runs: Run, limits: WorkLimits | None = None) -> list[RunView]:
    """Queue runs and start the worker; an equal run that is queued or running is returned instead of a second one.

    Raises TooManyRuns where ``limits``, by default those of the settings, do not allow it.
    """
    limits = limits or services.config.work
    runs = tuple(with_room(limits, services.database, run) if run.kind == "spotify" else run for run in runs)
    queued = enqueue(services.database, services.config.var, *runs, limits=limits)
    spawn_worker(services.config.var, services.config.mongodb_uri, queues_of(queued))
    return [RunView.of(run) for run in queued]
