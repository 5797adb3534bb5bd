"""Gathering from sources: the enrichment of a playlist, harvests, tables, and the list of runs."""

from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Boolean, Float, Integer, List, String
from apiflask.validators import Length, OneOf, Range

import services.sources.gather as use
from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import RunAnswer, RunsAnswer
from etl.gather.balanced import MOST_GENRES, MOST_PER_GENRE, PER_GENRE
from etl.gather.enrich import DEFAULT_NEEDS, NEEDS
from etl.gather.segments import TRACKS
from etl.gather.terms import TERMS
from services.sources import tables
from services.sources.gather import BROWSER_TERMS, BROWSER_TRACKS, KINDS

blueprint = Blueprint("harvest", __name__, tag="Sources")


class EnrichBody(Schema):
    needs = List(
        String(validate=OneOf(list(NEEDS))),
        load_default=lambda: list(DEFAULT_NEEDS),
        validate=Length(min=1),
        metadata={"description": "What to fetch; by default everything except `mbids`."},
    )


class HarvestBody(Schema):
    kind = String(required=True, validate=OneOf(list(KINDS)))
    source = String(allow_none=True, validate=Length(max=64), metadata={"description": "Ask only this source."})
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
        load_default=False, metadata={"description": "Also leave out tracks without a known popularity or year."}
    )


class TableBody(Schema):
    address = String(
        required=True, validate=Length(8, 2000), metadata={"description": "https://, a CSV file, perhaps gzipped."}
    )


@blueprint.post("/api/playlists/<playlist_id>/enrich")
@blueprint.body(EnrichBody)
@blueprint.doc(responses={202: "The run that fetches", 403: "Not the browser that imported it", 409: "No source"})
def enrich(playlist_id: str, body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Fetch audio features, genres and recommendations for the tracks of a playlist from every source that is on."""
    session.start()
    return RunAnswer(use.enrich(services(), playlist_id, body["needs"], session.viewer())), 202


@blueprint.post("/api/harvests")
@blueprint.body(HarvestBody)
@blueprint.doc(responses={202: "The run that gathers", 409: "No source that does this is switched on"})
def harvest(body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Gather tracks or artists by a series of search terms, segments of known tracks, or a genre-balanced set."""
    return RunAnswer(use.harvest(services(), body, session.start())), 202


@blueprint.post("/api/tables")
@blueprint.body(TableBody)
@blueprint.doc(responses={202: "The run that imports it", 403: "Not the operator"})
def bring_table(body: dict[str, str]) -> tuple[RunAnswer, Literal[202]]:
    """Import a public table of tracks (CSV) from an address into the catalogue, for everybody here."""
    session.require_operator()
    return RunAnswer(tables.bring_table(services(), body["address"], session.start())), 202


@blueprint.get("/api/runs")
def runs() -> RunsAnswer:
    """The newest runs of this browser and of the operator. This request also restarts runs whose wait is over."""
    return RunsAnswer(use.recent_runs(services(), session.owner()))


@blueprint.delete("/api/runs/<run_id>")
@blueprint.output({}, status_code=204)
@blueprint.doc(responses={403: "Not the browser that started it", 409: "It has ended"})
def cancel(run_id: str) -> str:
    """End a run; what it has stored is kept, except for an incomplete playlist."""
    use.cancel(services(), run_id, session.owner())
    return ""
