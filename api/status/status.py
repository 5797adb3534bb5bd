"""What this installation holds, and whether it is well."""

from dataclasses import dataclass

from apiflask import APIBlueprint

from api import session
from api.current import services
from services.views import ModelVersion
from store.database import StoreDown
from store.facts import ANALYSES

blueprint = APIBlueprint("status", __name__, tag="Status")


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
    """What this installation holds; ``playlists`` is null where the database does not answer."""

    catalogue: CatalogueState
    store: StoreState | StoreFailure
    models: list[ModelVersion]
    playlists: int | None
    analysed: bool


@blueprint.get("/healthz")
def healthz() -> Health:
    """Answers as long as the process can."""
    return Health("ok")


@blueprint.get("/readyz")
def readyz() -> Health:
    """Answers 200 when the store answers too, else 503."""
    services().database.ping()
    return Health("ready")


@blueprint.get("/api/status")
def status() -> StatusAnswer:
    """Counts of tracks and playlists, the store in use, the active models, whether tracks were analysed."""
    here = services()
    snapshot = here.catalogue.current()
    store, playlists, analysed = _store_state()
    return StatusAnswer(
        catalogue=CatalogueState(len(snapshot), snapshot.generation),
        store=store,
        models=[ModelVersion(found.task, found.name) for found in here.registry.versions() if found.active],
        playlists=playlists,
        analysed=analysed,
    )


def _store_state() -> tuple[StoreState, int | None, bool]:
    database = services().database
    try:
        count = len(database.playlists(session.owner()))
        analysed = database.has_any(ANALYSES)
    except StoreDown as down:
        return StoreFailure(ok=False, kind=database.kind, message=down.message, hint=down.hint), None, False
    return StoreState(ok=True, kind=database.kind), count, analysed
