"""What this installation holds, and whether it is well."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from api import session
from api.current import services
from store.database import StoreDown
from store.facts import ANALYSES

blueprint = APIBlueprint("status", __name__, tag="Status")


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Answers as long as the process can."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Answers 200 when the store answers too, else 503."""
    services().database.ping()
    return {"status": "ready"}


@blueprint.get("/api/status")
def status() -> dict[str, Any]:
    """Counts of tracks and playlists, the store in use, the active models, whether tracks were analysed."""
    here = services()
    snapshot = here.catalogue.current()
    store, playlists, analysed = _store_state()
    return {
        "catalogue": {"tracks": len(snapshot), "generation": snapshot.generation},
        "store": store,
        "models": [{"task": one.task, "version": one.name} for one in here.registry.versions() if one.active],
        "playlists": playlists,
        "analysed": analysed,
    }


def _store_state() -> tuple[dict[str, Any], int | None, bool]:
    database = services().database
    try:
        count = len(database.playlists(session.owner()))
        analysed = database.has_any(ANALYSES)
    except StoreDown as down:
        return {"ok": False, "kind": database.kind, "message": down.message, "hint": down.hint}, None, False
    return {"ok": True, "kind": database.kind}, count, analysed
