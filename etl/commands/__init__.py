"""The commands of ``python -m etl``: each module adds its own to the parser, and is loaded by its name."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pkgutil import resolve_name

# Command -> the function that adds it to the parser. Only the module of the given command is imported: the web process
# starts ``work`` for each upload, and it needs little of what the other commands load.
ADDED_BY: Mapping[str, str] = {
    "import": "etl.commands.imports:add_imports",
    "resume": "etl.commands.imports:add_imports",
    "scan": "etl.commands.library:add_library",
    "enrich": "etl.commands.harvests:add_harvests",
    "balanced": "etl.commands.harvests:add_harvests",
    "harvest": "etl.commands.harvests:add_harvests",
    "work": "etl.commands.work:add_work",
    "catalogue": "etl.commands.work:add_upkeep",
    "delete": "etl.commands.work:add_upkeep",
    "cancel": "etl.commands.work:add_upkeep",
    "export": "etl.exports.command:add_export",
    "backup": "etl.commands.backups:add_backups",
    "restore": "etl.commands.backups:add_backups",
    "sources": "etl.engine.command:add_sources",
    "analyse": "etl.commands.sound:add_sound",
    "doctor": "etl.doctor.command:add_doctor",
}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], given: str | None) -> None:
    """Add the command ``given``, and those of the same module, to the parser; all of them if there is no such one."""
    named = [ADDED_BY[given]] if given is not None and given in ADDED_BY else dict.fromkeys(ADDED_BY.values())
    for function in named:
        add: Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None] = resolve_name(function)
        add(commands)
