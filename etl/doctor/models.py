"""The model files, those that ship and those trained here: are they the ones that were written, as the manifests say.

Whether they load is checked where they are used: :mod:`api.status.doctor` adds it, since imports know no models.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from etl.doctor.examination import Check, State

_check = partial(Check, "models", "files")


def look_at_models(shipped: Path, own: Path) -> Iterator[Check]:
    """Yield the findings about the files that the manifests of both folders list; ``own`` need not be there."""
    remedies = {
        shipped: "Take the folder models/ from the repository again: git checkout -- models",
        own: f"Train them again (python -m ml train TASK), or move {own} away: what ships is served then.",
    }
    count, active = 0, dict[str, str]()
    for folder, remedy in remedies.items():
        try:
            manifest = _manifest(folder) if folder == shipped or folder.exists() else {"files": {}, "active": {}}
            wrong = sorted(name for name, file in manifest["files"].items() if _digest(folder / name) != file["sha256"])
            active |= manifest["active"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            message = f"{folder / 'manifest.json'} cannot be read: {fault}"
            yield _check(State.FAULT, message, remedy)
            return
        if wrong:
            message = f"Absent or not what was written: {', '.join(wrong)}."
            yield _check(State.FAULT, message, remedy)
            return
        count += len(manifest["files"])
    if not active:
        yield _check(State.FAULT, "No model is active.", remedies[shipped])
        return
    named = ", ".join(f"{task} {version}" for task, version in sorted(active.items()))
    yield _check(State.OK, f"All {count} files are the ones that were written. Served: {named}.")


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
