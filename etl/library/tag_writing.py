"""Writes genre, tempo, key and mood into the tags of an own audio file.

mutagen (GPL-2.0-or-later, the category [tags] of the Pipfile) writes them into a copy beside the file. The copy
replaces the file atomically, and only if it has the same sound, other tags and pictures. So after any failure or kill,
the file is unchanged. At most the copy is left, which no scan reads and the next writing removes.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from tinytag import TinyTag, TinyTagException

from etl.audio.decoding import AUDIO_ONLY, missing_packages
from etl.library.places import folder_of, open_below
from store.errors import TastemapError

if TYPE_CHECKING:
    from mutagen import FileType

FIELDS = ("genre", "tempo", "key", "mood")
MAX_TEXT = 200  # characters of a field
_MAX_BYTES = 1 << 30
_DECODED = 20  # how many packets are decoded, too, because only the codec's headers may be damaged
_ID3V1 = 128  # the size of an ID3v1 tag in bytes, at the end of a file
_NUMBER, _FREE = "tmpo", "----:com.apple.iTunes:"
# By the kind of tags: the names of each field, first that of MusicBrainz Picard, then those of other programs.
_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ID3v2.4": {"genre": ("TCON",), "tempo": ("TBPM",), "key": ("TKEY",), "mood": ("TMOO", "TXXX:MOOD")},
    "ID3v2.3": {"genre": ("TCON",), "tempo": ("TBPM",), "key": ("TKEY",), "mood": ("TXXX:MOOD", "TXXX:mood", "TMOO")},
    "Vorbis": {"genre": ("genre",), "tempo": ("bpm", "tempo"), "key": ("key", "initialkey"), "mood": ("mood",)},
    "MP4": {
        "genre": ("\xa9gen",),
        "tempo": (_NUMBER,),
        "key": (f"{_FREE}initialkey", f"{_FREE}KEY"),
        "mood": (f"{_FREE}MOOD", f"{_FREE}mood"),
    },
}
_INDEPENDENT = ("title", "artist", "album", "albumartist", "composer", "comment", "year", "track", "disc")


class TagsNotWritten(TastemapError):  # noqa: N818 - the file is unchanged
    """Tags cannot be written into a file, or read from it; ``code`` says why.

    The codes: ``missing_packages``, ``format``, ``damaged``, ``too_big``, ``changed``, ``busy``, ``not_kept``,
    ``read_only``.
    """


@dataclass(frozen=True, slots=True)
class Written:
    """The file that has replaced the earlier one."""

    size: int
    modified_ns: int
    sha256: str


def can_write() -> bool:
    """Return whether the packages that write and verify are installed."""
    return importlib.util.find_spec("mutagen") is not None and "av" not in missing_packages()


def read_fields(root: str, path: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """Return the values of each of :data:`FIELDS` in a file's tags, perhaps none, and its SHA-256.

    Raises
    ------
    NotInLibrary
        There is no such file below ``root``.
    TagsNotWritten
        It is of another format, or damaged; or the packages are missing.
    """
    with os.fdopen(open_below(root, path), "rb") as file:
        opened, kind = _opened(file, path)
        found = {field: _values(opened, kind, field)[1] for field in FIELDS}
        file.seek(0)
        return found, hashlib.file_digest(file, "sha256").hexdigest()


def write_fields(root: str, path: str, sha256: str, texts: Mapping[str, str]) -> Written:
    """Write ``texts``, by :data:`FIELDS`, into the file at ``path`` below ``root``, replacing earlier values.

    Parameters
    ----------
    sha256
        The digest of the file that was shown; if the file has another one, it is not changed.
    texts
        The tempo is a whole number of beats per minute.

    Raises
    ------
    NotInLibrary
        There is no such file below ``root``.
    TagsNotWritten
        It cannot be written; the file is unchanged.
    """
    folder, name = folder_of(root, path)
    # Scans ignore hidden files. The name is a hash, because a longer name than the file's might be too long.
    copy = f".tastemap-{hashlib.sha256(os.fsencode(name)).hexdigest()[:24]}.tags"
    try:
        with os.fdopen(open_below(root, path), "rb") as file, _locked(file, path):
            with suppress(FileNotFoundError):
                os.unlink(copy, dir_fd=folder)  # left by a killed process
            try:
                written = _replaced(file, path, folder, name, copy, sha256, texts)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(copy, dir_fd=folder)
            os.fsync(folder)
            return written
    except OSError as fault:
        raise _fault(path, "read_only", f"cannot be written: {fault.strerror}") from fault
    finally:
        os.close(folder)


def _replaced(
    file: BinaryIO, path: str, folder: int, name: str, copy: str, sha256: str, texts: Mapping[str, str]
) -> Written:
    before = os.fstat(file.fileno())
    if before.st_size > _MAX_BYTES:
        raise _fault(path, "too_big", f"has more than {_MAX_BYTES >> 20} megabytes")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(copy, flags, 0o600, dir_fd=folder), "r+b") as changed:
        shutil.copyfileobj(file, changed)
        if _digest(changed) != sha256:
            raise _changed(path)
        _write(changed, path, texts)
        _verify(file, changed, path, texts)
        _like(file, changed)
        changed.flush()
        os.fsync(changed.fileno())
        digest = _digest(changed)
        now = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns):
            raise _changed(path)
        os.replace(copy, name, src_dir_fd=folder, dst_dir_fd=folder)
        after = os.fstat(changed.fileno())
    return Written(after.st_size, after.st_mtime_ns, digest)


def _write(file: BinaryIO, path: str, texts: Mapping[str, str]) -> None:
    from mutagen import MutagenError

    opened, kind = _opened(file, path)
    end = _end_of(file)
    try:
        if opened.tags is None:
            opened.add_tags()
        for field, text in texts.items():
            _set(opened, kind, field, " ".join(text.split())[:MAX_TEXT])
        file.seek(0)
        if kind.startswith("ID3"):
            opened.save(file, v2_version=int(kind[-1]), v23_sep=None)
        else:
            opened.save(file)
    except MutagenError as fault:
        raise _fault(path, "damaged", f"has tags that cannot be written ({fault})") from fault
    if end.startswith(b"TAG"):  # restore the ID3v1 tag: mutagen rewrites it from the ID3v2 tag, which may have less
        file.seek(-_ID3V1, os.SEEK_END)
        file.write(end)


def _verify(file: BinaryIO, changed: BinaryIO, path: str, texts: Mapping[str, str]) -> None:
    """Raise TagsNotWritten unless the copy has ``texts`` and everything else of the file."""
    opened, kind = _opened(changed, path)
    if any(not _holds(_values(opened, kind, field)[1], text) for field, text in texts.items()):
        raise _fault(path, "not_kept", "would not hold what was to be written")
    for what, of in (("sound", _sound), ("other tags or pictures", _rest)):
        if of(file, path, texts) != of(changed, path, texts):
            raise _fault(path, "not_kept", f"would lose some of its {what}")


def _holds(values: tuple[str, ...], text: str) -> bool:
    return values == (" ".join(text.split())[:MAX_TEXT],)


def _sound(file: BinaryIO, path: str, _texts: Mapping[str, str]) -> str:
    """Return a digest of the audio packets, and of the decoded samples of the first of them."""
    import av

    file.seek(0)
    digest = hashlib.sha256()
    try:
        with av.open(file, "r", metadata_errors="ignore", container_options=AUDIO_ONLY) as container:
            for number, packet in enumerate(container.demux(container.streams.audio)):
                digest.update(bytes(packet))
                for frame in packet.decode() if number < _DECODED else ():
                    digest.update(frame.to_ndarray().tobytes())
    except (av.FFmpegError, ValueError, IndexError) as fault:
        raise _fault(path, "damaged", "cannot be read to its end, so its sound cannot be compared") from fault
    return digest.hexdigest()


def _rest(file: BinaryIO, path: str, texts: Mapping[str, str]) -> object:
    """Return all other tags and pictures, as read by mutagen, and by tinytag as an independent check."""
    opened, kind = _opened(file, path)
    written = {name.lower() for field in texts for name in _NAMES[kind][field]}
    tags: Any = opened.tags or {}
    other_tags = {name: repr(tags[name]) for name in sorted({*tags.keys()}) if name.lower() not in written}
    pictures = [repr(picture.write()) for picture in getattr(opened, "pictures", ())]
    file.seek(0)
    try:
        found = TinyTag.get(filename=path, file_obj=file, image=True)
    except (TinyTagException, ValueError, KeyError, IndexError, OverflowError, EOFError) as fault:
        raise _fault(path, "damaged", "has tags that cannot be read") from fault
    images = [repr(image) for same in found.images.as_dict().values() for image in same]
    return other_tags, pictures, [getattr(found, name) for name in _INDEPENDENT], images


def _opened(file: BinaryIO, path: str) -> tuple[FileType, str]:
    """Return the file opened by mutagen, and the kind of its tags, one of :data:`_NAMES`."""
    if not can_write():
        raise _fault(
            path,
            "missing_packages",
            "cannot be written: the packages for that are not installed",
            'Press "Install" in the page. On the server: .tools/bin/pipenv sync --categories "packages audio tags"',
        )
    from mutagen import MutagenError
    from mutagen.flac import FLAC
    from mutagen.mp3 import MP3
    from mutagen.mp4 import MP4
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    file.seek(0)
    head = file.read(64)
    file.seek(0)
    version = head[3] if head[:3] == b"ID3" else 4
    try:
        if head[:4] == b"fLaC":
            return FLAC(file), "Vorbis"
        if head[:4] == b"OggS":
            return (OggOpus if b"OpusHead" in head else OggVorbis)(file), "Vorbis"
        if head[4:8] == b"ftyp":
            return MP4(file), "MP4"
        if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1] & 0xE6 == 0xE2):
            # Frames of version 2.2 are translated, those of 2.3 are kept.
            return MP3(file, translate=version < 3), "ID3v2.3" if version == 3 else "ID3v2.4"
    except (MutagenError, ValueError, IndexError, KeyError) as fault:
        raise _fault(path, "damaged", f"has tags that cannot be read ({fault})") from fault
    raise _fault(
        path, "format", "is of a format whose tags Tastemap does not write", "It writes MP3, FLAC, Ogg, Opus, M4A."
    )


def _values(opened: FileType, kind: str, field: str) -> tuple[str, tuple[str, ...]]:
    """Return the name that a file uses, or would use, for a field, and the field's values."""
    names = _NAMES[kind][field]
    tags: Any = opened.tags
    name = next((name for name in names if tags is not None and name in tags), names[0])
    if tags is None or name not in tags:
        return name, ()
    found = tags[name]
    if kind.startswith("ID3"):
        found = found.genres if name == "TCON" else found.text
    texts = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in found)
    return name, tuple(text for text in texts if text)


def _set(opened: FileType, kind: str, field: str, text: str) -> None:
    from mutagen import id3
    from mutagen.mp4 import MP4FreeForm

    name, _ = _values(opened, kind, field)
    tags: Any = opened.tags
    if kind == "MP4":
        free = name.startswith(_FREE)
        tags[name] = [MP4FreeForm(text.encode()) if free else int(text) if name == _NUMBER else text]
    elif kind == "Vorbis":
        tags[name] = [text]
    elif name.startswith("TXXX:"):
        tags.add(id3.TXXX(encoding=3, desc=name.removeprefix("TXXX:"), text=[text]))
    else:
        tags.add(id3.Frames[name](encoding=3, text=[text]))


def _end_of(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _ID3V1))
    return file.read()


def _digest(file: BinaryIO) -> str:
    file.flush()
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _like(file: BinaryIO, changed: BinaryIO) -> None:
    """Copy the permissions, the owner and the extended attributes of the file, as far as permitted."""
    known = os.fstat(file.fileno())
    with suppress(OSError):
        os.fchown(changed.fileno(), known.st_uid, known.st_gid)
    os.fchmod(changed.fileno(), known.st_mode & 0o7777)
    if hasattr(os, "listxattr"):
        for name in os.listxattr(file.fileno()):
            with suppress(OSError):
                os.setxattr(changed.fileno(), name, os.getxattr(file.fileno(), name))


@contextmanager
def _locked(file: BinaryIO, path: str) -> Iterator[None]:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise _fault(path, "busy", "is being written just now", "Wait a moment.") from fault
    yield  # closing the file releases the lock


def _changed(path: str) -> TagsNotWritten:
    return _fault(path, "changed", "has changed meanwhile", "Look at it again.")


def _fault(path: str, code: str, what: str, hint: str = "") -> TagsNotWritten:
    return TagsNotWritten(f"{path.rpartition('/')[2]} {what}.", hint, code=code)
