"""What this installation holds, its health, and the operator's key."""

import hmac
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, cast

from apiflask import Schema
from apiflask.fields import String
from apiflask.validators import Length
from flask import Response, current_app, jsonify, request

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.lockout import Lockout
from ml.artefacts import ArtefactError
from services import health
from services.errors import ServiceError
from services.health import Problem
from services.playlists.playlists import demo_ids, visible_playlists
from services.sound.demo import demo_of
from services.views import ModelVersion
from store.catalogue.catalogue import CatalogueError
from store.database import StoreDown
from store.errors import in_words
from store.facts import ANALYSES
from store.playlists.summaries import SetSummary, summaries

blueprint = Blueprint("status", __name__, tag="Status")

_DATASETS_SHOWN = 50


class KeyBody(Schema):
    key = String(required=True, validate=Length(max=500), metadata={"description": "TASTEMAP_OPERATOR_KEY's value."})


@dataclass(frozen=True)
class Health:
    status: str


@dataclass(frozen=True)
class CatalogueState:
    tracks: int
    generation: str | None


@dataclass(frozen=True, kw_only=True)
class StoreState:
    """Which database is in use, and whether it answers."""

    ok: bool
    kind: str


@dataclass(frozen=True, kw_only=True)
class StoreFailure(StoreState):
    """Why the database does not answer, and what to do."""

    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class StatusAnswer:
    """What this installation holds; ``playlists`` is null if the database does not answer.

    ``demo`` says whether the demo can be imported, ``demo_here`` whether this browser has it, and ``writes_tags``
    whether this browser may write tags into files.
    """

    catalogue: CatalogueState
    store: StoreState | StoreFailure
    models: list[ModelVersion]
    problems: list[Problem]
    playlists: int | None
    analysed: bool
    demo: bool
    demo_here: bool
    writes_tags: bool


@dataclass(frozen=True, kw_only=True)
class DatasetsAnswer:
    """The number of slices, the total of their playlists and rows, and the newest of them."""

    slices: int
    playlists: int
    rows: int
    imported_at: datetime | None
    datasets: list[SetSummary]


@dataclass(frozen=True)
class OperatorAnswer:
    operator: bool


@blueprint.get("/healthz")
def healthz() -> Health:
    """Answers as long as the process runs."""
    return Health("ok")


@blueprint.get("/readyz")
def readyz() -> Health:
    """Answers 200 if the database, catalogue, models and disk work, else 503 with all problems."""
    found = health.problems(services())
    if found:
        first, every = found[0], [asdict(problem) for problem in session.for_viewer(found)]
        raise ServiceError(503, first.code, first.message, first.hint, problems=every)
    return Health("ready")


@blueprint.get("/api/status")
def status() -> StatusAnswer:
    """Counts of tracks and playlists, the database in use, the active models, and problems."""
    container, catalogue = services(), CatalogueState(0, None)
    with suppress(CatalogueError):
        # The page asks once when a run has ended, so the catalogue must be current.
        snapshot = container.catalogue.current(session.owner(), at_once=True)
        catalogue = CatalogueState(len(snapshot), snapshot.generation)
    models: list[ModelVersion] = []
    with suppress(ArtefactError):
        models = [ModelVersion(found.task, found.name) for found in container.registry.versions() if found.active]
    store: StoreState = StoreState(ok=True, kind=container.database.kind)
    viewer = session.viewer()
    playlists, analysed, demo_here = None, False, False
    try:
        visible = {playlist.id for playlist in visible_playlists(container, viewer)}
        playlists = len(visible)
        analysed = container.database.has_any(ANALYSES) or bool(demo_of(container, viewer))
        demo_here = bool(visible & demo_ids(viewer.owner))
    except StoreDown as down:
        store = StoreFailure(ok=False, kind=store.kind, message=down.message, hint=in_words(down.hint))
    return StatusAnswer(
        catalogue=catalogue,
        store=store,
        models=models,
        problems=session.for_viewer(health.problems(container)),
        playlists=playlists,
        analysed=analysed,
        demo=container.config.demo,
        demo_here=demo_here,
        writes_tags=container.config.write_tags and viewer.operator,
    )


@blueprint.get("/api/datasets")
def datasets() -> DatasetsAnswer:
    """The imported slices of the Million Playlist Dataset: their number, their totals, and the newest of them."""
    found = summaries(services().config.var / "playlists")
    return DatasetsAnswer(
        slices=len(found),
        playlists=sum(summary.playlists for summary in found),
        rows=sum(summary.rows for summary in found),
        imported_at=found[0].imported_at if found else None,
        datasets=found[:_DATASETS_SHOWN],
    )


@blueprint.post("/api/operator")
@blueprint.body(KeyBody)
@blueprint.doc(responses={403: "Not the key", 429: "Too many wrong keys; `Retry-After` says when to try again"})
def name_key(body: dict[str, str]) -> Annotated[Response, OperatorAnswer]:
    """Let this browser change what concerns everybody, for a month, if it gives the operator's key."""
    key, address = services().config.operator_key, request.remote_addr
    lockout = cast(Lockout, current_app.extensions["lockout"])
    lockout.check(address)
    if not key or not hmac.compare_digest(body["key"].encode(), key.encode()):
        lockout.wrong(address)
        raise ServiceError(403, "wrong_key", "That is not the key.", "It is TASTEMAP_OPERATOR_KEY on the server.")
    lockout.right(address)
    return session.mark_operator(jsonify(OperatorAnswer(True)), key)
