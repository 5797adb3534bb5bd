"""Files opened for the readers: gzipped or not, watched, and never unpacked beyond a limit."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from etl.imports.entries import Source
from etl.imports.text_file import Watch
from store.runs import ImportProblem

MAX_UNPACKED = 2 << 30
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20


class _Watched(io.RawIOBase):
    """A file to read that says how far it has been read on the disk and stops at MAX_UNPACKED."""

    def __init__(self, path: Path, watch: Watch | None) -> None:
        self._raw = path.open("rb")
        self._packed = self._raw.read(len(_GZIP)) == _GZIP
        self._raw.seek(0)
        self._stream = gzip.GzipFile(fileobj=self._raw) if self._packed else self._raw
        self._name, self._watch, self._count = path.name, watch, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            read = self._stream.readinto(buffer)
        except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
            raise ImportProblem(
                "malformed", f"{self._name} is a damaged gzip file: {fault}.", "Download or pack it again."
            ) from fault
        self._count += read
        if self._packed and self._count > MAX_UNPACKED:
            raise ImportProblem(
                "too_large", f"{self._name} unpacks to more than {MAX_UNPACKED >> 30} GB.", "Bring it in parts."
            )
        if self._watch:
            self._watch(self._raw.tell())
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


def source_of(path: Path) -> Source:
    """Return ``path`` as something to read from its beginning, as often as needed."""
    return Source(path.name, lambda watch: io.BufferedReader(_Watched(path, watch), _BLOCK))


def head_of(path: Path, size: int = 1 << 16) -> bytes:
    """Return the first bytes of ``path``, unpacked."""
    with source_of(path).open(None) as stream:
        return stream.read(size)


def digest(path: Path, watch: Watch | None = None) -> tuple[str, int]:
    """Return the SHA-256 of the file as it lies on the disk, and its size in bytes."""
    made, size = hashlib.sha256(), 0
    for block in _blocks(path):
        made.update(block)
        size += len(block)
        if watch:
            watch(size)
    return made.hexdigest(), size


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        while block := raw.read(_BLOCK):
            yield block
