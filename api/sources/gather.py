"""Gathering from sources: what a playlist lacks, harvests, and all runs and their end."""

import time
from collections.abc import Sequence
from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Boolean, Float, Integer, List, String
from apiflask.validators import Length, OneOf, Range

from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import RunAnswer, RunsAnswer
from etl.gather.balanced import MOST_GENRES, MOST_PER_GENRE, PER_GENRE, new_balanced
from etl.gather.enrich import NEEDS, new_enrichment
from etl.gather.segments import TRACKS, new_segments
from etl.gather.terms import TERMS, new_harvest
from etl.providers.base import Need
from jobs.queue import queues_of, spawn_worker
from services.container import Services
from services.errors import ServiceError, invalid_value, not_yours
from services.playlists import find_playlist, may_change
from services.runs import RunView, find_run, start_runs
from store.runs import Run

blueprint = Blueprint("harvest", __name__, tag="Sources")

RUNS = 50
# What a browser may ask for at a time: two letters, all of them. The operator's command goes further.
BROWSER_TERMS, BROWSER_TRACKS = 702, 5000
_WAKE_PAUSE_SECONDS = 30.0
_KINDS = {"tracks": Need.SEARCH, "artists": Need.ARTISTS, "segments": Need.ANALYSIS, "balanced": Need.GENRE_TRACKS}
_woken_at = -_WAKE_PAUSE_SECONDS


class EnrichBody(Schema):
    needs = List(
        String(validate=OneOf(list(NEEDS))),
        load_default=lambda: list(NEEDS),
        validate=Length(min=1),
        metadata={"description": "What to fetch; everything where nothing is named."},
    )


class HarvestBody(Schema):
    kind = String(required=True, validate=OneOf(list(_KINDS)))
    source = String(allow_none=True, validate=Length(max=64), metadata={"description": "Ask this one alone."})
    terms = Integer(
        validate=Range(1, BROWSER_TRACKS),
        metadata={
            "description": f"Search terms, at most {BROWSER_TERMS}, by default {TERMS}; of segments: tracks ({TRACKS})."
        },
    )
    genres = List(String(validate=Length(1, 64)), validate=Length(max=MOST_GENRES))
    per_genre = Integer(load_default=PER_GENRE, validate=Range(1, MOST_PER_GENRE))
    min_segments = Integer(load_default=1, validate=Range(1, 100_000), metadata={"description": "Of segments."})
    min_popularity = Float(allow_none=True, validate=Range(0, 100))
    years = List(
        Integer(validate=Range(1000, 2999)),
        allow_none=True,
        validate=Length(equal=2),
        metadata={"description": "From and to, both included."},
    )
    strict = Boolean(
        load_default=False, metadata={"description": "Leave out what no popularity or year is known of, too."}
    )


@blueprint.post("/api/playlists/<playlist_id>/enrich")
@blueprint.body(EnrichBody)
@blueprint.doc(responses={202: "The run that fetches", 403: "Not the browser that brought it in", 409: "No source"})
def enrich(playlist_id: str, body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Fetch audio features, genres and recommendations for the tracks of a playlist from every source that is on."""
    viewer = session.viewer()
    playlist = find_playlist(services(), playlist_id, viewer)
    if not may_change(playlist, viewer):
        raise not_yours("Only the browser that brought this playlist in can do that.", "Bring the file in here.")
    if not playlist.complete:
        raise ServiceError(409, "arriving", "The playlist is still arriving.", "Try again when its import has ended.")
    _need_source([NEEDS[name] for name in body["needs"]], None)
    return _start(new_enrichment(playlist.id, playlist.name, session.start(), body["needs"]))


@blueprint.post("/api/harvests")
@blueprint.body(HarvestBody)
@blueprint.doc(responses={202: "The run that gathers", 409: "No source that does this is switched on"})
def harvest(body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Gather tracks or artists by enumerated search terms, segments of the tracks at hand, or a genre-balanced set."""
    kind, years = body["kind"], body.get("years")
    if years and years[0] > years[1]:
        raise invalid_value("years: the first one is later than the second.", "Such as [1990, 1999].")
    if kind in {"tracks", "artists"} and body.get("terms", 0) > BROWSER_TERMS:
        raise invalid_value(f"terms: at most {BROWSER_TERMS} at a time.", "More: python -m etl harvest.")
    _need_source([_KINDS[kind]], body.get("source"))
    filters: dict[str, Any] = {"source": body.get("source"), "min_popularity": body.get("min_popularity")}
    filters |= {"years": tuple(years) if years else None, "strict": body["strict"]}
    owner = session.start()
    if kind == "balanced":
        return _start(new_balanced(owner, genres=body.get("genres", ()), per_genre=body["per_genre"], **filters))
    if kind == "segments":
        return _start(
            new_segments(owner, terms=body.get("terms", TRACKS), min_segments=body["min_segments"], **filters)
        )
    return _start(new_harvest(kind, owner, terms=body.get("terms", TERMS), **filters))


@blueprint.get("/api/runs")
def runs() -> RunsAnswer:
    """The newest runs of this browser and of the operator. Runs whose source has slept enough go on from here."""
    here = services()
    _wake(here)
    return RunsAnswer([RunView.of(run) for run in here.database.runs_of(session.owner(), RUNS)])


@blueprint.delete("/api/runs/<run_id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses={403: "Not the browser that started it", 409: "It has ended"})
def cancel(run_id: str) -> str:
    """End a run; what it has stored stays, a playlist that has not arrived whole does not."""
    run = find_run(services(), run_id, session.owner())
    if run.owner is None:
        raise not_yours("The operator started this one.", f"On the server: python -m etl cancel {run_id}")
    if not services().database.cancel_run(run_id):
        raise ServiceError(409, "ended", "This run has ended already.", "See its state.")
    return ""


def _need_source(needs: Sequence[Need], source: str | None) -> None:
    engine = services().engine
    on = [one for need in needs for one in engine.on(need)]
    if source is not None and source not in engine.providers():
        raise invalid_value(f"source: there is none called {source!r}.", "See /api/sources.")
    if not on or source not in {None, *on}:
        raise ServiceError(
            409, "no_sources", "No source that does this is switched on.", "Switch one on under Data; see /api/sources."
        )


def _start(run: Run) -> tuple[RunAnswer, Literal[202]]:
    [started] = start_runs(services(), run)
    return RunAnswer(started), 202


def _wake(here: Services) -> None:
    """Let the worker go on with the runs that have slept enough; not at every request, for it takes a moment."""
    global _woken_at
    if time.monotonic() - _woken_at < _WAKE_PAUSE_SECONDS:
        return
    _woken_at = time.monotonic()
    due = [run for run in here.database.unfinished_runs() if run.state == "waiting"]
    if due:
        spawn_worker(here.config.var, here.config.mongodb_uri, queues_of(due))
