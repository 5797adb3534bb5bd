"""What the tests of jobs.scale.workers give to workers: they load it by name, so it lies in a module of its own."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from store.errors import StoreDown

if TYPE_CHECKING:
    from jobs.scale.installation import Installation

# The write at which an import is halted: its first page is stored and its cursor has not been moved.
HALTING_WRITE = 5


def square(number: int) -> int:
    return number * number


def refuse(number: int) -> int:
    if number == 3:
        raise StoreDown("Nobody answers.", "Wait.")
    return number


def die_of(poison: int, number: int) -> int:
    if number == poison:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def import_or_halt(installation: Installation, marker: Path, run_id: str) -> str:
    """Do the run; the first to come stops in the middle of it, says who it is, and waits to be killed."""
    # A second, which the other functions here need not wait.
    from jobs.worker import execute
    from tests.etl.imports.dying import DyingDatabase

    def halt() -> None:
        marker.with_suffix(".partial").write_text(str(os.getpid()))
        marker.with_suffix(".partial").rename(marker)
        threading.Event().wait()

    try:
        marker.with_suffix(".taken").touch(exist_ok=False)
    except FileExistsError:
        return execute(installation.database(), installation.var, run_id, build=False)
    return execute(DyingDatabase(installation.uri, HALTING_WRITE, halt), installation.var, run_id, build=False)
