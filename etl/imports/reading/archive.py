"""Reads zip archives in place: no member is written to the disk, so paths in an archive do no harm.

Sizes are checked twice: those in the archive's directory before anything is unpacked, and the real ones meanwhile.
"""

import errno
import io
import re
import sys
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from etl.imports.reading.bytes import Source, Watch
from store.runs import ImportProblem

MAX_MEMBERS = 10_000
# zipfile reads the whole directory, and makes an object of each member, ten times as large as its entry.
_MAX_DIRECTORY_BYTES = 8 << 20
# A member is read into memory; Spotify splits histories into 12 MB, ListenBrainz splits listens by month.
MAX_MEMBER_BYTES = 64 << 20
MAX_TOTAL_BYTES = 2 << 30
# JSON of a history is compressed about 20 to 1, zip bombs 1,000 to 1. Small members do no harm.
MAX_RATIO = 200
_RATIO_MATTERS = 1 << 20
_ENCRYPTED = 0x1
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_KINDS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Archive:
    """The directory of a zip file, checked against the limits.

    Raises ImportProblem if it is damaged (``malformed``), or larger than any such export, packed or unpacked
    (``too_large``).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._damage_refused():
            # Opened once: each opening reads the directory of all members.
            raw = _BoundedReads(path)
            weakref.finalize(self, raw.close)  # zipfile closes only what it has opened
            self._archive = zipfile.ZipFile(raw)
            raw.most = sys.maxsize  # members have bounds of their own
            self._members = [member for member in self._archive.infolist() if not member.is_dir()]
        if len(self._members) > MAX_MEMBERS:
            raise _too_many(path)

    def names(self) -> list[str]:
        """Return the names of the members without their folders."""
        return [_last(member.filename) for member in self._members]

    def sources(self, pattern: re.Pattern[str]) -> list[Source]:
        """Return the members whose path matches ``pattern`` (search), in natural order of their names.

        Opening one that is encrypted or packed in an unusual way raises an ImportProblem (``unsupported``), as does one
        that unpacks to too much (``too_large``).

        Raises ImportProblem if all together unpack to too much (``too_large``).
        """
        wanted = [member for member in self._members if pattern.search(member.filename.replace("\\", "/"))]
        if sum(member.file_size for member in wanted if not _fault_of(member)) > MAX_TOTAL_BYTES:
            raise _too_large(self.path, f"unpacks to more than {MAX_TOTAL_BYTES >> 30} GB")
        wanted.sort(key=lambda member: _natural(member.filename))
        return [
            Source(_last(member.filename), self._opener(member), tuple(_parts(member.filename)[:-1]))
            for member in wanted
        ]

    def _opener(self, member: zipfile.ZipInfo) -> Callable[[Watch | None], BinaryIO]:
        def opened(_watch: Watch | None) -> BinaryIO:
            if fault := _fault_of(member):
                code, what = fault
                message = f"{_last(member.filename)} in {self.path.name} {what}."
                raise ImportProblem(code, message, "Unpack the archive and import the files in it.")
            with self._damage_refused(), self._archive.open(member) as unpacked:
                # zipfile stops at the size in the directory and compares the checksum at the end.
                return io.BytesIO(unpacked.read(member.file_size))

        return opened

    @contextmanager
    def _damage_refused(self) -> Iterator[None]:
        try:
            yield
        except (*_DAMAGED, OSError) as fault:
            if isinstance(fault, OSError) and fault.errno != errno.EINVAL:  # EINVAL: an offset before the file's start
                raise
            raise ImportProblem(
                "malformed",
                f"{self.path.name} is a damaged zip archive ({fault}).",
                "Download it again; a browser may have cut it off.",
            ) from fault


class _BoundedReads(io.BufferedReader):
    """The bytes of an archive; raises ImportProblem for a read of more than ``most`` bytes.

    zipfile reads the whole directory at once, and no more than the file's last 64 KB before it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.path, self.most = path, _MAX_DIRECTORY_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.most:
            raise _too_many(self.path)
        return super().read(size)


def _too_many(path: Path) -> ImportProblem:
    return _too_large(path, f"holds more than {MAX_MEMBERS:,} files")


def _too_large(path: Path, what: str) -> ImportProblem:
    return ImportProblem(
        "too_large", f"{path.name} {what}, which no such export does.", "Unpack it and import what you need."
    )


def _fault_of(member: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Return the code and the message for a member that must not be unpacked, else None."""
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _KINDS:
        return "unsupported", "is encrypted or packed in an unusual way"
    if member.file_size > MAX_MEMBER_BYTES:
        return "too_large", f"has more than {MAX_MEMBER_BYTES >> 20} MB"
    if member.file_size > _RATIO_MATTERS and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return "too_large", f"unpacks to more than {MAX_RATIO} times its size, which no such export does"
    return None


def _parts(path: str) -> list[str]:
    return re.split(r"[/\\]", path)


def _last(path: str) -> str:
    return _parts(path)[-1]


def _natural(path: str) -> list[tuple[int, str]]:
    """Return a key that sorts 10.jsonl after 9.jsonl."""
    return [(int(part), "") if part.isdecimal() else (0, part.lower()) for part in re.split(r"(\d+)", path)]
