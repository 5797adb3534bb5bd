"""Gathering from sources: data that a playlist lacks, and harvests; listing and cancelling of runs."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from etl.gather.balanced import new_balanced
from etl.gather.enrich import NEEDS, new_enrichment
from etl.gather.page_stream import NO_FILTERS
from etl.gather.segments import TRACKS, new_segments
from etl.gather.terms import TERMS, new_harvest
from etl.providers.base import Need
from etl.whole_playlists import DELETE
from jobs.queue import queues_of, spawn_worker
from services.container import Services
from services.errors import ServiceError, invalid_value, not_yours
from services.playlists.playlists import check_complete, find_playlist, may_change
from services.runs import RunView, find_run, start_runs
from services.viewer import Viewer

KINDS = {"tracks": Need.SEARCH, "artists": Need.ARTISTS, "segments": Need.ANALYSIS, "balanced": Need.GENRE_TRACKS}
# The most that a browser may ask for at a time: search terms (702: all of one or two letters) and tracks.
BROWSER_TERMS, BROWSER_TRACKS = 702, 5000
_RUNS = 50
_WAKE_PAUSE_SECONDS = 30.0
_woken_at = -_WAKE_PAUSE_SECONDS


def enrich(services: Services, playlist_id: str, needs: Sequence[str], viewer: Viewer) -> RunView:
    """Fetch ``needs`` (names in :data:`etl.gather.enrich.NEEDS`) for the tracks of a playlist.

    Raises ServiceError 403 for a playlist of another browser, 409 where it is arriving or no source is on, TooManyRuns.
    """
    playlist = find_playlist(services, playlist_id, viewer)
    if not may_change(playlist, viewer):
        raise not_yours("Only the browser that imported this playlist can do that.", "Import the file here.")
    check_complete(playlist)
    _check_sources(services, [NEEDS[name] for name in needs], None)
    return start_runs(services, new_enrichment(playlist.id, playlist.name, viewer.owner, needs))[0]


def harvest(services: Services, wanted: Mapping[str, Any], owner: str) -> RunView:
    """Gather what the fields of :class:`api.sources.gather.HarvestBody` ask for.

    Raises ServiceError 422 for what is out of bounds, 409 where no source that does this is on, TooManyRuns.
    """
    kind, years = wanted["kind"], wanted.get("years")
    if years and years[0] > years[1]:
        raise invalid_value("years: the first one is later than the second.", "Such as [1990, 1999].")
    if kind in {"tracks", "artists"} and wanted.get("terms", 0) > BROWSER_TERMS:
        raise invalid_value(
            f"terms: at most {BROWSER_TERMS} at a time.", "Gather again for more. On the server: python -m etl harvest"
        )
    _check_sources(services, [KINDS[kind]], wanted.get("source"))
    filters: dict[str, Any] = {name: wanted[name] for name in NO_FILTERS if name in wanted}
    if kind == "balanced":
        run = new_balanced(owner, genres=wanted.get("genres", ()), per_genre=wanted["per_genre"], **filters)
    elif kind == "segments":
        least = wanted["min_segments"]
        run = new_segments(owner, terms=wanted.get("terms", TRACKS), min_segments=least, **filters)
    else:
        run = new_harvest(kind, owner, terms=wanted.get("terms", TERMS), **filters)
    return start_runs(services, run)[0]


def recent_runs(services: Services, owner: str | None) -> list[RunView]:
    """Return the newest runs of a browser and of the operator; runs whose waiting time is over are continued."""
    _wake(services)
    return [RunView.of(run) for run in services.database.runs_of(owner, _RUNS)]


def cancel(services: Services, run_id: str, owner: str | None) -> None:
    """Cancel a run of the browser.

    Raises ServiceError 404 for an unknown run, 403 for one of the operator's, 409 for a deletion or one that has ended.
    """
    run = find_run(services, run_id, owner)
    if run.kind == DELETE:
        raise ServiceError(409, "deleting", "A deletion cannot be cancelled.", "Import the file again.")
    if run.owner is None:
        raise not_yours(
            "The operator started this run.",
            f"Only the operator can cancel it. On the server: python -m etl cancel {run_id}",
        )
    if not services.database.cancel_run(run_id):
        raise ServiceError(409, "ended", "This run has ended already.", "See its state.")


def _check_sources(services: Services, needs: Sequence[Need], source: str | None) -> None:
    engine = services.engine
    on = {name for need in needs for name in engine.on(need)}
    if source is not None and source not in engine.providers():
        raise invalid_value(f"source: there is none called {source!r}.", "See /api/sources.")
    if not on or source not in {None, *on}:
        raise ServiceError(
            409,
            "no_sources",
            "No source that does this is switched on.",
            "Switch one on under Settings.",
        )


def _wake(services: Services) -> None:
    """Start the worker for waiting runs; at most every 30 s, because it takes a moment."""
    global _woken_at
    if time.monotonic() - _woken_at < _WAKE_PAUSE_SECONDS:
        return
    _woken_at = time.monotonic()
    due = [run for run in services.database.unfinished_runs() if run.state == "waiting"]
    if due:
        spawn_worker(services.config.var, services.config.mongodb_uri, queues_of(due))
