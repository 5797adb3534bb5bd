"""The models of one installation: shipped and user-trained versions, and the version of each task that is served.

The shipped folder is never written to. The installation's own folder, with its manifest, holds the chosen version of
each task, the versions served before, and the user-trained versions.
"""

import json
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ml import artefacts, scores
from ml.artefacts import ArtefactError, Version
from ml.tasks import find_task

log = logging.getLogger(__name__)

# The most earlier served versions that are remembered per task.
_REMEMBERED = 20
_VERSIONS = "Library, Models shows the versions there are. On the server: python -m ml list"


class NoSuchVersion(ArtefactError):  # noqa: N818 - a fault of the request
    """No manifest lists this version, or no version of the task is active."""

    code = "not_found"


class NothingBefore(ArtefactError):  # noqa: N818 - a state, not a fault
    """No other version was served before the one that is served now."""

    code = "nothing_before"


class VersionInUse(ArtefactError):  # noqa: N818 - a rule that is shown to the user, not a fault
    """A version may not be deleted: it ships, it is served or another version needs it."""

    code = "kept"


@dataclass(frozen=True, slots=True)
class ModelRegistry:
    """The versions in two folders of models, and which version of each task is served.

    Attributes
    ----------
    shipped : Path
        The folder that comes with the code. It is never written to where there is a ``local`` one.
    local : Path or None
        The folder of this installation: versions trained here and the choice of versions. None for maintainers, who
        write to ``shipped``.
    """

    shipped: Path = artefacts.MODELS
    local: Path | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.shipped,) if self.local is None else (self.local, self.shipped)

    def active(self, task: str) -> Path:
        """Return the folder (or the path without suffix) of the version that is served.

        Raises NoSuchVersion if no version of ``task`` is active, or if the active one no longer exists.
        """
        return self.folder(task, self.active_version(task))

    def active_version(self, task: str) -> str:
        """Return the name of the version that is served; raises NoSuchVersion where there is none."""
        if version := self._active(task):
            return version
        raise NoSuchVersion(
            f"No version of {task} is active.",
            f"Train one under Library, Models. On the server: python -m ml train {task}",
        )

    def folder(self, task: str, version: str) -> Path:
        """Return the folder of a version; raises NoSuchVersion for one that no manifest lists."""
        for folder in self.folders:
            if any((known.task, known.name) == (task, version) for known in self._versions(folder)):
                return folder / task / version
        raise NoSuchVersion(f"There is no version {version} of {task}.", _VERSIONS)

    def versions(self) -> list[Version]:
        """Return every version by task and name, each marked with whether it is the served one."""
        sizes: dict[tuple[str, str], int] = {}
        for folder in reversed(self.folders):
            sizes |= {(version.task, version.name): version.size for version in self._versions(folder)}
        served = {task: self._active(task) for task, _name in sizes}
        return [
            Version(task=task, name=name, active=served.get(task) == name, size=size)
            for (task, name), size in sorted(sizes.items())
        ]

    def is_user_trained(self, task: str, version: str) -> bool:
        """Return whether a version was trained on this installation; False for a copy of a shipped one."""
        if self.local is None or not self.folder(task, version).is_relative_to(self.local):
            return False
        return all((known.task, known.name) != (task, version) for known in artefacts.versions(self.shipped))

    def activate(self, task: str, version: str) -> None:
        """Serve ``version`` from now on and remember the one before; raises NoSuchVersion for an unknown one."""
        self.folder(task, version)
        before = self._active(task)
        if before != version:
            self._choose(task, version, [*self.before(task), *([before] if before else [])])

    def rollback(self, task: str) -> str:
        """Serve the version served before the last :meth:`activate`; return its name.

        Raises NothingBefore if nothing was served before.
        """
        before = self.before(task)
        if not before:
            raise NothingBefore(f"No other version of {task} was served before.", _VERSIONS)
        self.folder(task, before[-1])
        self._choose(task, before[-1], before[:-1])
        return before[-1]

    def step_back(self, task: str, damaged: str) -> str | None:
        """Serve another version in the place of a ``damaged`` one; return its name, or None if there is none.

        The first version with undamaged files is served: of those served before, from the latest on, then the shipped
        one, then all others, from the newest on. If another process has stepped back already, its choice is returned.
        """
        if self.local is None:
            return None
        served = self._active(task)
        if served != damaged:
            return served
        shipped = artefacts.read_manifest(self.shipped)["active"].get(task)
        others = [version.name for version in reversed(self.versions()) if version.task == task]
        candidates = [*reversed(self.before(task)), *([shipped] if shipped else []), *others]
        for name in dict.fromkeys(candidates):
            if name != damaged and artefacts.is_whole(task, name, self.folder(task, name).parents[1]):
                before = [known for known in self.before(task) if known not in (name, damaged)]
                self._choose(task, name, before, damaged)
                log.error("%s %s is damaged; %s is served in its place", task, damaged, name)
                return name
        return None

    def damaged(self) -> dict[str, str]:
        """Return by task the version that :meth:`step_back` replaced, until the user chooses a version."""
        found: dict[str, str] = self._manifest(self.folders[0]).get("damaged", {})
        return found

    def adopt(self, staging: Path) -> None:
        """Move the versions that a training has registered in the folder ``staging`` into the local folder.

        Each version is moved as a whole. One marked as active is served if no version of its task is active.
        """
        assert self.local is not None
        written = artefacts.read_manifest(staging)
        with artefacts.editing(self.local) as manifest:
            self._sweep(manifest["files"])
            for name in written["files"].keys() - manifest["files"].keys():
                _move(Path(name), staging, self.local)
                manifest["files"][name] = written["files"][name]
            for task, version in written["active"].items():
                if not self._active(task):
                    manifest["active"][task] = version

    def _sweep(self, listed: Mapping[str, Any]) -> None:
        """Delete unlisted folders; they are left when the process is killed between a move and its listing."""
        assert self.local is not None
        known = {Path(name).parts[:2] for name in listed}
        for folder in self.local.glob("*/*"):
            if folder.is_dir() and folder.relative_to(self.local).parts not in known:
                shutil.rmtree(folder)

    def delete(self, task: str, version: str) -> None:
        """Delete a version that was trained here.

        Raises VersionInUse if it ships, it is served, or another version depends on it; NoSuchVersion if there is no
        such version.
        """
        path = self.folder(task, version)
        if not self.is_user_trained(task, version):
            raise VersionInUse(
                f"{task} {version} came with Tastemap and stays.", "Only versions trained here can be deleted."
            )
        if self._active(task) == version:
            raise VersionInUse(f"{task} {version} is served.", "Serve another version first.")
        if users := self._users_of(task, version):
            raise VersionInUse(
                f"{users[0]} was trained with {task} {version} and depends on it.", f"Delete {users[0]} first."
            )
        assert self.local is not None
        with artefacts.editing(self.local) as manifest:
            names = artefacts.unlist(manifest, task, version)
            before = manifest.get("before", {})
            before[task] = [name for name in before.get(task, []) if name != version]
        for name in names:  # some tasks have files outside the version's folder
            (self.local / name).unlink(missing_ok=True)
        if path.is_dir():
            shutil.rmtree(path)

    def _users_of(self, task: str, version: str) -> list[str]:
        found = []
        for user in self.versions():
            known = find_task(user.task)
            if known is None or known.depends_on != task:
                continue
            path = self.folder(user.task, user.name) / known.described_in
            if path.is_file() and json.loads(path.read_text("utf-8")).get(task) == version:
                found.append(f"{user.task} {user.name}")
        return found

    def forget(self, task: str) -> None:
        """Delete every version of ``task`` that was trained here, and the choice of one."""
        if self.local is None:
            return
        with artefacts.editing(self.local) as manifest:
            for part in ("active", "before"):
                manifest.get(part, {}).pop(task, None)
            manifest["files"] = {name: e for name, e in manifest["files"].items() if not name.startswith(f"{task}/")}
        shutil.rmtree(self.local / task, ignore_errors=True)

    def before(self, task: str) -> list[str]:
        """Return the versions that were served before and still exist, the latest last."""
        names = self._manifest(self.folders[0]).get("before", {}).get(task, [])
        known = {version.name for version in self.versions() if version.task == task}
        return [name for name in names if name in known]

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that change when a manifest does, by which a cache of models is invalidated."""
        return tuple(map(_modified_ns, _manifests(self.folders)))

    def _versions(self, folder: Path) -> list[Version]:
        return artefacts.versions_in(self._manifest(folder))

    def _active(self, task: str) -> str | None:
        found = (self._manifest(folder)["active"].get(task) for folder in self.folders)
        return next(filter(None, found), None)

    def _manifest(self, folder: Path) -> dict[str, Any]:
        """Return the manifest of ``folder``; if that of this installation is damaged, an empty one."""
        try:
            return artefacts.read_manifest(folder)
        except ArtefactError as fault:
            if folder != self.local:
                raise
            _complain(str(fault))
            return {"active": {}, "files": {}}

    def _choose(self, task: str, version: str, before: list[str], damaged: str = "") -> None:
        with artefacts.editing(self.folders[0]) as manifest:
            others = {known: name for known, name in manifest.get("damaged", {}).items() if known != task}
            manifest["damaged"] = others | ({task: damaged} if damaged else {})
            manifest["active"][task] = version
            manifest["before"] = {**manifest.get("before", {}), task: before[-_REMEMBERED:]}


@lru_cache(64)
def _manifests(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the paths of the manifests; cached, because each request needs them several times."""
    return tuple(str(folder / artefacts.MANIFEST) for folder in folders)


def _modified_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - each request asks several times, and a Path is slower
    except FileNotFoundError:
        return 0


@lru_cache(1)
def _complain(fault: str) -> None:
    """Log only once, not at every request, that the user-trained models are not served."""
    log.error("only the models that ship are served: %s", fault)


def _move(name: Path, staging: Path, local: Path) -> None:
    """Move a file out of ``staging``, with the whole folder of its version unless ``local`` has that folder."""
    whole = Path(*name.parts[:2])
    (local / whole).parent.mkdir(exist_ok=True)
    if not (local / whole).exists():
        (staging / whole).replace(local / whole)
    elif (staging / name).exists():  # the file was not moved with its folder
        (local / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(local / name)


def describe(registry: ModelRegistry) -> str:
    """Return a table of all versions for a terminal, each with its score by the main measure."""
    lines = []
    for version in registry.versions():
        task, name = version.task, version.name
        main = scores.main_score(task, scores_of(registry, task, name))
        score = f"{main[0].label} {main[1]:.3f}" if main else ""
        marks = ("active " if version.active else "") + ("own" if registry.is_user_trained(task, name) else "")
        lines.append(f"{task:<14} {name:<20} {version.size / 1e6:6.1f} MB  {score:<42} {marks}".rstrip())
    return "\n".join(lines) or "There are no models. On the server: python -m ml train TASK"


def compare(registry: ModelRegistry, task: str, one: str, other: str) -> scores.Comparison:
    """Compare two versions by their recorded scores; raises NoSuchVersion for one that is not there."""
    return scores.compare(task, one, other, {name: scores_of(registry, task, name) for name in (one, other)})


def describe_comparison(found: scores.Comparison, one: str, other: str) -> str:
    """Return a comparison for a terminal, the better value marked."""
    lines = [f"on {found.on}", f"{'':<40} {one:>20} {other:>20}"] if found.rows else []
    for row in found.rows:
        cells = [f"{value:.4f}{' *' if at == row['better'] else '  '}" for at, value in enumerate(row["values"])]
        lines.append(f"{row['label']:<40} {cells[0]:>20} {cells[1]:>20}")
    return "\n".join([*lines, *(text for text in (found.note, found.why) if text)])


def card_of(registry: ModelRegistry, task: str, version: str) -> str:
    """Return the Markdown of a version's card; raises ArtefactError if it is absent or was changed."""
    folder = registry.folder(task, version)
    candidates = (folder / "card.md", folder.with_name(folder.name + ".md"))
    path = next((path for path in candidates if path.is_file()), candidates[0])
    return artefacts.verified(path, folder.parents[1]).read_text(encoding="utf-8")


def scores_of(registry: ModelRegistry, task: str, version: str) -> dict[str, Any] | None:
    """Return the ``scores.json`` of a version (:mod:`ml.scores`), ``None`` where there is none.

    Raises ArtefactError if there is no such version, or the file was changed.
    """
    path = registry.folder(task, version) / scores.FILE
    if not path.is_file():
        return None
    content: dict[str, Any] = artefacts.verified_json(path)
    return content
