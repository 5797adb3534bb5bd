"""The set-up: Python, the built page, the environment's variables, the key that seals credentials, the model files.

Whether the models load is checked where they are used: :mod:`api.status.doctor` adds it, since imports know no models.
"""

import difflib
import hashlib
import json
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from config import VARIABLES, Config
from etl.doctor.examination import Check, State

PREFIX, URL_PREFIX = "TASTEMAP_", "TASTEMAP_URL_"
# Every variable of ours that something reads; tests/etl/doctor/test_here.py compares it with the code.
KNOWN = {v.name for v in VARIABLES if v.name.startswith(PREFIX) and not v.name.startswith(URL_PREFIX)}
_PYTHON = ((3, 11), (3, 14))
_check = partial(Check, "setup")
_files = partial(Check, "models", "files")


def look_at_setup(config: Config, env: Mapping[str, str], sources: Collection[str]) -> Iterator[Check]:
    """Yield the findings; ``sources`` are the names of all sources there are."""
    yield _python(sys.version_info[:2])
    yield _page(config)
    yield from _key(config)
    wrong = list(_variables(config, env, sources))
    if not wrong:
        yield _check("variables", State.OK, "Every variable that is set means something.")
    yield from wrong


def _python(version: tuple[int, ...]) -> Check:
    shown = ".".join(map(str, version))
    if _PYTHON[0] <= version < _PYTHON[1]:
        return _check("python", State.OK, f"Python {shown}.")
    remedy = "Install Python 3.11, 3.12 or 3.13, then: make clean run"
    return _check("python", State.WARNING, f"Python {shown} is not tested.", remedy)


def _page(config: Config) -> Check:
    needed = (config.static / ".vite" / "manifest.json", config.static / "styles.json")
    if all(path.is_file() for path in needed):
        return _check("page", State.OK, "The page is built.")
    return _check("page", State.FAULT, "The page is not built.", "On the server: make build")


def _key(config: Config) -> Iterator[Check]:
    path = config.var / "secret.key"
    if config.secret_key:
        yield _check("secret key", State.OK, "TASTEMAP_SECRET_KEY seals the credentials.")
    elif not path.exists():
        yield _check("secret key", State.OK, "None was needed yet; it is made with the first secret.")
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{path} can be read by other users of this machine."
        yield _check("secret key", State.WARNING, message, f"Run: chmod 600 {path}")
    else:
        yield _check("secret key", State.OK, "The key in var/secret.key is its owner's alone.")


def _variables(config: Config, env: Mapping[str, str], sources: Collection[str]) -> Iterator[Check]:
    for name in sorted(env):
        if name.startswith(URL_PREFIX):
            # A source may have further addresses: TASTEMAP_URL_SPOTIFY_ACCOUNTS.
            ending = name.removeprefix(URL_PREFIX).lower() + "_"
            if not any(ending.startswith(f"{source}_") for source in sources):
                yield _unknown(name, URL_PREFIX, [f"{URL_PREFIX}{source.upper()}" for source in sources])
        elif name.startswith(PREFIX) and name not in KNOWN:
            yield _unknown(name, PREFIX, KNOWN)
    strange = sorted((config.sources or frozenset()) - set(sources))
    if strange:
        message = f"TASTEMAP_SOURCES names what is no source: {', '.join(strange)}."
        remedy = f"The sources are: {', '.join(sorted(sources))}."
        yield _check("TASTEMAP_SOURCES", State.WARNING, message, remedy)


def _unknown(name: str, prefix: str, known: Collection[str]) -> Check:
    # The common beginning would make any two names alike.
    endings = [known_name.removeprefix(prefix) for known_name in known]
    near = difflib.get_close_matches(name.removeprefix(prefix), endings, n=1)
    remedy = f"Did you mean {prefix}{near[0]}?" if near else "docs/operations.md lists the variables."
    return _check(name, State.WARNING, f"{name} is set, but nothing reads it.", remedy)


def look_at_models(shipped: Path, own: Path) -> Iterator[Check]:
    """Yield whether the files that the manifests of both folders list are as written; ``own`` need not be there."""
    remedies = {
        shipped: "Take the folder models/ from the repository again. On the server: git checkout -- models",
        own: f"Train them again under Library, Models. On the server: python -m ml train TASK, or move {own} away",
    }
    count, active = 0, dict[str, str]()
    for folder, remedy in remedies.items():
        try:
            manifest = _manifest(folder) if folder == shipped or folder.exists() else {"files": {}, "active": {}}
            wrong = sorted(name for name, file in manifest["files"].items() if _digest(folder / name) != file["sha256"])
            active |= manifest["active"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            message = f"{folder / 'manifest.json'} cannot be read: {fault}"
            yield _files(State.FAULT, message, remedy)
            return
        if wrong:
            message = f"Absent or not what was written: {', '.join(wrong)}."
            yield _files(State.FAULT, message, remedy)
            return
        count += len(manifest["files"])
    if not active:
        yield _files(State.FAULT, "No model is active.", remedies[shipped])
        return
    named = ", ".join(f"{task} {version}" for task, version in sorted(active.items()))
    yield _files(State.OK, f"All {count} files are the ones that were written. Served: {named}.")


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
