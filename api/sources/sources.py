"""The sources: which ones Tastemap may ask, what it tells them, and how they fare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Dict, List, String
from apiflask.validators import Length
from marshmallow import RAISE

from api.current import services
from api.errors import ApiError
from api.operator import require_operator
from etl.engine import Engine, SourceState
from etl.engine.answers import SettingState
from services.views import iso

blueprint = APIBlueprint("sources", __name__, tag="Sources")

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
class Budget:
    """The requests of the last 24 hours: ``used`` of ``limit``."""

    limit: int
    used: int
    resets_at: str | None


@dataclass(frozen=True)
class SourceError:
    at: str | None
    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source, what it is sent, and how it is: ``off``, ``ready``, ``waiting``, ``needs_key`` or ``failing``."""

    name: str
    title: str
    home: str
    licence: str
    terms: str
    sends: str
    needs: list[str]
    on: bool
    state: str
    blocked_until: str | None
    blocked_why: str | None
    budget: Budget | None
    last_ok_at: str | None
    last_error: SourceError | None
    settings: list[SettingState]


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
    return SourcesAnswer(engine.sources.decided(), engine.sources.fixed, [describe(state) for state in engine.states()])


@blueprint.put("/api/sources")
@blueprint.input(ChoiceBody, arg_name="body", unknown=RAISE)
def choose(body: dict[str, Any]) -> SourcesAnswer:
    """Use exactly these sources; the list may be empty."""
    require_operator()
    engine = services().engine
    for name in body["on"]:
        _known(engine, name)
    _switch(engine, set(body["on"]))
    return sources()


@blueprint.put("/api/sources/<name>")
@blueprint.input(SourceBody, arg_name="body", unknown=RAISE)
def change(name: str, body: dict[str, Any]) -> Source:
    """Switch one source on or off, and set or unset its settings. Secrets are never shown again."""
    require_operator()
    engine = services().engine
    _known(engine, name)
    settings = _settings(engine, name, body.get("settings", {}))
    if "on" in body:
        on = {state.name for state in engine.states() if state.on}
        _switch(engine, on | {name} if body["on"] else on - {name})
    if settings:
        engine.put_settings(name, settings)
    return next(describe(state) for state in engine.states() if state.name == name)


@blueprint.delete("/api/sources/<name>/answers")
@blueprint.output({}, status_code=204)
def forget(name: str) -> str:
    """Delete what this source has answered; the tracks it was stored with stay known."""
    require_operator()
    engine = services().engine
    _known(engine, name)
    engine.forget(name)
    return ""


def describe(state: SourceState) -> Source:
    """Return a source as the page shows it."""
    error = state.last_error
    budget = state.budget
    return Source(
        name=state.name,
        title=state.title,
        home=state.home,
        licence=state.licence,
        terms=state.terms,
        sends=state.sends,
        needs=[need.value for need in state.needs],
        on=state.on,
        state=state.state,
        blocked_until=iso(state.blocked_until),
        blocked_why=state.blocked_why,
        budget=Budget(budget.limit, budget.used, iso(budget.resets_at)) if budget else None,
        last_ok_at=iso(state.last_ok_at),
        last_error=SourceError(iso(error.at), error.message, error.hint) if error else None,
        settings=list(state.settings),
    )


def _switch(engine: Engine, on: set[str]) -> None:
    if engine.sources.fixed:
        raise ApiError(
            403,
            "fixed",
            "Which sources may be asked is fixed on this server.",
            "The operator says so by TASTEMAP_SOURCES; without it, this page decides.",
        )
    engine.sources.switch(on)


def _known(engine: Engine, name: str) -> None:
    if name not in engine.providers():
        raise ApiError(
            404, "not_found", f"There is no source called {name}.", "Known are: " + ", ".join(engine.providers()) + "."
        )


def _settings(engine: Engine, name: str, given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return ``given`` without spaces around the values, empty ones as None; refuse names that the source lacks."""
    known = {setting.name for setting in engine.providers()[name].about.settings}
    for setting in given.keys() - known:
        fields = {"settings": {setting: ["Not a setting of this source."]}}
        raise ApiError(422, "invalid_value", f"{setting} is not a setting of {name}.", "See `fields`.", fields=fields)
    return {setting: (value or "").strip() or None for setting, value in given.items()}
