"""Walks through folders of music, and opens files in them safely.

Links are never followed, neither by a scan nor when a file is played, because a link may lead anywhere.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from store.errors import TastemapError

ENDINGS = frozenset(
    {"mp3", "m4a", "m4b", "m4p", "mp4", "aac", "ogg", "oga", "opus", "flac", "wav", "wma", "aif", "aiff"}
)
LINK = "a link, and links are not followed"
NOT_A_FILE = "neither a file nor a folder"
NO_ACCESS = "may not be read"
TOO_DEEP = "too many folders in one another: move it further up"
BAD_NAME = "its name is not valid UTF-8: rename it"
_MAX_DEPTH = 32


class NotInLibrary(TastemapError):  # noqa: N818 - the requested file does not exist
    """The requested path is not a file below the folder."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """An audio file by its name, or something that is left out for a ``reason``; ``path`` is below the folder."""

    path: str
    size: int = 0
    modified_ns: int = 0
    reason: str = ""


def music_folder(path: Path | str) -> Path:
    """Return the absolute path, without symbolic links, of a folder that may be scanned.

    Raises TastemapError if there is no such folder, or it is the root of the disk (``no_folder``).
    """
    found = Path(path).expanduser()
    if not found.is_absolute() or not found.is_dir():
        raise TastemapError(
            f"There is no folder {path} here.", "Give its whole path, such as /home/me/Music.", code="no_folder"
        )
    found = found.resolve()
    if found == Path(found.anchor):
        raise TastemapError(
            "The whole disk is not a music folder.", "Give the folder with your music.", code="no_folder"
        )
    return found


def walk(root: Path) -> Iterator[FoundFile]:
    """Yield the audio files below ``root``, and what cannot be followed, in the order of their paths."""
    yield from _walk(root, "", 0)


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[FoundFile]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield FoundFile(prefix.rstrip("/") or ".", reason=NO_ACCESS)
        return
    for entry in listed:
        path = prefix + entry.name
        if entry.name.startswith("."):  # macOS's "._" files and hidden folders
            continue
        try:
            path.encode()
        except UnicodeEncodeError:
            yield FoundFile(path.encode(errors="replace").decode(), reason=BAD_NAME)
            continue
        is_sound = has_sound_ending(path)
        if entry.is_symlink():
            if is_sound or entry.is_dir():
                yield FoundFile(path, reason=LINK)
        elif entry.is_dir(follow_symlinks=False):
            if depth < _MAX_DEPTH:
                yield from _walk(folder / entry.name, path + "/", depth + 1)
            else:
                yield FoundFile(path, reason=TOO_DEEP)
        elif is_sound:
            yield _found(entry, path)


def _found(entry: "os.DirEntry[str]", path: str) -> FoundFile:
    try:
        known = entry.stat(follow_symlinks=False)
    except OSError:
        return FoundFile(path, reason=NO_ACCESS)
    if not stat.S_ISREG(known.st_mode):
        return FoundFile(path, reason=NOT_A_FILE)
    return FoundFile(path, known.st_size, known.st_mtime_ns)


def has_sound_ending(name: str) -> bool:
    """Return whether a file's name has the ending of an audio file."""
    return name.rpartition(".")[2].lower() in ENDINGS


def fingerprint(root: Path) -> str:
    """Return a text that changes when an audio file below ``root`` is added, removed or changed."""
    digest = hashlib.sha256()
    for found in walk(root):
        digest.update(f"{found.path}\x1f{found.size}\x1f{found.modified_ns}\x1e".encode())
    return digest.hexdigest()


def open_below(root: str, path: str) -> int:
    """Open the regular file at ``path`` below ``root`` for reading; return its descriptor.

    Each part of the path is opened relative to the one before and must not be a link, so that no change meanwhile can
    lead out of the folder.

    Raises NotInLibrary if there is no such file, or its path contains a link or ``..``.
    """
    folder, name = folder_of(root, path)
    try:
        # O_NONBLOCK, because opening a pipe would otherwise wait for ever.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except (OSError, ValueError) as fault:
        raise _missing() from fault
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _missing()
    return descriptor


def folder_of(root: str, path: str) -> tuple[int, str]:
    """Open the folder of ``path`` like :func:`open_below`; return its descriptor and the name of the file in it.

    The file need not exist.

    Raises
    ------
    NotInLibrary
    """
    *folders, name = PurePosixPath(path).parts or ("",)
    if path.startswith("/") or not name or ".." in (*folders, name):
        raise _missing()
    held = -1
    try:
        held = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        for folder in folders:
            within, held = held, -1
            try:
                held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
            finally:
                os.close(within)
    except (OSError, ValueError) as fault:
        raise _missing() from fault
    return held, name


def _missing() -> NotInLibrary:
    return NotInLibrary("This file is not in the music folder any more.", "Scan the folder again.")
