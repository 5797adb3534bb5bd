"""JSON files from users: limited in size, memory and depth, with a message for every fault."""

import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import orjson

from etl.imports.reading.bytes import Source, Watch, utf16_of
from etl.imports.reading.json_stream import JsonStream
from store.runs import ImportProblem

# The whole text is in memory; Spotify's files of histories have 12 MB.
MAX_DOCUMENT = 64 << 20
MAX_LINE = 1 << 20
# The most memory of the values of a document. A history takes six times as much as its text, an empty list 30 times.
MAX_VALUES = 140 << 20
# The memory of a value by a mark of its text: about that of CPython's objects and orjson's tape.
_BYTES_OF = {b'"': 26, b",": 44, b":": 20, b"{": 190, b"[": 60}
_OBJECTS = re.compile(rb"\s{0,100}\[\s{0,100}\{")
# A history has 12 to 20 commas and one to three objects for each play.
_MAX_OBJECTS, _MAX_COMMAS = 700_000, 4_000_000


def load(source: Source, watch: Watch | None = None) -> Any:
    """Return the document in ``source``, or the list of objects in a file with one object per line.

    A list of objects that takes too much memory is a :class:`LongList`; :func:`elements` reads both.

    Raises ImportProblem if it is too large (``too_large``), or not JSON or nested deeper than a thousand levels
    (``malformed``).
    """
    content = source.whole(MAX_DOCUMENT, "Import it in parts.", watch)
    if encoding := utf16_of(content):  # a member of an archive
        content = content.decode(encoding, "replace").encode()
    content = content.removeprefix(BOM_UTF8)
    if _in_memory(content) > MAX_VALUES:
        if _OBJECTS.match(content) and content.count(b"{") < _MAX_OBJECTS and content.count(b",") < _MAX_COMMAS:
            return LongList(content, source.name)
        raise ImportProblem("too_large", f"{source.name} holds more values than any playlist.", "Import it in parts.")
    if _has_objects_in_lines(content):
        values = [line for line in content.splitlines() if line.strip()]
        if all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in values):
            return [parse(line, source.name, number) for number, line in enumerate(values, start=1)]
    return parse(content, source.name)


class LongList:
    """A JSON array that takes too much memory: each iteration parses its elements again, one at a time."""

    def __init__(self, content: bytes, name: str) -> None:
        self._content, self._name = content, name

    def __iter__(self) -> Iterator[Any]:
        text = io.TextIOWrapper(io.BytesIO(self._content), "utf-8", newline="")
        return JsonStream(text, self._name).elements()


def _in_memory(content: bytes) -> int:
    """Return about how many bytes the values of a document take in memory."""
    return sum(content.count(mark) * size for mark, size in _BYTES_OF.items())


def _has_objects_in_lines(content: bytes) -> bool:
    """Return whether the first line is an object, and more lines follow."""
    first, _, rest = content.lstrip().partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and bool(rest) and not rest.isspace()


def parse(content: bytes, name: str, line: int | None = None) -> Any:
    """Return the value of ``content``; raises ImportProblem if it is not JSON.

    orjson refuses values nested deeper than 1,024 levels, and text that is not UTF-8.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        where = f"line {line}" if line else f"line {fault.lineno}, column {fault.colno}"
        raise ImportProblem(
            "malformed",
            f"{name} is not valid JSON ({where}: {fault.msg}).",
            "The download may have been cut off; import the file as it came, unedited.",
        ) from fault


def lines(source: Source, watch: Watch | None = None) -> Iterator[tuple[int, Any]]:
    """Yield the number and the value of each line that is not blank; one line is in memory at a time.

    Raises ImportProblem if a line has more than a megabyte (``too_large``) or is not JSON (``malformed``).
    """
    with source.open(watch) as stream:
        for number, line in enumerate(_bounded(stream, source.name), start=1):
            content = line.removeprefix(BOM_UTF8).strip()
            if content:
                yield number, parse(content, source.name, number)


def _bounded(stream: BinaryIO, name: str) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise ImportProblem("too_large", f"A line of {name} has more than a megabyte.", "Is this the right file?")
        yield line


def elements(document: Any) -> Iterable[Any]:
    """Return the elements of a document that is a list, long or not; those of any other document are none."""
    return document if isinstance(document, (list, LongList)) else ()


def listed(value: Any, key: str) -> list[Any]:
    """Return the list under ``key`` of ``value``, an empty one if there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def under(value: Any, *keys: str) -> Any:
    """Return the value under nested ``keys``, ``None`` if any of them is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
