"""Measures the disk space of Pipfile.lock's categories: ``python -m tools.sizes``; all must be installed."""

import json
from collections.abc import Iterable
from importlib.metadata import distribution

from jobs.packages import PURPOSES, SIZES, lock, packages_of


def measured(name: str) -> int:
    """Return the bytes of a category's packages that serving does not need; compiled modules are not counted."""
    return on_disk(packages_of(name).keys() - lock()["default"].keys())


def on_disk(packages: Iterable[str]) -> int:
    """Return the bytes of the files of installed packages."""
    return sum(entry.size or 0 for package in packages for entry in distribution(package).files or ())


def main() -> None:
    sizes = {name: measured(name) for name in PURPOSES if name in lock()}
    SIZES.write_text(json.dumps(sizes, indent=4) + "\n")
    print(f"serving: {on_disk(lock()['default']) / 1e6:,.0f} MB")
    for name, size in sizes.items():
        print(f"{name}: {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
