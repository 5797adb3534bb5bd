"""Reads slices of the Million Playlist Dataset (https://recsys-challenge.spotify.com/readme) in chunks.

A slice of 35 MB holds a thousand playlists under one key. The file is cut between playlists into chunks of a few
megabytes, which are parsed one at a time, so that only one chunk is in memory.
"""

import re
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import BinaryIO, TypeVar, cast

from etl.imports.reading.bytes import Source, Watch
from store.runs import ImportProblem

MAX_PLAYLIST_BYTES = 16 << 20
MAX_DEPTH = 16
_BLOCK = 2 << 20
_BEGIN = re.compile(rb'"playlists"\s*:\s*\[')
_MARKS = re.compile(rb'"(?:pid|track_uri|slice)"\s*:')
# A string, a bracket outside strings, or the beginning of a string whose end has not been read.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]"]', re.DOTALL)
_OPENING = re.compile(rb"\s*?\n([ \t]*)\{[ \t]*\r?\n")
_BETWEEN = b" \t\r\n,"

Parsed = TypeVar("Parsed")


def is_slice(start: bytes) -> bool:
    """Return whether JSON that begins with ``start`` is a slice of the dataset or its challenge set."""
    return start.startswith(b"{") and b'"playlists"' in start and _MARKS.search(start) is not None


def read_chunks(source: Source, parse: Callable[[memoryview], Parsed], watch: Watch | None = None) -> Iterator[Parsed]:
    """Yield the results of ``parse`` for the playlists, many at a time, in the order of the file.

    ``parse`` gets JSON objects with commas between them, and may not keep the view. It must raise ValueError for
    anything else: then the chunk is cut again with the slower, exact method.

    Raises ImportProblem if the file ends too early or is not JSON (``malformed``); one playlist has more than 16 MB
    (``too_large``).
    """
    with source.open(watch) as stream:
        yield from _Cutter(stream, source.name).chunks(parse)


class _Cutter:
    """Cuts a stream between the objects of the array under "playlists".

    The dataset is indented by four blanks. In it, an object ends at a line that is indented like its beginning and
    begins with "}". This is exact, because JSON strings hold no line breaks, and the last such line in the buffer is
    found at once. In other files the brackets outside strings are counted instead, which is slower.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = cast(BufferedIOBase, stream)  # it is buffered, which its type BinaryIO does not tell mypy
        self._name = name
        # One buffer for the whole file; [_at:_end] has been read and not yet parsed.
        self._buffer = bytearray()
        self._at = self._end = 0

    def chunks(self, parse: Callable[[memoryview], Parsed]) -> Iterator[Parsed]:
        while not (found := _BEGIN.search(self._buffer, 0, self._end)):
            self._more()
        self._at = found.end()
        closing = self._closing()
        while self._next_object():
            yield self._chunk(parse, closing)

    def _closing(self) -> bytes | None:
        """Return the line break, indentation and bracket that end an object, if the objects are indented."""
        opening = _OPENING.match(self._buffer, self._at, self._end)
        return b"\n" + opening[1] + b"}" if opening else None

    def _next_object(self) -> bool:
        """Move to the beginning of the next object; ``False`` at the end of the array."""
        while True:
            while self._at < self._end:
                byte = self._buffer[self._at]
                if byte == ord("{"):
                    return True
                if byte == ord("]"):
                    return False
                if byte not in _BETWEEN:
                    raise self._malformed()
                self._at += 1
            self._more()

    def _chunk(self, parse: Callable[[memoryview], Parsed], closing: bytes | None) -> Parsed:
        if self._end - self._at < _BLOCK:
            self._read()
        if closing:
            try:
                return self._parsed(parse, self._end_by_indentation(closing))
            except ValueError:
                pass  # indented differently, or damaged: counting decides
        end = self._end_by_counting()
        try:
            return self._parsed(parse, end)
        except ValueError as fault:
            raise self._malformed() from fault

    def _parsed(self, parse: Callable[[memoryview], Parsed], end: int) -> Parsed:
        with memoryview(self._buffer) as view, view[self._at : end] as chunk:
            found = parse(chunk)
        self._at = end
        return found

    def _end_by_indentation(self, closing: bytes) -> int:
        while (end := self._buffer.rfind(closing, self._at, self._end)) < 0:
            self._more()
        return end + len(closing)

    def _end_by_counting(self) -> int:
        """Return the end of the last whole object in the buffer, reading on until there is one."""
        while True:
            depth = end = 0
            for token in _TOKEN.finditer(self._buffer, self._at, self._end):
                bracket = token[0]
                if bracket == b'"' or (bracket == b"]" and depth == 0):
                    break
                depth += (bracket in b"{[") - (bracket in b"}]")
                if depth == 0 and bracket == b"}":
                    end = token.end()
                if depth > MAX_DEPTH:
                    raise self._malformed()
            if end:
                return end
            self._more()

    def _more(self) -> None:
        if self._end - self._at > MAX_PLAYLIST_BYTES:
            raise ImportProblem(
                "too_large", f"A playlist in {self._name} has more than {MAX_PLAYLIST_BYTES >> 20} MB.", "Is it whole?"
            )
        if not self._read():
            raise self._malformed()

    def _read(self) -> bool:
        """Read on, and drop the parsed part of the buffer; return False at the end of the file."""
        left = self._end - self._at
        # Double the buffer, so that a large object is searched only a few times.
        room = left + max(_BLOCK, left)
        self._buffer.extend(bytes(max(0, room - len(self._buffer))))
        with memoryview(self._buffer) as view:
            view[:left] = view[self._at : self._end]
            read = self._stream.readinto(view[left:room])
        self._at, self._end = 0, left + read
        return read > 0

    def _malformed(self) -> ImportProblem:
        return ImportProblem(
            "malformed",
            f"{self._name} is not a whole slice of the Million Playlist Dataset: its JSON is cut off or damaged.",
            "Compare its checksum with the dataset's md5sums and download it again.",
        )
