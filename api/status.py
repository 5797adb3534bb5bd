"""What this installation holds, and whether it is well."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from api import session
from api.services import services
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
    """How many tracks, playlists and audio analyses there are, which store is in use, which models are active."""
    here = services()
    snapshot = here.catalogue.current()
    store, playlists, analyses = _store_state()
    return {
        "catalogue": {"tracks": len(snapshot), "generation": snapshot.generation},
        "store": store,
        "models": [{"task": one.task, "version": one.name} for one in here.shelf.versions() if one.active],
        "playlists": playlists,
        "analyses": analyses,
    }


def _store_state() -> tuple[dict[str, Any], int | None, int]:
    database = services().database
    try:
        count = len(database.playlists(session.owner()))
        analyses = len(database.names_where(ANALYSES, {}))
    except StoreDown as down:
        return {"ok": False, "kind": database.kind, "message": down.message, "hint": down.hint}, None, 0
    return {"ok": True, "kind": database.kind}, count, analyses
