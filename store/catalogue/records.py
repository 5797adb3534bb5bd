"""Many short texts in one file, read one at a time.

They are read with ``pread`` and not through a memory mapping: so a web process does not grow with the number of texts
it has read, and all workers still share the system's page cache.
"""

import mmap
import os
import weakref
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import overload

import numpy as np

_OFFSETS = ".offsets.npy"
_BLOCK = 10_000  # how many texts an iteration over all reads at once
# Texts at most _GAP bytes apart are read in one call of at most _SPAN bytes: thousands of calls would cost more than
# the bytes in between.
_GAP, _SPAN = 16 * 1024, 4 * 1024 * 1024


class Records(Sequence[str]):
    """The texts written by :func:`write_records`; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._offsets = map_array(path.with_name(path.name + _OFFSETS))
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[position] for position in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(f"text {at} of {len(self)}")
        start, end = self._offsets[at : at + 2].tolist()
        return os.pread(self._file, end - start, start).decode()

    def many(self, at: np.ndarray) -> Iterator[bytes]:
        """Yield the texts at the positions ``at`` (ascending, each below the length), as UTF-8 bytes."""
        starts, ends = self._offsets[at].tolist(), self._offsets[at + 1].tolist()
        begin, content = 0, b""
        for position, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if end > begin + len(content):
                last = position
                while (
                    last + 1 < len(ends) and starts[last + 1] <= ends[last] + _GAP and ends[last + 1] <= start + _SPAN
                ):
                    last += 1
                begin, content = start, os.pread(self._file, ends[last] - start, start)
            yield content[start - begin : end - begin]

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _BLOCK):
            offsets = self._offsets[first : first + _BLOCK + 1].tolist()
            begin = offsets[0]
            content = os.pread(self._file, offsets[-1] - begin, begin)
            yield from (content[start - begin : end - begin].decode() for start, end in pairwise(offsets))


def write_records(path: Path, texts: Iterable[str]) -> None:
    """Write ``texts`` to ``path``, and the offset of each to a second file."""
    offsets = [0]
    with path.open("wb") as file:
        for text in texts:
            offsets.append(offsets[-1] + file.write(text.encode()))
    np.save(path.with_name(path.name + _OFFSETS), np.array(offsets, np.int64))


def release(array: np.ndarray) -> None:
    """Free the memory of this process that an array of :func:`map_array` takes; the page cache keeps the data."""
    mapped = array if isinstance(array, np.memmap) else array.base
    if isinstance(mapped, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def map_array(path: Path) -> np.ndarray:
    """Return the array of an .npy file as a read-only view of the file; nothing is read until it is touched."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def spans(start: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return ``counts[i]`` consecutive numbers from each ``start[i]``: 5, 6, 9 for starts 5, 9 and counts 2, 1."""
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(start, counts) + within)
