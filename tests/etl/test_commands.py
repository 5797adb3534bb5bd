"""The command line loads what the given command needs, and knows all commands."""

import argparse
import subprocess
import sys

import pytest

from config import ROOT
from etl.commands import ADDED_BY, add_commands


def added(given: str | None) -> list[str]:
    commands = argparse.ArgumentParser().add_subparsers()
    add_commands(commands, given)
    return list(commands.choices)


@pytest.mark.parametrize("command", ADDED_BY)
def test_a_given_command_is_added(command: str) -> None:
    assert command in added(command)


@pytest.mark.parametrize("given", [None, "--help", "nothing"])
def test_without_a_known_command_all_are_added(given: str | None) -> None:
    assert added(given) == list(ADDED_BY)


def test_the_worker_loads_no_reader_before_it_has_a_file() -> None:
    """It is started for each short run."""
    script = "import sys; import etl.commands.work; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "jobs.worker" in loaded.stdout.split()
    assert [name for name in loaded.stdout.split() if name.startswith(("etl.imports", "etl.doctor", "etl.audio"))] == []
