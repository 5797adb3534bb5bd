"""The models of one installation: those that ship, those trained here, and which version of each task is served.

What ships is never written to: the choice of a version, and the versions that were served before, stand in the
manifest of the installation's own folder, beside what was trained there.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from ml import artefacts
from ml.artefacts import ArtefactError, Version

# So many versions that were served before are remembered per task.
_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Shelf:
    """``shipped`` is the folder that comes with the code, ``own`` the installation's, ``None`` for maintainers."""

    shipped: Path = artefacts.MODELS
    own: Path | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.shipped,) if self.own is None else (self.own, self.shipped)

    def active(self, task: str) -> Path:
        """Return the folder (or the path without suffix) of the version that is served.

        Raises
        ------
        ArtefactError
            No version of ``task`` is active, or the one that was chosen is gone.
        """
        return self.folder(task, self.active_version(task))

    def active_version(self, task: str) -> str:
        """Return the name of the version that is served; raises ArtefactError where there is none."""
        for folder in self.folders:
            version = artefacts.read_manifest(folder)["active"].get(task)
            if version:
                return str(version)
        raise ArtefactError(f"no version of {task} is active: run python -m ml train {task}")

    def folder(self, task: str, version: str) -> Path:
        """Return where a version lies; raises ArtefactError for one that no manifest lists."""
        for folder in self.folders:
            if any(one.task == task and one.name == version for one in artefacts.versions(folder)):
                return folder / task / version
        raise ArtefactError(f"there is no version {version} of {task}: python -m ml list shows what there is")

    def versions(self) -> list[Version]:
        """Return every version by task and name, each marked with whether it is the served one."""
        found = {(one.task, one.name): one for folder in reversed(self.folders) for one in artefacts.versions(folder)}
        served = {task: self.active_version(task) for task, _name in found if self._has_active(task)}
        return [
            Version(task=task, name=name, active=served.get(task) == name, size=one.size)
            for (task, name), one in sorted(found.items())
        ]

    def is_own(self, task: str, version: str) -> bool:
        """Tell whether a version was trained on this installation."""
        return self.own is not None and self.folder(task, version).is_relative_to(self.own)

    def activate(self, task: str, version: str) -> None:
        """Serve ``version`` from now on and remember the one before; raises ArtefactError for an unknown one."""
        self.folder(task, version)
        before = self.active_version(task) if self._has_active(task) else None
        if before != version:
            self._choose(task, version, [*self.before(task), *([before] if before else [])])

    def rollback(self, task: str) -> str:
        """Serve what was served before the last :meth:`activate`, and return its name.

        Raises
        ------
        ArtefactError
            Nothing was served before.
        """
        before = self.before(task)
        if not before:
            raise ArtefactError(f"no other version of {task} was served before")
        self.folder(task, before[-1])
        self._choose(task, before[-1], before[:-1])
        return before[-1]

    def forget(self, task: str) -> None:
        """Delete every version of ``task`` that was trained here, and the choice of one."""
        if self.own is None:
            return
        manifest = artefacts.read_manifest(self.own)
        for part in ("active", "before"):
            manifest.get(part, {}).pop(task, None)
        files = [name for name in manifest["files"] if name.startswith(f"{task}/")]
        for name in files:
            del manifest["files"][name]
        if files:
            artefacts.write_manifest(manifest, self.own)
        shutil.rmtree(self.own / task, ignore_errors=True)

    def before(self, task: str) -> list[str]:
        """Return the versions that were served before, the latest last, as far as they are still there."""
        names = artefacts.read_manifest(self.folders[0]).get("before", {}).get(task, [])
        known = {one.name for folder in self.folders for one in artefacts.versions(folder) if one.task == task}
        return [name for name in names if name in known]

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that change when a manifest does: whoever holds a model looks at them before using it."""
        paths = (folder / artefacts.MANIFEST for folder in self.folders)
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def _has_active(self, task: str) -> bool:
        return any(task in artefacts.read_manifest(folder)["active"] for folder in self.folders)

    def _choose(self, task: str, version: str, before: list[str]) -> None:
        folder = self.folders[0]
        manifest = artefacts.read_manifest(folder)
        manifest["active"] = dict(sorted({**manifest["active"], task: version}.items()))
        manifest["before"] = {**manifest.get("before", {}), task: before[-_REMEMBERED:]}
        artefacts.write_manifest(manifest, folder)


def describe(shelf: Shelf) -> str:
    """Return a table of all versions for a terminal."""
    lines = []
    for one in shelf.versions():
        marks = " ".join(
            mark for mark, holds in (("active", one.active), ("own", shelf.is_own(one.task, one.name))) if holds
        )
        lines.append(f"{one.task:<14} {one.name:<20} {one.size / 1e6:6.1f} MB  {marks}".rstrip())
    return "\n".join(lines) or "There are no models: run python -m ml train TASK"


def card_of(shelf: Shelf, task: str, version: str) -> str:
    """Return the Markdown of a version's card; raises ArtefactError where it has none or it was changed."""
    folder = shelf.folder(task, version)
    candidates = (folder / "card.md", folder.with_name(folder.name + ".md"))
    path = next((path for path in candidates if path.is_file()), candidates[0])
    return artefacts.verified(path, folder.parents[1]).read_text(encoding="utf-8")


def scores_of(shelf: Shelf, task: str, version: str) -> dict[str, object] | None:
    """Return the figures of ``scores.json`` beside a version, ``None`` where the training run wrote none."""
    path = shelf.folder(task, version) / "scores.json"
    if not path.is_file():
        return None
    content: dict[str, object] = json.loads(artefacts.verified(path).read_text(encoding="utf-8"))
    return content
