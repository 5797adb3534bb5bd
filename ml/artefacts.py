"""The manifest of model files: the active version of each task, and the checksum of every file.

``models/manifest.json`` lists every file with its SHA-256. A file that is not listed is never opened, nor unpickled.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from store.disk import digest, replace_text
from store.errors import TastemapError

MANIFEST = "manifest.json"
MODELS = Path(__file__).resolve().parent.parent / "models"


class ArtefactError(TastemapError):
    """A model file that is absent, not listed in the manifest or not the one that was written."""

    code = "model_missing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of one task in the manifest; ``size`` is in bytes, all files together."""

    task: str
    name: str
    active: bool
    size: int


def read_manifest(models: Path = MODELS) -> dict[str, Any]:
    """Return the manifest: ``active`` maps task to version, ``files`` a relative path to its sha256 and bytes.

    A folder without a manifest has an empty one.

    Raises ArtefactError if the manifest cannot be read or is not one.
    """
    path = models / MANIFEST
    if not path.exists():
        return {"active": {}, "files": {}}
    hint = (
        "Take models/ from the repository again. On the server: git checkout -- models"
        if models == MODELS
        else f"Move {path} away; then the shipped models are served, and models trained here must be trained again."
    )
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError(f"The list of models {path} cannot be read: {error}.", hint) from error
    if not _is_manifest(manifest):
        raise ArtefactError(f"{path} is not a list of models.", hint)
    return manifest


def _is_manifest(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(active := found.get("active"), dict)
        and all(isinstance(version, str) for version in active.values())
        and isinstance(files := found.get("files"), dict)
        and all("/" in name and isinstance(entry, dict) for name, entry in files.items())
        and all(
            isinstance(entry.get("bytes"), int) and isinstance(entry.get("sha256"), str) for entry in files.values()
        )
        and isinstance(found.get("damaged", {}), dict)
        and isinstance(before := found.get("before", {}), dict)
        and all(isinstance(names, list) for names in before.values())
    )


def register(task: str, version: str, files: Iterable[Path], models: Path = MODELS, *, activate: bool = True) -> None:
    """List ``files`` (below ``models/<task>/<version>``) as those of this version, in place of its earlier ones.

    The manifest is replaced atomically; with ``activate`` the version is served from now on.
    """
    written = {
        path.relative_to(models).as_posix(): {"sha256": digest(path), "bytes": path.stat().st_size} for path in files
    }
    with editing(models) as manifest:
        unlist(manifest, task, version)
        manifest["files"] |= written
        if activate:
            manifest["active"][task] = version


@contextmanager
def editing(models: Path) -> Iterator[dict[str, Any]]:
    """Yield the manifest of ``models`` for changes; at the end the file is replaced atomically.

    A lock lets one process edit at a time, so that no change is lost. An exception leaves the manifest as it was.
    """
    models.mkdir(parents=True, exist_ok=True)
    folder = os.open(models, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        manifest = read_manifest(models)
        yield manifest
        for part in ("active", "files"):
            manifest[part] = dict(sorted(manifest[part].items()))
        replace_text(models / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    finally:
        os.close(folder)


def unlist(manifest: dict[str, Any], task: str, version: str) -> list[str]:
    """Remove the files of a version from a manifest that is being edited, and return their names."""
    names = [name for name in manifest["files"] if _version_of(name) == (task, version)]
    manifest["files"] = {name: entry for name, entry in manifest["files"].items() if name not in names}
    return names


def _version_of(name: str) -> tuple[str, str]:
    """Return task and version of a listed file, which is in the version's folder or named after the version."""
    task, rest = name.split("/", 1)
    return task, rest.split("/", 1)[0] if "/" in rest else rest.rsplit(".", 1)[0]


def active(task: str, models: Path = MODELS) -> Path:
    """Return the folder (or, for a task of one file per version, the path without suffix) of the active version.

    Raises ArtefactError if the manifest names no active version of ``task``.
    """
    version = read_manifest(models)["active"].get(task)
    if version is None:
        raise ArtefactError(
            f"{models / MANIFEST} names no active version of {task}.",
            f"Train one under Library, Models. On the server: python -m ml train {task}",
        )
    return models / task / version


def verified(path: Path, models: Path | None = None) -> Path:
    """Return ``path`` if its SHA-256 is the listed one. ``models`` defaults to the folder two above the file's.

    Raises ArtefactError if the file is absent, not listed, or has other contents than listed.
    """
    models = models or path.parent.parent.parent
    entry = read_manifest(models)["files"].get(path.relative_to(models).as_posix())
    if entry is None:
        raise ArtefactError(f"{path} is not listed in {models / MANIFEST}.")
    if not path.is_file():
        raise ArtefactError(f"{path} is listed in {models / MANIFEST} but absent.")
    try:
        found = digest(path)
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}.") from error
    if found != entry["sha256"]:
        raise ArtefactError(f"{path} is not the file that was written (its SHA-256 differs).")
    return path


def verified_json(path: Path) -> Any:
    """Return the value in the JSON file ``path``; raises ArtefactError as :func:`verified` does."""
    return json.loads(verified(path).read_text(encoding="utf-8"))


def is_whole(task: str, version: str, models: Path) -> bool:
    """Return whether ``models`` lists files of a version and all their checksums are right. Reads every file."""
    names = [name for name in read_manifest(models)["files"] if _version_of(name) == (task, version)]
    try:
        for name in names:
            verified(models / name, models)
    except ArtefactError:
        return False
    return bool(names)


def mapped(directory: Path, names: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """Map the arrays ``<name>.npy`` of a version into memory; raises ArtefactError as :func:`verified` does."""
    return {
        # As a plain array: every slice of a memmap costs some microseconds more.
        name: np.asarray(np.load(verified(directory / f"{name}.npy"), mmap_mode="r", allow_pickle=False))
        for name in names
    }


def versions(models: Path = MODELS) -> list[Version]:
    """Return every version in the manifest of ``models``, by task and name."""
    return versions_in(read_manifest(models))


def versions_in(manifest: Mapping[str, Any]) -> list[Version]:
    """Return every version in ``manifest``, by task and name."""
    sizes: dict[tuple[str, str], int] = {}
    for name, entry in manifest["files"].items():
        version = _version_of(name)
        sizes[version] = sizes.get(version, 0) + entry["bytes"]
    return [
        Version(task=task, name=name, active=manifest["active"].get(task) == name, size=size)
        for (task, name), size in sorted(sizes.items())
    ]


def copy_version(version: Path, folder: Path) -> list[Path]:
    """Copy the files of a version (its folder, or its path without suffix) into ``folder`` and return the copies.

    Each is checked against the manifest first.

    Raises ArtefactError if a file is absent or changed.
    """
    models = version.parent.parent
    names = [n for n in read_manifest(models)["files"] if _version_of(n) == (version.parent.name, version.name)]
    copies = []
    for name in names:
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(verified(models / name, models), copy)
        copies.append(copy)
    return copies
