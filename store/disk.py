"""The disk under ``var``: what its errors mean, a reserve of free room, and files that are replaced atomically.

The embedded database stops working when it finds no room. The reserve makes everything else stop earlier.
"""

import errno
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from store.errors import TastemapError

LEAST_FREE_BYTES = 64 * 1024 * 1024
UNFINISHED = ".unfinished-"  # begins the name of a folder that is not whole yet


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


def probe(var: Path) -> None:
    """Make the folder ``var`` and write a little into it; raises OSError where that cannot be done."""
    var.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=var, prefix=".probe-") as file:
        file.write(b"\0" * 4096)


def disk_error(fault: OSError) -> DiskError | None:
    """Return the error to show for ``fault``, None if it is not about room or permissions."""
    if fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFull()
    if fault.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        hint = "Whoever runs this server must let its user write there. On the server: python -m etl doctor"
        return DiskError("The server's data folder cannot be written.", hint)
    return None


def log_fault(log: logging.Logger, what: str, fault: Exception) -> DiskError | None:
    """Log ``fault``, which happened while doing ``what``, and return the error to show for it.

    A line says that there is no room or no permission; any other fault, for which None is returned, has its traceback.
    """
    known = disk_error(fault) if isinstance(fault, OSError) else None
    if known is None:
        log.error("%s", what, exc_info=fault)
    else:
        log.error("%s: %s %s", what, known.message, fault)
    return known


def require_room(folder: Path) -> None:
    """Raise DiskFull if the disk of ``folder``, which need not exist yet, has less than LEAST_FREE_BYTES free."""
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if shutil.disk_usage(existing).free < LEAST_FREE_BYTES:
        raise DiskFull


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yield a new file that replaces ``path`` at the end; the umask applies to ``mode``.

    After a kill, ``path`` is the complete old or new file; after an exception, the old one.
    """
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)  # a killed process may have left it, and others may have it open
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Replace the file at ``path`` atomically by ``text`` in UTF-8."""
    with replacing(path) as file:
        file.write(text.encode())


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
