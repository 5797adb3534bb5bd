"""The models: which versions there are, what their cards say, and which one is served."""

from dataclasses import dataclass
from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Dict, String

import services.models as use
from api import session
from api.application import Blueprint
from api.current import services
from api.schemas import RunAnswer
from ml.registry import card_of

blueprint = Blueprint("models", __name__, tag="Models")


class VersionChoice(Schema):
    version = String(required=True, metadata={"description": "A version of the task, as /api/models lists them."})


class ComparisonQuery(VersionChoice):
    other = String(
        load_default="", metadata={"description": "Another one; default: what is served, or was before, or is newest."}
    )


class NeedsQuery(Schema):
    playlist = String(load_default="", metadata={"description": "The playlist to learn from, for tasks that want one."})


class TrainRequest(NeedsQuery):
    options = Dict(keys=String(), load_default=dict, metadata={"description": "Settings of the task."})


@dataclass(frozen=True)
class CardAnswer:
    task: str
    version: str
    markdown: str


@blueprint.get("/api/models")
def models() -> use.ModelsAnswer:
    """Every version of every task: served or not, shipped or trained here, and whether a rollback is possible.

    `playlist` is the one that a task's versions learnt from, null where they learnt from none. Those of another
    browser's playlist are not listed.
    """
    return use.list_models(services(), session.viewer())


@blueprint.get("/api/models/<task>/compare")
@blueprint.input(ComparisonQuery, location="query", arg_name="query")
def comparison(task: str, query: dict[str, str]) -> use.VersionsCompared:
    """Two versions side by side by every measure, where both were scored on the same held-out data.

    `rows` have `values` in the order of `versions` and `better`: 0, 1, or null for equal. Without rows `why` says why
    not. `before` is what a rollback would serve.
    """
    use.check_task(services(), task, session.viewer())
    return use.compare_versions(services(), task, query["version"], query["other"])


@blueprint.get("/api/models/<task>/<version>/card")
def card(task: str, version: str) -> CardAnswer:
    """What a version learnt from, on which split it was scored, against which baselines, and where it loses."""
    use.check_task(services(), task, session.viewer())
    return CardAnswer(task, version, card_of(services().registry, task, version))


@blueprint.put("/api/models/<task>/active")
@blueprint.body(VersionChoice)
@blueprint.doc(responses={409: "It cannot be served"})
def activate(task: str, body: dict[str, str]) -> use.ModelsAnswer:
    """Serve another version from now on, in every worker; the one before can be brought back."""
    session.require_operator()
    use.check_task(services(), task, session.viewer())
    return use.serve(services(), task, body["version"], session.viewer())


@blueprint.post("/api/models/<task>/rollback")
@blueprint.doc(responses={409: "Nothing was served before"})
def rollback(task: str) -> use.ModelsAnswer:
    """Serve what was served before the last change."""
    session.require_operator()
    use.check_task(services(), task, session.viewer())
    return use.serve(services(), task, None, session.viewer())


@blueprint.delete("/api/models/<task>/<version>")
@blueprint.doc(responses={409: "It is served, or was not trained here"})
def delete(task: str, version: str) -> use.ModelsAnswer:
    """Delete a version that was trained here and is not served."""
    session.require_operator()
    use.check_task(services(), task, session.viewer())
    services().registry.delete(task, version)
    return models()


@blueprint.get("/api/models/<task>/needs")
@blueprint.query(NeedsQuery)
def needs(task: str, query: dict[str, str]) -> use.TaskNeeds:
    """What training a task needs at the `least`, and whether there may be `enough`: a quick count, not an exact one."""
    return use.training_needs(services(), task, query["playlist"], session.viewer())


@blueprint.post("/api/models/<task>/train")
@blueprint.body(TrainRequest)
@blueprint.doc(responses={202: "The run that trains it", 409: "Too little to learn from", 429: "Too many open runs"})
def train(task: str, body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Train a model on what this installation holds, in a process of its own; what is served stays as it is.

    Where the same training is queued or under way already, its run is returned.
    """
    session.start()
    return RunAnswer(use.train(services(), task, body["playlist"], body["options"], session.viewer())), 202
