"""Slices of the Million Playlist Dataset (https://recsys-challenge.spotify.com/readme), one playlist at a time.

A slice of 35 MB holds a thousand playlists under one key. Its end is not needed to read its beginning: the file
is cut into playlists and each of them is parsed alone, so that memory stays at the size of the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from etl.imports.entries import Source
from etl.imports.text_file import Watch
from etl.runs import ImportProblem

MAX_PLAYLIST_BYTES = 16 << 20
MAX_DEPTH = 16
_BLOCK = 1 << 20
_BEGIN = re.compile(rb'"playlists"\s*:\s*\[')
_MARKS = (b'"pid"', b'"track_uri"', b'"slice"')
# A string, a bracket outside strings, or the beginning of a string whose end has not been read.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}"]', re.DOTALL)
_OPENING = re.compile(rb"\s*?\n([ \t]*)\{[ \t]*\r?\n")
_BETWEEN = b" \t\r\n,"


def is_slice(start: bytes) -> bool:
    """Say whether JSON that begins like this is a slice, or the challenge set, of the dataset."""
    return start.startswith(b"{") and b'"playlists"' in start and any(mark in start for mark in _MARKS)


def playlists(source: Source, watch: Watch | None = None) -> Iterator[dict[str, Any]]:
    """Yield the playlists as the file writes them.

    Raises
    ------
    ImportProblem
        The file ends too early or is no JSON (``malformed``); one playlist has more than 16 MB (``too_large``).
    """
    with source.open(watch) as stream:
        yield from _Cutter(stream, source.name).playlists()


class _Cutter:
    """Cuts a stream into the objects of the array under "playlists".

    The dataset is written with four blanks of indentation. There an object ends at the first line that is
    indented like its beginning and begins with "}": strings of JSON hold no line breaks, so this is exact, and
    it costs one search. In a file written otherwise the brackets outside strings are counted instead, which is
    slower.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._buffer = bytearray()
        self._at = 0

    def playlists(self) -> Iterator[dict[str, Any]]:
        self._find_array()
        closing = self._closing()
        while self._next_object():
            found = self._indented(closing) if closing else None
            yield found if found is not None else self._counted()

    def _find_array(self) -> None:
        while not (found := _BEGIN.search(self._buffer)):
            self._more()
        self._at = found.end()

    def _closing(self) -> bytes | None:
        """Return the line break, indentation and bracket that end an object, if the objects are indented."""
        opening = _OPENING.match(self._buffer, self._at)
        return b"\n" + opening[1] + b"}" if opening else None

    def _next_object(self) -> bool:
        """Move to the beginning of the next object; ``False`` at the end of the array."""
        while True:
            while self._at < len(self._buffer):
                byte = self._buffer[self._at]
                if byte == ord("{"):
                    return True
                if byte == ord("]"):
                    return False
                if byte not in _BETWEEN:
                    raise self._malformed()
                self._at += 1
            self._more()

    def _indented(self, closing: bytes) -> dict[str, Any] | None:
        """Return the next object by its indentation, ``None`` if that does not lead to one."""
        begin = self._at
        while (end := self._buffer.find(closing, begin)) < 0:
            begin = max(self._at, len(self._buffer) - len(closing))
            begin -= self._more()
        try:
            found: dict[str, Any] = orjson.loads(memoryview(self._buffer)[self._at : end + len(closing)])
        except orjson.JSONDecodeError:
            return None
        self._at = end + len(closing)
        return found

    def _counted(self) -> dict[str, Any]:
        end = self._end_by_counting()
        try:
            found: dict[str, Any] = orjson.loads(memoryview(self._buffer)[self._at : end])
        except orjson.JSONDecodeError as fault:
            raise self._malformed() from fault
        self._at = end
        return found

    def _end_by_counting(self) -> int:
        while True:
            depth = 0
            for token in _TOKEN.finditer(self._buffer, self._at):
                bracket = token[0]
                if bracket == b'"':
                    break
                depth += (bracket == b"{") - (bracket == b"}")
                if depth == 0:
                    return token.end()
                if depth > MAX_DEPTH:
                    raise self._malformed()
            self._more()

    def _more(self) -> int:
        """Read on, dropping what has been passed; return how many bytes were dropped."""
        dropped = self._at
        if len(self._buffer) - dropped > MAX_PLAYLIST_BYTES:
            raise ImportProblem(
                "too_large", f"A playlist in {self._name} has more than {MAX_PLAYLIST_BYTES >> 20} MB.", "Is it whole?"
            )
        # As much again as is there: an object that is searched anew is searched a few times at most.
        block = self._stream.read(max(_BLOCK, len(self._buffer) - dropped))
        if not block:
            raise self._malformed()
        del self._buffer[:dropped]
        self._at = 0
        self._buffer += block
        return dropped

    def _malformed(self) -> ImportProblem:
        return ImportProblem(
            "malformed",
            f"{self._name} is not a whole slice of the Million Playlist Dataset: its JSON is cut off or damaged.",
            "Compare its checksum with the dataset's md5sums and download it again.",
        )
