"""Measure what the categories of Pipfile.lock add to the disk: ``python -m tools.sizes``, where all are installed."""

import json
from importlib.metadata import distribution

from jobs.packages import PURPOSES, SIZES, lock, packages_of


def measured(name: str) -> int:
    """Return the bytes of the files of a category's packages that serving does not install; no compiled modules."""
    names = packages_of(name).keys() - lock()["default"].keys()
    return sum(entry.size or 0 for package in names for entry in distribution(package).files or ())


def main() -> None:
    sizes = {name: measured(name) for name in PURPOSES if name in lock()}
    SIZES.write_text(json.dumps(sizes, indent=4) + "\n")
    for name, size in sizes.items():
        print(f"{name}: {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
