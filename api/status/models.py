"""The models: which versions there are, what their cards say, and which one is served."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Dict, String
from marshmallow import RAISE

from api import session
from api.current import services
from api.errors import ApiError
from api.operator import require_operator
from jobs.queue import enqueue, queues_of, spawn_worker
from ml.contributors.model import task_of
from ml.needs import Available
from ml.registry import card_of, compare, scores_of
from ml.scores import main_score
from ml.tasks import TASKS, trainable
from services.playlists import find_playlist
from store.documents import public_run
from store.runs import new_task_run

blueprint = APIBlueprint("models", __name__, tag="Models")


class VersionChoice(Schema):
    version = String(required=True, metadata={"description": "A version of the task, as /api/models lists them."})


class ComparisonQuery(Schema):
    version = String(required=True, metadata={"description": "A version of the task, as /api/models lists them."})
    beside = String(
        load_default="", metadata={"description": "Another one; default: what is served, or was before, or is newest."}
    )


class TrainRequest(Schema):
    playlist = String(load_default="", metadata={"description": "The playlist to learn from, for tasks that want one."})
    options = Dict(keys=String(), load_default=dict, metadata={"description": "Settings of the task."})


@blueprint.get("/api/models")
def models() -> dict[str, Any]:
    """Every version of every task: served or not, shipped or trained here, and whether a rollback is possible.

    `playlist` is the asker's own that a task's versions learnt from, null for those of another and of none.
    """
    registry = services().registry
    lists = {
        task_of(one.id): {"id": one.id, "name": one.name} for one in services().database.playlists(session.owner())
    }
    tasks: dict[str, dict[str, Any]] = {}
    for one in registry.versions():
        told = {"task": one.task, "playlist": lists.get(one.task), "before": registry.before(one.task), "versions": []}
        task = tasks.setdefault(one.task, told)
        own, scores = registry.is_user_trained(one.task, one.name), scores_of(registry, one.task, one.name)
        known = {"version": one.name, "active": one.active, "own": own, "bytes": one.size}
        task["versions"].append({**known, "score": _score(one.task, scores), "scores": scores})
    return {"tasks": list(tasks.values()), "trainable": trainable()}


def _score(task: str, scores: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the figure that counts, and on what it was measured."""
    main = main_score(task, scores)
    if main is None or scores is None:
        return None
    return {"label": main[0].label, "value": round(main[1], 4), "higher": main[0].higher, "on": scores["split"]}


@blueprint.get("/api/models/<task>/compare")
@blueprint.input(ComparisonQuery, location="query", arg_name="asked")
def comparison(task: str, asked: dict[str, str]) -> dict[str, Any]:
    """Two versions side by side by every measure, where both were scored on the same held-out data.

    `rows` have `values` in the order of `versions` and `better`: 0, 1, or null for equal. Without rows `why` says why
    not. `before` is what a rollback would serve.
    """
    registry, one = services().registry, asked["version"]
    served, before = registry.active_version(task), [None, *registry.before(task)][-1]
    others = [version.name for version in registry.versions() if version.task == task and version.name != one]
    other = asked["beside"] or (served if served != one else before) or [one, *others][-1]
    found = asdict(compare(registry, task, one, other))
    return {"task": task, "versions": [one, other], "served": served, "before": before, **found}


@blueprint.get("/api/models/<task>/<version>/card")
def card(task: str, version: str) -> dict[str, str]:
    """What a version learnt from, on which split it was scored, beside which baselines, and where it loses."""
    return {"task": task, "version": version, "markdown": card_of(services().registry, task, version)}


@blueprint.put("/api/models/<task>/active")
@blueprint.input(VersionChoice, location="json", arg_name="choice")
def activate(task: str, choice: dict[str, str]) -> dict[str, Any]:
    """Serve another version from now on, in every worker; the one before can be brought back."""
    require_operator()
    registry = services().registry
    registry.activate(task, choice["version"])
    return models()


@blueprint.post("/api/models/<task>/rollback")
def rollback(task: str) -> dict[str, Any]:
    """Serve what was served before the last change."""
    require_operator()
    services().registry.rollback(task)
    return models()


@blueprint.delete("/api/models/<task>/<version>")
def delete(task: str, version: str) -> dict[str, Any]:
    """Delete a version that was trained here and is not served."""
    require_operator()
    services().registry.delete(task, version)
    return models()


class NeedsQuery(Schema):
    playlist = String(load_default="", metadata={"description": "The playlist to learn from, for tasks that want one."})


@blueprint.get("/api/models/<task>/needs")
@blueprint.input(NeedsQuery, location="query", arg_name="asked", unknown=RAISE)
def needs(task: str, asked: dict[str, str]) -> dict[str, Any]:
    """What training a task needs at the `least`, and whether there may be `enough`: a count in moments, not exact."""
    here, known = services(), TASKS.get(task)
    playlist = find_playlist(here, asked["playlist"]) if asked["playlist"] else None
    if known is None or known.needs is None:
        raise _untrainable(task)
    available = Available(
        database=here.database, snapshot=here.catalogue.current(), owner=session.owner(), playlist=playlist
    )
    return {"task": task, **asdict(known.needs(available))}


@blueprint.post("/api/models/<task>/train")
@blueprint.input(TrainRequest, location="json", arg_name="asked")
@blueprint.doc(responses={202: "The run that trains it", 429: "Too many runs of yours are open"})
def train(task: str, asked: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Train a model on what this installation holds, in a process of its own; what is served stays as it is.

    Where the same training is queued or under way already, its run is returned.
    """
    if task not in trainable():
        raise _untrainable(task)
    here = services()
    if asked["playlist"]:
        find_playlist(services(), asked["playlist"])
    request = {"task": task, "playlist": asked["playlist"], "options": asked["options"]}
    run = new_task_run("train", f"Training {task}", session.start(), request=request, unit="steps", cursor={})
    [queued] = enqueue(here.database, here.config.var, run)
    spawn_worker(here.config.var, here.config.mongodb_uri, queues_of([queued]))
    return {"run": public_run(queued)}, 202


def _untrainable(task: str) -> ApiError:
    return ApiError(404, "not_found", f"{task} cannot be trained here.", f"These can: {', '.join(trainable())}.")
