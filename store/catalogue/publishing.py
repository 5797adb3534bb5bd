"""Changes which folder of each segment is served, by replacing ``CURRENT.json``, and hides an owner's segment.

This module must not load pyarrow, because web processes import it and need pyarrow nowhere else.
"""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.catalogue.catalogue import CURRENT_FILE, OWN, owner_root, published
from store.catalogue.segment import CatalogueError
from store.disk import replace_text
from store.locks import locked, locked_if_free

# A random text that changes each time the segment is hidden: a build that began before may contain deleted tracks.
_HIDDEN = ".hidden"
_LOCK, _CHANGING = ".current.lock", ".changing.lock"
_GONE = ".gone"


def hide_own(root: Path, owner: str) -> None:
    """Remove the segment of ``owner`` from the catalogue at ``root`` at once, until it is built again.

    A build that is running is not published, because it may have read tracks that are about to be deleted.
    """
    folder = owner_root(root, owner)
    with locked(folder / _LOCK):
        replace_text(folder / _HIDDEN, secrets.token_hex(16))
        _write_current(folder, {name: at for name, at in _published(folder).items() if name != OWN})


def build_lock(root: Path, name: str) -> Path:
    """Return the file whose lock is held while segment ``name`` in ``root`` is built."""
    return root / f".{name}.lock"


@contextmanager
def changing_own(root: Path, owner: str) -> Iterator[bool]:
    """Yield whether no other process changes or builds the segment of ``owner``; meanwhile others see that we do."""
    folder = owner_root(root, owner)
    with locked_if_free(folder / _CHANGING) as alone:
        with locked_if_free(build_lock(folder, OWN)) as free:
            pass
        yield alone and free


def forget_own(folder: Path) -> None:
    """Delete the folder of an owner without tracks atomically; the caller holds its build lock."""
    for leftover in folder.parent.glob(f"*{_GONE}"):  # left by a killed deletion
        shutil.rmtree(leftover, ignore_errors=True)
    with locked(folder / _LOCK):
        gone = folder.rename(folder.with_name(f"{secrets.token_hex(8)}{_GONE}"))
    shutil.rmtree(gone, ignore_errors=True)


def hidden_mark(root: Path) -> str:
    """Return a text that changes each time the segment in ``root`` is hidden."""
    path = root / _HIDDEN
    return path.read_text() if path.exists() else ""


def publish(root: Path, name: str, folder: str | None, hidden: str) -> str | None:
    """Serve ``folder`` as segment ``name``, or no such segment for None; return the folder served before.

    Nothing changes if the segment was hidden since the build read ``hidden``, its :func:`hidden_mark`.
    """
    with locked(root / _LOCK):
        folders = _published(root)
        before = folders.pop(name, None)
        if hidden_mark(root) != hidden:
            return before
        if folder is not None:
            folders[name] = folder
        _write_current(root, folders)
        return before


def _published(root: Path) -> dict[str, str]:
    try:
        return published(root)
    except CatalogueError:
        return {}  # unreadable: the next build of each segment names it again


def _write_current(root: Path, folders: dict[str, str]) -> None:
    replace_text(root / CURRENT_FILE, json.dumps(folders))
