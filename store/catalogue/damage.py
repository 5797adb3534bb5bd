"""Whether the published files of the catalogue are still the ones that were written.

A build notes the SHA-256 of each file. A disk or a program that changes a byte is found by reading all of them: at each
start, now and then, by the doctor, and as soon as a segment yields nonsense. What was found stands in ``DAMAGED.json``
until the damaged segment is no longer published.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from store.catalogue.catalogue import OWNERS_DIR, SEGMENTS_DIR, published
from store.catalogue.records import digest
from store.catalogue.segment import FORMAT_FILE, SUSPECT_FILE, CatalogueError
from store.disk import replace_text

DAMAGED_FILE = "DAMAGED.json"


def find_damage(root: Path) -> dict[str, str]:
    """Read every published file below ``root``; return what is wrong by segment, and note it for :func:`damage`."""
    # Taken away first: what looks wrong from here on is looked at again.
    (root / SUSPECT_FILE).unlink(missing_ok=True)
    found = {folder.name: reason for folder in _published_folders(root) if (reason := _damage_of(folder))}
    if found or (root / DAMAGED_FILE).exists():
        replace_text(root / DAMAGED_FILE, json.dumps(found))
    return found


def damage(root: Path) -> dict[str, str]:
    """Return what the last :func:`find_damage` found of segments that are published still."""
    try:
        noted = json.loads((root / DAMAGED_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    there = {folder.name for folder in _published_folders(root)} if noted else set()
    return {name: reason for name, reason in noted.items() if name in there}


def is_suspect(root: Path) -> bool:
    """Say whether a segment has yielded nonsense since the last look at all files."""
    return (root / SUSPECT_FILE).exists()


def _published_folders(root: Path) -> Iterator[Path]:
    for place in (root, *sorted((root / OWNERS_DIR).glob("*"))):
        try:
            folders = published(place)
        except CatalogueError:
            continue  # it is unreadable, which nobody has to look for
        yield from (place / SEGMENTS_DIR / name for name in folders.values())


def _damage_of(folder: Path) -> str:
    """Return what is wrong with a segment, "" for nothing. One that an older version wrote has no checksums."""
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
