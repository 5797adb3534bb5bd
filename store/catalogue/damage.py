"""Checks that the published files of the catalogue have not changed since they were written.

A build records the SHA-256 of each file. All files are read and compared at each start, every few hours, by the doctor,
and as soon as a segment returns data that cannot be right. ``DAMAGED.json`` holds the result until the damaged segment
is no longer published.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from store.catalogue.catalogue import OWNERS_DIR, SEGMENTS_DIR, published
from store.catalogue.segment import FORMAT_FILE, SUSPECT_FILE, CatalogueError
from store.disk import digest, replace_text

DAMAGED_FILE = "DAMAGED.json"


def find_damage(root: Path) -> dict[str, str]:
    """Check every published file below ``root``; return the faults by segment, and store them for :func:`damage`."""
    # Removed first, so that a suspicion during the check leads to another check.
    (root / SUSPECT_FILE).unlink(missing_ok=True)
    found = {folder.name: reason for folder in _published_folders(root) if (reason := _damage_of(folder))}
    if found or (root / DAMAGED_FILE).exists():
        replace_text(root / DAMAGED_FILE, json.dumps(found))
    return found


def damage(root: Path) -> dict[str, str]:
    """Return the faults that the last :func:`find_damage` found, for segments that are still published."""
    try:
        noted = json.loads((root / DAMAGED_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    there = {folder.name for folder in _published_folders(root)} if noted else set()
    return {name: reason for name, reason in noted.items() if name in there}


def is_suspect(root: Path) -> bool:
    """Return whether a segment has returned impossible data since the last check of all files."""
    return (root / SUSPECT_FILE).exists()


def _published_folders(root: Path) -> Iterator[Path]:
    for catalogue in (root, *sorted((root / OWNERS_DIR).glob("*"))):
        try:
            folders = published(catalogue)
        except CatalogueError:
            continue  # opening the catalogue reports this fault
        yield from (catalogue / SEGMENTS_DIR / name for name in folders.values())


def _damage_of(folder: Path) -> str:
    """Return what is wrong with a segment, "" for nothing. A segment of an older version has no checksums."""
    try:
        sums = json.loads((folder / FORMAT_FILE).read_text("utf-8")).get("sha256", {})
    except (OSError, ValueError, AttributeError):
        return f"{FORMAT_FILE} cannot be read"
    for name, expected in sums.items():
        try:
            found = digest(folder / name)
        except OSError as fault:
            return f"{name} cannot be read: {fault.strerror}"
        if found != expected:
            return f"{name} is not what was written"
    return ""
