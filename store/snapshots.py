"""Snapshots of the database in ``<var>/snapshots``: their names and ages, and which of them are kept."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store.runs import now

# How often a snapshot is taken.
EVERY = timedelta(days=1)
_NAME = re.compile(r"(\d{8}T\d{6})Z\.backup")


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """A backup that Tastemap wrote by itself."""

    path: Path
    written_at: datetime


def snapshots(var: Path) -> list[DatabaseSnapshot]:
    """Return the snapshots, the newest first; those dated in the future by a wrong clock come last."""
    named = ((path, _NAME.fullmatch(path.name)) for path in (var / "snapshots").glob("*.backup"))
    found = [
        DatabaseSnapshot(path, datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
        for path, match in named
        if match
    ]
    moment = now()
    return sorted(found, key=lambda snapshot: (snapshot.written_at <= moment, snapshot.written_at), reverse=True)


def newest_snapshot(var: Path) -> DatabaseSnapshot | None:
    """Return the newest snapshot, None if there is none."""
    return next(iter(snapshots(var)), None)


def new_snapshot_path(var: Path, moment: datetime) -> Path:
    """Return the path for a snapshot of ``moment`` (aware), and create its folder, which only its owner may enter."""
    folder = var / "snapshots"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}Z.backup"


def is_snapshot_due(var: Path, moment: datetime) -> bool:
    """Return whether no snapshot was taken in the 24 hours before ``moment`` (aware)."""
    return not any(moment - EVERY < snapshot.written_at <= moment for snapshot in snapshots(var))


def delete_old_snapshots(var: Path, keep: int) -> None:
    """Delete all but the ``keep`` newest snapshots."""
    for snapshot in snapshots(var)[keep:]:
        snapshot.path.unlink(missing_ok=True)
