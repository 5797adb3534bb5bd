"""The sources: which ones Tastemap may ask, what it tells them, and how they fare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apiflask import Schema
from apiflask.fields import Boolean, Dict, List, String
from apiflask.validators import Length

from api import session
from api.application import Blueprint
from api.current import services
from etl.engine import Engine, SourceState
from etl.engine.answers import BudgetState, SettingState
from services.errors import ServiceError, invalid_value, not_found
from services.views import View

blueprint = Blueprint("sources", __name__, tag="Sources")

_MAX_VALUE = 4000  # characters of one setting


class ChoiceBody(Schema):
    on = List(
        String(validate=Length(max=64)),
        required=True,
        metadata={"description": "Names of the sources that may be used; every other one may not."},
    )


class SourceBody(Schema):
    on = Boolean(metadata={"description": "Whether it may be used."})
    settings = Dict(
        keys=String(validate=Length(max=64)),
        values=String(allow_none=True, validate=Length(max=_MAX_VALUE)),
        metadata={"description": "Settings by name; null unsets one, what is not named stays."},
    )


@dataclass(frozen=True)
class SourceError(View):
    at: datetime
    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Source(View):
    """A source, what it is sent, and how it is: ``off``, ``ready``, ``waiting``, ``needs_key`` or ``failing``."""

    name: str
    title: str
    home: str
    licence: str
    terms: str
    sends: str
    needs: tuple[str, ...]
    on: bool
    state: str
    blocked_until: datetime | None
    blocked_why: str | None
    budget: BudgetState | None
    last_ok_at: datetime | None
    last_error: SourceError | None
    settings: tuple[SettingState, ...]


@dataclass(frozen=True)
class SourcesAnswer:
    """All sources; ``decided`` if somebody has switched them, ``fixed`` if TASTEMAP_SOURCES decides."""

    decided: bool
    fixed: bool
    sources: list[Source]


@blueprint.get("/api/sources")
def sources() -> SourcesAnswer:
    """Every source with its state, and whether anybody has decided yet which of them may be used."""
    engine = services().engine
    chosen = engine.sources
    return SourcesAnswer(chosen.decided(), chosen.fixed, [_shown(state) for state in engine.states()])


@blueprint.put("/api/sources")
@blueprint.body(ChoiceBody)
def choose(body: dict[str, Any]) -> SourcesAnswer:
    """Use exactly these sources; the list may be empty."""
    session.require_operator()
    engine = services().engine
    for name in body["on"]:
        _known(engine, name)
    _switch(engine, set(body["on"]))
    return sources()


@blueprint.put("/api/sources/<name>")
@blueprint.body(SourceBody)
def change(name: str, body: dict[str, Any]) -> Source:
    """Switch one source on or off, and set or unset its settings. Secrets are never shown again."""
    session.require_operator()
    engine = services().engine
    _known(engine, name)
    settings = _settings(engine, name, body.get("settings", {}))
    if "on" in body:
        on = {state.name for state in engine.states() if state.on}
        _switch(engine, on | {name} if body["on"] else on - {name})
    if settings:
        engine.put_settings(name, settings)
    return next(_shown(state) for state in engine.states() if state.name == name)


@blueprint.delete("/api/sources/<name>/answers")
@blueprint.output({}, status_code=204)
def forget(name: str) -> str:
    """Delete what this source has answered; the tracks it was stored with stay known."""
    session.require_operator()
    engine = services().engine
    _known(engine, name)
    engine.forget(name)
    return ""


def _shown(state: SourceState) -> Source:
    return Source.of(state, last_error=SourceError.of(state.last_error) if state.last_error else None)


def _switch(engine: Engine, on: set[str]) -> None:
    if engine.sources.fixed:
        raise ServiceError(
            403,
            "fixed",
            "Which sources may be asked is fixed on this server.",
            "The operator says so by TASTEMAP_SOURCES; without it, this page decides.",
        )
    engine.sources.switch(on)


def _known(engine: Engine, name: str) -> None:
    if name not in engine.providers():
        raise not_found(f"There is no source called {name}.", "Known are: " + ", ".join(engine.providers()) + ".")


def _settings(engine: Engine, name: str, given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return ``given`` without spaces around the values, empty ones as None; refuse names that the source lacks."""
    known = {setting.name for setting in engine.providers()[name].about.settings}
    for setting in given.keys() - known:
        fields = {"settings": {setting: ["Not a setting of this source."]}}
        raise invalid_value(f"{setting} is not a setting of {name}.", "See `fields`.", fields=fields)
    return {setting: (value or "").strip() or None for setting, value in given.items()}
