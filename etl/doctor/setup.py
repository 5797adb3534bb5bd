"""Checks the set-up: Python, the built page, environment variables, the key that encrypts credentials, model files.

:mod:`api.status.doctor` checks whether the models load, because this layer does not know the models.
"""

import difflib
import json
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from config import VARIABLES, Config
from etl.doctor.examination import Check, State
from store.disk import digest

PREFIX, URL_PREFIX = "TASTEMAP_", "TASTEMAP_URL_"
# The variables that Tastemap reads; tests/etl/doctor/test_here.py compares them with the code.
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
        yield _check("variables", State.OK, "Every variable that is set is known.")
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
        yield _check("secret key", State.OK, "TASTEMAP_SECRET_KEY encrypts the credentials.")
    elif not path.exists():
        yield _check("secret key", State.OK, "None is needed yet; it is made with the first secret.")
    elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{path} can be read by other users of this machine."
        yield _check("secret key", State.WARNING, message, f"Run: chmod 600 {path}")
    else:
        yield _check("secret key", State.OK, "Only its owner can read the key in var/secret.key.")


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
        message = f"TASTEMAP_SOURCES names unknown sources: {', '.join(strange)}."
        remedy = f"The sources are: {', '.join(sorted(sources))}."
        yield _check("TASTEMAP_SOURCES", State.WARNING, message, remedy)


def _unknown(name: str, prefix: str, known: Collection[str]) -> Check:
    # Without the common prefix, which would make any two names similar.
    endings = [known_name.removeprefix(prefix) for known_name in known]
    near = difflib.get_close_matches(name.removeprefix(prefix), endings, n=1)
    remedy = f"Did you mean {prefix}{near[0]}?" if near else "docs/operations.md lists the variables."
    return _check(name, State.WARNING, f"{name} is set, but nothing reads it.", remedy)


def look_at_models(shipped: Path, own: Path) -> Iterator[Check]:
    """Yield whether the files in the manifests of both folders are unchanged; ``own`` need not exist."""
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
            message = f"Missing or changed: {', '.join(wrong)}."
            yield _files(State.FAULT, message, remedy)
            return
        count += len(manifest["files"])
    if not active:
        yield _files(State.FAULT, "No model is active.", remedies[shipped])
        return
    named = ", ".join(f"{task} {version}" for task, version in sorted(active.items()))
    yield _files(State.OK, f"All {count} files are unchanged. Served: {named}.")


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def _digest(path: Path) -> str | None:
    try:
        return digest(path)
    except OSError:
        return None
