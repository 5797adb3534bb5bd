"""The disk under ``var``: may it be written, is there room, what lies there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from config import MEGABYTE
from etl.doctor.examination import Check, State

# A build of the catalogue needs room for the new one as well as the old one.
_FAULT_BYTES = 100 * MEGABYTE
_WARNING_BYTES = 1024 * MEGABYTE
_check = partial(Check, area="disk")


def look_at_disk(var: Path) -> Iterator[Check]:
    """Yield what is found in and under ``var``."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=var, prefix=".doctor-") as probe:
            probe.write(b"\0" * 4096)
    except OSError as fault:
        yield _check(
            name="folder",
            state=State.FAULT,
            message=f"{var} cannot be written: {fault.strerror}.",
            remedy="Give this user the folder (chown), or point TASTEMAP_VAR at another one.",
        )
        return
    yield _check(name="folder", state=State.OK, message=f"{var} can be written.")
    yield free_space(shutil.disk_usage(var).free)
    yield _check(name="size", state=State.OK, message=f"{var.name} holds {_size(_bytes_under(var))}.")


def free_space(free: int) -> Check:
    """Judge ``free`` bytes."""
    if free >= _WARNING_BYTES:
        return _check(name="space", state=State.OK, message=f"{_size(free)} are free.")
    return _check(
        name="space",
        state=State.FAULT if free < _FAULT_BYTES else State.WARNING,
        message=f"Only {_size(free)} are free.",
        remedy="Make room, or point TASTEMAP_VAR at a larger disk: an import needs room for a second catalogue.",
    )


def _bytes_under(folder: Path) -> int:
    # A file may go while we look.
    return sum(_bytes_of(Path(parent, name)) for parent, _, names in os.walk(folder) for name in names)


def _bytes_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _size(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB" if count < 1024 * MEGABYTE else f"{count / MEGABYTE / 1024:,.1f} GB"
