"""The id of this installation: several installations may share one MongoDB, and each has its own files."""

import os
import re
import secrets
from pathlib import Path

from store.errors import StoreDown
from store.locks import take

_FORM = re.compile(rb"[0-9a-f]{16}\n")


def installation_id_of(var: Path) -> str:
    """Return the id of the installation with its files in ``var``, 16 hexadecimal digits; it is made on first use.

    Raises StoreDown if ``var`` cannot be written, or the file with the id in it has been changed.
    """
    path = var / "installation"
    try:
        descriptor = take(path)
        assert descriptor is not None
        try:
            text = os.read(descriptor, 64)
            if not text:  # this is the first use, or an earlier one was killed before it wrote the id
                text = f"{secrets.token_hex(8)}\n".encode()
                os.write(descriptor, text)
        finally:
            os.close(descriptor)
    except OSError as fault:
        raise StoreDown(
            f"The folder {var} cannot be used: {fault.strerror}.", "Point TASTEMAP_VAR at a folder that can be written."
        ) from fault
    if not _FORM.fullmatch(text):
        raise StoreDown(f"{path} does not hold the id of an installation.", "Delete it; a new one is made.")
    return text.decode().strip()
