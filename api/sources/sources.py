"""The online sources: which ones may be used, their settings and their states."""

from typing import Any

from apiflask import Schema
from apiflask.fields import Boolean, Dict, List, String
from apiflask.validators import Length

import services.sources.sources as use
from api import session
from api.application import Blueprint
from api.current import services
from etl.engine import SourceState
from services.sound.covers import forget_covers

blueprint = Blueprint("sources", __name__, tag="Sources")

_MAX_VALUE = 4000  # characters of one setting


class ChoiceBody(Schema):
    on = List(
        String(validate=Length(max=64)),
        required=True,
        metadata={"description": "Names of the sources that may be used; all others may not."},
    )


class SourceBody(Schema):
    on = Boolean(metadata={"description": "Whether it may be used."})
    settings = Dict(
        keys=String(validate=Length(max=64)),
        values=String(allow_none=True, validate=Length(max=_MAX_VALUE)),
        metadata={"description": "Settings by name; null unsets one, and settings that are not named do not change."},
    )


@blueprint.get("/api/sources")
def sources() -> use.SourcesAnswer:
    """Every source with its state, and whether anybody has chosen yet which of them may be used."""
    return use.list_sources(services().engine)


@blueprint.put("/api/sources")
@blueprint.body(ChoiceBody)
@blueprint.doc(responses={404: "No such source"})
def choose(body: dict[str, Any]) -> use.SourcesAnswer:
    """Use exactly these sources; the list may be empty."""
    session.require_operator()
    return use.choose_sources(services().engine, body["on"])


@blueprint.put("/api/sources/<name>")
@blueprint.body(SourceBody)
def change(name: str, body: dict[str, Any]) -> SourceState:
    """Switch one source on or off, and set or unset its settings. Secrets are never shown again."""
    session.require_operator()
    return use.change_source(services().engine, name, body.get("on"), body.get("settings", {}))


@blueprint.delete("/api/sources/<name>/answers")
@blueprint.output({}, status_code=204)
def forget(name: str) -> str:
    """Delete the stored answers of this source; the facts that were stored with tracks stay."""
    session.require_operator()
    use.check_known(services().engine, name)
    services().engine.forget(name)
    forget_covers(services(), name)
    return ""
