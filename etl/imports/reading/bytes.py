"""Bytes of files: unpacking of gzip, hashes, limits on the unpacked size, and progress callbacks."""

import codecs
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from store.runs import ImportProblem

Watch = Callable[[int], None]  # called with the bytes of the file read so far

MAX_UNPACKED = 2 << 30
BLOCK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a sound or picture file"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"ID3", "an MP3 file"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"hdfm", "an iTunes database"),
    (b"vrsn\0\0", "a Serato crate"),
)
_TAR_MARK, _TAR_AT = b"ustar", 257
# Documents that are zip archives, by names in their first bytes.
_IN_ZIP = (
    (rb"\[Content_Types\]\.xml(?s:.*)word/", "a Word document"),
    (rb"\[Content_Types\]|\bxl/workbook\.", "an Excel workbook"),
    (rb"mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet", "an OpenDocument spreadsheet"),
    (rb"mimetypeapplication/vnd\.oasis\.opendocument\.text", "a text document"),
    (rb"Index/Document\.iwa", "a Numbers or Pages document"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file or a member of an archive; ``open`` returns a stream from its beginning, with limits and a callback.

    ``folders`` are those above a member within its archive.
    """

    name: str
    open: Callable[[Watch | None], BinaryIO]
    folders: tuple[str, ...] = ()

    def whole(self, most: int, hint: str, watch: Watch | None = None) -> bytes:
        """Return all bytes; raises ImportProblem (``too_large``) with the ``hint`` if there are more than ``most``."""
        with self.open(watch) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise ImportProblem("too_large", f"{self.name} has more than {most >> 20} MB.", hint)
        return content


def other_kind(head: bytes, name: str = "") -> str | None:
    """Return the kind of a file that begins with ``head``, if it is a known kind that is not text."""
    if head.startswith(ZIP_MAGIC):
        return document_in_zip(head) or "a zip archive"
    if head[_TAR_AT:].startswith(_TAR_MARK):
        return "a tar archive"
    if head[4:8] == b"ftyp":
        return "a film or sound file"
    if name.lower().endswith(".fpl"):
        return "a playlist of foobar2000 in its own form"
    return next((kind for magic, kind in _KINDS if head.startswith(magic)), None)


def document_in_zip(head: bytes) -> str | None:
    """Return the kind of document that a zip archive with this ``head`` is, None for an archive of files."""
    return next((kind for mark, kind in _IN_ZIP if re.search(mark, head)), None)


def unpacked(raw: BinaryIO) -> tuple[BinaryIO, bool]:
    """Return ``raw`` from its beginning, unpacked if it is gzipped, and whether it is."""
    raw.seek(0)
    packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    raw.seek(0)
    return (cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw), packed


@contextmanager
def damaged_gzip_refused(name: str, code: str = "malformed") -> Iterator[None]:
    """Raise ImportProblem for the errors of gzip in the file ``name``."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
        message = f"{name} is a damaged gzip file: {fault}."
        raise ImportProblem(code, message, "Download or pack it again.") from fault


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of ``stream``, a megabyte at a time."""
    while block := stream.read(BLOCK):
        yield block


class UnpackedFile(io.RawIOBase):
    """The unpacked bytes of a file; they are hashed, and a gzipped file may unpack to ``limit`` bytes.

    A damaged gzip file raises an ImportProblem with the code ``damaged``.
    """

    def __init__(
        self, path: Path, watch: Watch | None = None, *, limit: int = MAX_UNPACKED, damaged: str = "malformed"
    ) -> None:
        self._raw = path.open("rb")
        stream, self._packed = unpacked(self._raw)
        self._stream = cast(io.BufferedIOBase, stream)
        self._name, self._watch, self._limit, self._damaged = path.name, watch, limit, damaged
        self._count, self._hash = 0, hashlib.sha256()

    @property
    def position(self) -> int:
        """How many bytes of the file on the disk have been read."""
        return self._raw.tell()

    @property
    def sha256(self) -> str:
        """The hash of the unpacked bytes that have been read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        with damaged_gzip_refused(self._name, self._damaged):
            read = self._stream.readinto(buffer)
        self._count += read
        self._hash.update(memoryview(buffer)[:read])
        if self._packed and self._count > self._limit:
            raise ImportProblem(
                "too_large", f"{self._name} unpacks to more than {self._limit >> 30} GB.", "Import it in parts."
            )
        if self._watch:
            self._watch(self._raw.tell())
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


def utf16_of(head: bytes) -> str | None:
    """Return the encoding of JSON in UTF-16 that begins with ``head``, ``None`` for UTF-8."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) > 1 and (head[0] == 0) != (head[1] == 0):
        return "utf-16-le" if head[0] else "utf-16-be"
    return None


class Utf8File(io.RawIOBase):
    """The text of ``stream``, which is in ``encoding``, as UTF-8; invalid bytes are replaced."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest and (block := self._stream.read(BLOCK)):
            self._rest = self._decoder.decode(block).encode()
        given = self._rest[: len(buffer)]
        self._rest = self._rest[len(given) :]
        buffer[: len(given)] = given
        return len(given)

    def close(self) -> None:
        self._stream.close()
        super().close()


def in_utf8(source: Source, encoding: str) -> Source:
    """Return ``source``, a text in ``encoding``, in UTF-8."""
    return Source(source.name, lambda watch: io.BufferedReader(Utf8File(source.open(watch), encoding), BLOCK))


def source_of(path: Path) -> Source:
    """Return ``path`` as a source."""
    return Source(path.name, lambda watch: io.BufferedReader(UnpackedFile(path, watch), BLOCK))


def head_of(path: Path) -> bytes:
    """Return the first 64 kB of ``path``, unpacked."""
    with source_of(path).open(None) as stream:
        return stream.read(1 << 16)


def digest(path: Path, watch: Watch | None = None) -> tuple[str, int]:
    """Return the SHA-256 of the file as it is on the disk, and its size in bytes."""
    made, size = hashlib.sha256(), 0
    with path.open("rb") as raw:
        for block in blocks(raw):
            made.update(block)
            size += len(block)
            if watch:
                watch(size)
    return made.hexdigest(), size
