"""The categories of Pipfile.lock that are installed only when somebody wants them, and what they weigh.

``package_sizes.json`` beside this module has the size of each on the disk; ``python -m tools.sizes`` measures it.
"""

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import invalidate_caches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.markers import Marker

from config import ROOT

SIZES = Path(__file__).with_name("package_sizes.json")
# Category -> what it is for, as in "Install what ... needs".
PURPOSES: Mapping[str, str] = {
    "train": "training models",
    "audio": "analysing your own music",
    "tags": "writing tags into your files (mutagen, GPL-2.0 or later)",
}
# While it is unpacked, a package lies on the disk twice.
_ROOM = 2


@dataclass(frozen=True, kw_only=True)
class Category:
    """A category: how many ``bytes`` it takes on the disk, about, and which packages are ``missing`` here.

    ``obstacle`` says why it cannot be installed from here, "" where it can. ``lasting`` is false where the disk does
    not stay, so that what is installed is gone after a restart.
    """

    name: str
    purpose: str
    bytes: int
    missing: tuple[str, ...]
    obstacle: str
    lasting: bool

    @property
    def installed(self) -> bool:
        return not self.missing


def categories() -> list[Category]:
    """Return the categories of this installation."""
    locked = lock()
    return [category(name) for name in PURPOSES if name in locked]


def category(name: str) -> Category:
    """Return the category ``name``, one of :data:`PURPOSES`; raises KeyError."""
    missing, size = missing_packages(packages_of(name)), json.loads(SIZES.read_text()).get(name, 0)
    return Category(
        name=name,
        purpose=PURPOSES[name],
        bytes=size,
        missing=missing,
        obstacle=_obstacle(size) if missing else "",
        lasting="DYNO" not in os.environ,
    )


@cache
def lock(path: Path = ROOT / "Pipfile.lock") -> Mapping[str, Mapping[str, Any]]:
    """Return the sections of Pipfile.lock."""
    sections: dict[str, Any] = json.loads(path.read_text())
    return sections


def packages_of(name: str, path: Path = ROOT / "Pipfile.lock") -> dict[str, Any]:
    """Return the packages of a category that this machine takes, by name, with version, hashes and markers.

    Raises KeyError for a category that the lock does not have.
    """
    found = lock(path)[name]
    return {package: known for package, known in found.items() if Marker(known.get("markers", _ALWAYS)).evaluate()}


_ALWAYS = "python_version > '3'"


def missing_packages(packages: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of those that this process cannot import."""
    invalidate_caches()  # another process may have installed them
    return tuple(package for package in packages if not _is_there(package))


def _is_there(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _obstacle(size: int) -> str:
    folder = Path(sysconfig.get_path("purelib"))
    if sys.prefix == sys.base_prefix:
        return "This Python is the system's, and its packages are left alone. On the server: make run"
    if not os.access(folder, os.W_OK):
        return "The folder of the installed packages is read-only here: install them where this server is built."
    free = shutil.disk_usage(folder).free
    if free < _ROOM * size:
        return f"The disk is too full: {_ROOM * size / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free."
    return ""
