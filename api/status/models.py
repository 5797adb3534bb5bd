"""The models: their versions and cards, which one is served, and training."""

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
        load_default="",
        metadata={"description": "Another version; by default the served one, the one served before, or the newest."},
    )


class NeedsQuery(Schema):
    playlist = String(load_default="", metadata={"description": "The playlist to learn from, for tasks that need one."})


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

    `playlist` is the one that a task's versions were trained on, or null. Versions for another browser's playlist are
    not listed.
    """
    return use.list_models(services(), session.viewer())


@blueprint.get("/api/models/<task>/compare")
@blueprint.input(ComparisonQuery, location="query", arg_name="query")
def comparison(task: str, query: dict[str, str]) -> use.VersionsCompared:
    """Two versions side by side by every measure, if both were scored on the same held-out data.

    `rows` have `values` in the order of `versions`, and `better`: 0, 1, or null if they are equal. If there are no
    rows, `why` gives the reason. `before` is the version that a rollback would serve.
    """
    use.check_task(services(), task, session.viewer())
    return use.compare_versions(services(), task, query["version"], query["other"])


@blueprint.get("/api/models/<task>/<version>/card")
def card(task: str, version: str) -> CardAnswer:
    """The card of a version: its training data, its split, its scores, the baselines, and its weaknesses."""
    use.check_task(services(), task, session.viewer())
    return CardAnswer(task, version, card_of(services().registry, task, version))


@blueprint.put("/api/models/<task>/active")
@blueprint.body(VersionChoice)
@blueprint.doc(responses={409: "It cannot be served"})
def activate(task: str, body: dict[str, str]) -> use.ModelsAnswer:
    """Serve another version from now on, in every worker; a rollback restores the previous one."""
    session.require_operator()
    use.check_task(services(), task, session.viewer())
    return use.serve(services(), task, body["version"], session.viewer())


@blueprint.post("/api/models/<task>/rollback")
@blueprint.doc(responses={409: "Nothing was served before"})
def rollback(task: str) -> use.ModelsAnswer:
    """Serve the version that was served before the last change."""
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
    """What training a task needs at `least`, and whether there is `enough`, by a quick estimate."""
    return use.training_needs(services(), task, query["playlist"], session.viewer())


@blueprint.post("/api/models/<task>/train")
@blueprint.body(TrainRequest)
@blueprint.doc(responses={202: "The run that trains it", 409: "Too little to learn from", 429: "Too many open runs"})
def train(task: str, body: dict[str, Any]) -> tuple[RunAnswer, Literal[202]]:
    """Train a model on the data of this installation, in a separate process; the served version does not change.

    If the same training is already queued or running, its run is returned.
    """
    session.start()
    return RunAnswer(use.train(services(), task, body["playlist"], body["options"], session.viewer())), 202
