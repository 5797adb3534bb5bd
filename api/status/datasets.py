"""The playlist sets that were imported to learn from: too many playlists to open one by one."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from api.current import services
from store.set_summaries import SetSummary, summaries

blueprint = APIBlueprint("datasets", __name__, tag="Status")
_SHOWN = 50


@blueprint.get("/api/datasets")
def datasets() -> dict[str, Any]:
    """How many slices of the Million Playlist Dataset there are, what they hold together, and the newest of them."""
    found = summaries(services().config.var / "playlists")
    return {
        "slices": len(found),
        "playlists": sum(one.playlists for one in found),
        "rows": sum(one.rows for one in found),
        "imported_at": found[0].imported_at.isoformat() if found else None,
        "datasets": [_describe(one) for one in found[:_SHOWN]],
    }


def _describe(one: SetSummary) -> dict[str, Any]:
    return {
        "name": one.name,
        "playlists": one.playlists,
        "rows": one.rows,
        "tracks": one.tracks,
        "imported_at": one.imported_at.isoformat(),
    }
