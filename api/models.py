"""The models: which versions there are, what their cards say, and which one is served."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import String

from api.errors import ApiError
from api.services import services
from ml.artefacts import ArtefactError
from ml.shelf import card_of, scores_of

blueprint = APIBlueprint("models", __name__, tag="Models")


class VersionChoice(Schema):
    version = String(required=True, metadata={"description": "A version of the task, as /api/models lists them."})


@blueprint.get("/api/models")
def models() -> dict[str, Any]:
    """Every version of every task: served or not, shipped or trained here, and whether a rollback is possible."""
    shelf = services().shelf
    tasks: dict[str, dict[str, Any]] = {}
    for one in shelf.versions():
        task = tasks.setdefault(one.task, {"task": one.task, "before": shelf.before(one.task), "versions": []})
        task["versions"].append(
            {
                "version": one.name,
                "active": one.active,
                "own": shelf.is_own(one.task, one.name),
                "bytes": one.size,
                "scores": scores_of(shelf, one.task, one.name),
            }
        )
    return {"tasks": list(tasks.values())}


@blueprint.get("/api/models/<task>/<version>/card")
def card(task: str, version: str) -> dict[str, str]:
    """What a version learnt from, on which split it was scored, beside which baselines, and where it loses."""
    try:
        return {"task": task, "version": version, "markdown": card_of(services().shelf, task, version)}
    except ArtefactError as fault:
        raise _not_there(fault) from fault


@blueprint.put("/api/models/<task>/active")
@blueprint.input(VersionChoice, location="json", arg_name="choice")
def activate(task: str, choice: dict[str, str]) -> dict[str, Any]:
    """Serve another version from now on, in every worker; the one before can be brought back."""
    shelf = services().shelf
    try:
        shelf.activate(task, choice["version"])
    except ArtefactError as fault:
        raise _not_there(fault) from fault
    return models()


@blueprint.post("/api/models/<task>/rollback")
def rollback(task: str) -> dict[str, Any]:
    """Serve what was served before the last change."""
    try:
        services().shelf.rollback(task)
    except ArtefactError as fault:
        raise ApiError(409, "nothing_before", f"{fault}.", "See /api/models for the versions there are.") from fault
    return models()


def _not_there(fault: ArtefactError) -> ApiError:
    return ApiError(404, "not_found", f"{fault}.", "See /api/models for the versions there are.")
