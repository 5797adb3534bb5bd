"""JSON files from users: limited in size and depth, with a message for every fault."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from etl.imports.reading.bytes import Source, Watch, utf16_of
from store.runs import ImportProblem

# The whole document is in memory; Spotify's files of histories have 12 MB.
MAX_DOCUMENT = 64 << 20
MAX_LINE = 1 << 20
# An empty list is two bytes of text and some fifty in memory.
MAX_CONTAINERS = 2_000_000
_BOM = b"\xef\xbb\xbf"


def load(source: Source, watch: Watch | None = None) -> Any:
    """Return the document in ``source``, or the list of objects in a file with one object per line.

    Raises
    ------
    ImportProblem
        It is too large (``too_large``), or not JSON or nested deeper than a thousand levels (``malformed``).
    """
    content = source.whole(MAX_DOCUMENT, "Import it in parts.", watch)
    if encoding := utf16_of(content):  # a member of an archive
        content = content.decode(encoding, "replace").encode()
    content = content.removeprefix(_BOM)
    values = [line for line in content.splitlines() if line.strip()]
    if len(values) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in values):
        return [parse(line, source.name, number) for number, line in enumerate(values, start=1)]
    return parse(content, source.name)


def parse(content: bytes, name: str, line: int | None = None) -> Any:
    """Return the value of ``content``; raises ImportProblem if it is not JSON.

    orjson refuses values nested deeper than 1,024 levels, and text that is not UTF-8.
    """
    if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise ImportProblem(
            "too_large", f"{name} holds more lists and objects than any playlist.", "Import it in parts."
        )
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

    Raises
    ------
    ImportProblem
        A line has more than a megabyte (``too_large``) or is not JSON (``malformed``).
    """
    with source.open(watch) as stream:
        for number, line in enumerate(_bounded(stream, source.name), start=1):
            content = line.removeprefix(_BOM).strip()
            if content:
                yield number, parse(content, source.name, number)


def _bounded(stream: BinaryIO, name: str) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise ImportProblem("too_large", f"A line of {name} has more than a megabyte.", "Is this the right file?")
        yield line


def listed(value: Any, key: str) -> list[Any]:
    """Return the list under ``key`` of ``value``, an empty one if there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def under(value: Any, *keys: str) -> Any:
    """Return the value under nested ``keys``, ``None`` if any of them is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
