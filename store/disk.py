"""The disk under ``var``: what its errors mean, room that is kept free, files that are replaced whole.

The embedded database cannot go on when a write of its own finds no room. So others stop earlier.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from store.errors import TastemapError

LEAST_FREE_BYTES = 64 * 1024 * 1024


class DiskError(TastemapError):
    """The disk under ``var`` is full, or may not be written."""

    code = "disk_unwritable"


class DiskFull(DiskError):  # noqa: N818 - a state, which the routes answer with 507
    """There is no room on the disk."""

    code = "disk_full"

    def __init__(self) -> None:
        super().__init__(
            "The server's disk is full: this could not be stored.",
            "Make room on it, then try again: Settings, Health says how much. On the server: python -m etl doctor",
        )


def disk_error(fault: OSError) -> DiskError | None:
    """Return what ``fault`` means in words, None for one that is not about room or permissions."""
    if fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFull()
    if fault.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        hint = "Whoever runs this server lets its user write there. On the server: python -m etl doctor"
        return DiskError("The server's data folder cannot be written.", hint)
    return None


def require_room(folder: Path) -> None:
    """Raise DiskFull where the disk that ``folder`` is made on has less than LEAST_FREE_BYTES of room."""
    made = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if shutil.disk_usage(made).free < LEAST_FREE_BYTES:
        raise DiskFull


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yield a new file that takes the place of ``path`` at the end; the umask takes from ``mode``.

    A kill at any moment leaves the file before or the new one, whole; an exception leaves the one before.
    """
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)  # what a kill has left, others may have open
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write ``path`` as ``replacing`` does, in UTF-8."""
    with replacing(path) as file:
        file.write(text.encode())
