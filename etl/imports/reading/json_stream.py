"""Reads a JSON document of any size value by value; only a part of its text is in memory."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

from store.runs import ImportProblem

_BLOCK = 1 << 16
# Longest single value; a row of a playlist has about a thousand characters.
MAX_VALUE_CHARACTERS = 1_000_000
_BLANK = " \t\r\n"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class JsonStream:
    """A cursor in the text of ``stream``; ``name`` is the name of the file in messages.

    Every method raises ImportProblem for text that is not JSON (``malformed``).
    """

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._text, self._at = "", 0
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant)

    def members(self) -> Iterator[str]:
        """Yield the key of each member of the object here; the caller must read its value before the next key."""
        self._take("{")
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            key = self.value()
            if not isinstance(key, str):
                raise self._malformed()
            self._take(":")
            yield key
            if self._take(",}") == "}":
                return

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the array here."""
        self._take("[")
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._take(",]") == "]":
                return

    def value(self) -> Any:
        """Return the value here, of any kind and at most ``MAX_VALUE_CHARACTERS`` long."""
        self._peek()
        while len(self._text) - self._at <= MAX_VALUE_CHARACTERS:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as fault:
                if not self._more():
                    raise self._malformed() from fault
                continue
            # A number at the end of the window may be longer.
            if end < len(self._text) or not self._more():
                self._at = end
                return value
        raise self._malformed()

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _take(self, marks: str) -> str:
        found = self._peek()
        if not found or found not in marks:
            raise self._malformed()
        self._at += 1
        return found

    def _more(self) -> bool:
        try:
            block = self._stream.read(_BLOCK)
        except UnicodeDecodeError as fault:
            raise self._malformed() from fault
        self._text, self._at = self._text[self._at :] + block, 0
        return bool(block)

    def _malformed(self) -> ImportProblem:
        around = self._text[self._at : self._at + 40]
        where = f"at: {around}" if around else "it ends too early"
        return ImportProblem("malformed", f"{self._name} is not whole JSON ({where}).", "Export the playlist again.")
