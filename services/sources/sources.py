"""The sources: which ones Tastemap may use, and their settings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from etl.engine import Engine, SourceState
from services.errors import ServiceError, invalid_value, not_found


@dataclass(frozen=True)
class SourcesAnswer:
    """All sources; ``decided`` if a user has switched some on or off, ``fixed`` if TASTEMAP_SOURCES sets them."""

    decided: bool
    fixed: bool
    sources: list[SourceState]


def list_sources(engine: Engine) -> SourcesAnswer:
    """Return every source with its state."""
    chosen = engine.sources
    return SourcesAnswer(chosen.decided(), chosen.fixed, engine.states())


def choose_sources(engine: Engine, names: Collection[str]) -> SourcesAnswer:
    """Use exactly these sources; raises ServiceError 404 for an unknown one, 403 where TASTEMAP_SOURCES decides."""
    for name in names:
        check_known(engine, name)
    _switch(engine, set(names))
    return list_sources(engine)


def change_source(engine: Engine, name: str, on: bool | None, given: Mapping[str, str | None]) -> SourceState:
    """Switch a source on or off (None: neither) and set its settings; None and empty text unset one.

    Raises ServiceError 404 for an unknown source, 422 for an unknown setting, 403 where TASTEMAP_SOURCES decides.
    """
    check_known(engine, name)
    settings = _checked(engine, name, given)
    if on is not None:
        others = {state.name for state in engine.states() if state.on} - {name}
        _switch(engine, others | {name} if on else others)
    if settings:
        engine.put_settings(name, settings)
    return next(state for state in engine.states() if state.name == name)


def check_known(engine: Engine, name: str) -> None:
    """Raise ServiceError 404 where there is no source of this name."""
    if name not in engine.providers():
        raise not_found(f"There is no source called {name}.", "Known are: " + ", ".join(engine.providers()) + ".")


def _switch(engine: Engine, on: set[str]) -> None:
    if engine.sources.fixed:
        raise ServiceError(
            403,
            "fixed",
            "The sources in use are fixed on this server.",
            "The operator sets them by TASTEMAP_SOURCES; without it, this page decides.",
        )
    engine.sources.switch(on)


def _checked(engine: Engine, name: str, given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return ``given`` with stripped values, empty ones as None; raises ServiceError 422 for an unknown setting."""
    known = {setting.name for setting in engine.providers()[name].about.settings}
    for setting in given.keys() - known:
        fields = {"settings": {setting: ["Not a setting of this source."]}}
        raise invalid_value(f"{setting} is not a setting of {name}.", "See `fields`.", fields=fields)
    return {setting: (value or "").strip() or None for setting, value in given.items()}
