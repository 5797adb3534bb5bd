"""The optional categories of Pipfile.lock, installed on request, and how much room they take.

``package_sizes.json`` beside this module holds the size of each on the disk; ``python -m tools.sizes`` measures it.
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
# Category -> its purpose, to be read as "Install what ... needs".
PURPOSES: Mapping[str, str] = {
    "train": "training models",
    "audio": "analysing your own music",
    "tags": "writing tags into your files (mutagen, GPL-2.0 or later)",
}
# While a package is unpacked, it takes its size on the disk twice.
_ROOM_FACTOR = 2


@dataclass(frozen=True, kw_only=True)
class Category:
    """A category: about how many ``bytes`` it takes on the disk, and which packages are ``missing`` here.

    ``obstacle`` says why it cannot be installed from here; it is empty if it can. ``lasting`` is false on a host that
    does not keep its disk: there, the packages are gone after a restart.
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
def lock() -> Mapping[str, Mapping[str, Any]]:
    """Return the sections of Pipfile.lock."""
    sections: dict[str, Any] = json.loads((ROOT / "Pipfile.lock").read_text())
    return sections


def packages_of(name: str) -> dict[str, Any]:
    """Return the packages of a category that this machine needs, by name, with version, hashes and markers.

    Raises KeyError for a category that the lock does not have.
    """
    return {
        package: locked
        for package, locked in lock()[name].items()
        if "markers" not in locked or Marker(locked["markers"]).evaluate()
    }


def missing_packages(packages: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of those ``packages`` that are not installed."""
    invalidate_caches()  # another process may have installed them
    return tuple(package for package in packages if not _is_installed(package))


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _obstacle(size: int) -> str:
    folder = Path(sysconfig.get_path("purelib"))
    if sys.prefix == sys.base_prefix:
        return "Tastemap does not install packages into the system's Python. On the server: make run"
    if not os.access(folder, os.W_OK):
        return "The folder of the installed packages is read-only here: install them where this server is built."
    free = shutil.disk_usage(folder).free
    if free < _ROOM_FACTOR * size:
        return f"The disk is too full: {_ROOM_FACTOR * size / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free."
    return ""
