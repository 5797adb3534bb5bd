"""The command ``python -m etl sources``: switches sources on and off, and lists their states."""

from __future__ import annotations

import argparse
import getpass
import sys
from contextlib import closing
from pathlib import Path

from config import Config
from etl.engine.answers import SourceState
from etl.engine.engine import Engine
from etl.engine.sources import DEFAULT
from etl.engine.vault import VaultError
from store.database import Database

_HELP = """actions:
  on NAME...              switch sources on ("all" for every one)
  off NAME...             switch sources off
  set NAME SETTING=VALUE  set a setting; SETTING alone prompts for the value, SETTING= unsets it
  pool NAME on|off        use all credentials of a source, or only the default one
Without an action, all sources are listed.
"""


def add_sources(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of ``python -m etl``."""
    parser = commands.add_parser(
        "sources",
        help="list the online sources, switch them on and off",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", nargs="?", choices=("on", "off", "set", "pool"))
    parser.add_argument("words", nargs="*", metavar="NAME")
    parser.add_argument("--credential", default=DEFAULT, metavar="NAME", help="for set: one of several credentials")
    parser.set_defaults(command=_sources)


def _sources(database: Database, _var: Path, options: argparse.Namespace) -> int:
    with closing(Engine(database, Config.from_env())) as engine:
        return run(engine, options.action, options.words, options.credential)


def run(engine: Engine, action: str | None, words: list[str], credential: str = DEFAULT) -> int:
    """Do one action and list the sources; return the exit code."""
    names = list(engine.providers()) if words == ["all"] else words if action in {"on", "off"} else words[:1]
    unknown = [name for name in names if name not in engine.providers()]
    complaint = ""
    if unknown:
        complaint = f"Unknown: {', '.join(unknown)}. Known are: {', '.join(engine.providers())}."
    elif action and not names:
        complaint = "Name a source, such as: python -m etl sources on deezer"
    elif action in {"on", "off"}:
        complaint = _switch(engine, action == "on", set(names))
    elif action == "pool":
        complaint = _pool(engine, names[0], words[1:])
    elif action == "set":
        complaint = _set(engine, names[0], words[1:], credential)
    if complaint:
        print(complaint, file=sys.stderr)
        return 2
    for state in engine.states():
        print(line_of(state))
    return 0


def line_of(state: SourceState) -> str:
    """Return the line of a source: name, state, needs, and problems below it."""
    needs = ", ".join(need.value for need in state.needs)
    notes = []
    if state.on and state.blocked_until:
        notes.append(f"until {state.blocked_until:%Y-%m-%d %H:%M} UTC: {state.blocked_why}")
    if state.on and state.budget:
        notes.append(f"{state.budget.used} of {state.budget.limit} requests used")
    if state.on and state.last_error:
        notes.append(f"{state.last_error.message} {state.last_error.hint}".strip())
    missing = [setting.name for setting in state.settings if setting.required and not setting.set]
    if missing:
        notes.append(f"to set: {', '.join(missing)}")
    return f"{state.name:18}{state.state:10}{needs}" + "".join(f"\n{'':18}{note}" for note in notes)


def _switch(engine: Engine, on: bool, names: set[str]) -> str:
    if engine.sources.fixed:
        return "TASTEMAP_SOURCES fixes which sources are used; unset it to choose here."
    before = {state.name for state in engine.states() if state.on}
    engine.sources.switch(before | names if on else before - names)
    return ""


def _pool(engine: Engine, source: str, words: list[str]) -> str:
    if words not in (["on"], ["off"]):
        return "Say on or off, such as: python -m etl sources pool deezer on"
    engine.sources.pool(source, words == ["on"])
    return ""


def _set(engine: Engine, source: str, words: list[str], credential: str) -> str:
    known = {setting.name: setting for setting in engine.providers()[source].about.settings}
    values: dict[str, str | None] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in known:
            return f"{source} has no setting {name!r}; it has: {', '.join(known) or 'none'}."
        values[name] = (value if equals else getpass.getpass(f"{known[name].label}: ")).strip() or None
    if not values:
        return f"Name a setting of {source}: {', '.join(known) or 'it has none'}."
    if not credential.replace("-", "").replace("_", "").isalnum():
        return "A credential's name has letters, digits, - and _ only."
    try:
        engine.put_settings(source, values, credential=credential)
    except VaultError as fault:
        return str(fault)
    return ""
