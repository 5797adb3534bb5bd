"""Lists the imported playlist sets (see :mod:`store.playlists.sets`) without loading pyarrow."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SUMMARY_FILE = "summary.json"
_DIGEST = 13  # the end of a set's name: a hyphen and twelve digits of the file's SHA-256


@dataclass(frozen=True, kw_only=True, slots=True)
class SetSummary:
    """One imported file: ``rows`` of its playlists name ``tracks`` distinct tracks (0 in sets that do not say)."""

    name: str
    playlists: int
    rows: int
    tracks: int
    imported_at: datetime


def summaries(root: Path) -> list[SetSummary]:
    """Return the sets under ``root``, the newest first."""
    found = map(_summary, root.glob(f"[!.]*/{SUMMARY_FILE}"))
    return sorted(found, key=lambda summary: (summary.imported_at, summary.name), reverse=True)


def _summary(path: Path) -> SetSummary:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return SetSummary(
        name=path.parent.name[:-_DIGEST],
        playlists=kept.get("playlists", 0),
        rows=kept["stored"],
        tracks=kept.get("tracks", 0),
        imported_at=datetime.fromtimestamp(int(path.stat().st_mtime), UTC),
    )
