"""The model files that ship: are they the ones that were written, as the manifest says.

Whether they load is asked where they are used: :mod:`api.doctor` adds it, because imports know nothing of models.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from etl.doctor.examination import Check, State

_REMEDY = "Take the folder models/ from the repository again: git checkout -- models"
_check = partial(Check, area="models", name="files")


def look_at_models(models: Path) -> Iterator[Check]:
    """Yield the findings about the files in ``models/manifest.json``."""
    path = models / "manifest.json"
    try:
        manifest = json.loads(path.read_text("utf-8"))
        files = {name: entry["sha256"] for name, entry in manifest["files"].items()}
        active = dict(manifest["active"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        yield _check(state=State.FAULT, message=f"{path} cannot be read: {fault}.", remedy=_REMEDY)
        return
    wrong = sorted(name for name, sha256 in files.items() if _digest(models / name) != sha256)
    if wrong:
        yield _check(state=State.FAULT, message=f"Absent or not what was written: {', '.join(wrong)}.", remedy=_REMEDY)
    elif not active:
        yield _check(state=State.FAULT, message="No model is active.", remedy=_REMEDY)
    else:
        named = ", ".join(f"{task} {version}" for task, version in sorted(active.items()))
        yield _check(state=State.OK, message=f"All {len(files)} files are the ones that were written: {named}.")


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
