"""Reads PLS: ``FileN=``, ``TitleN=`` and ``LengthN=`` lines below ``[playlist]``, as of Winamp and radio stations."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.reading.text_file import PLS_MARK
from etl.imports.rows.entries import Begin, Entry
from etl.imports.rows.player_list import ListedFile, row_of, title_first
from etl.values import text, whole

_VALUE = re.compile(r"(file|title|length)(\d{1,7})\s*=\s*(.*)", re.IGNORECASE)


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is a PLS list."""
    return file.text is not None and bool(re.match(PLS_MARK, file.text.head(1 << 10).lstrip("\ufeff \t\r\n")))


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the entries of the list in the order of their numbers."""
    if file.text is None:
        return
    listed = entries(file.text.lines(watch))
    reversed_names = title_first(listed)
    yield Begin()
    for entry in listed:
        yield row_of(entry, reversed_names, source)


def entries(lines: Iterable[str]) -> list[ListedFile]:
    """Return the entries of a list; their lines are those on which they begin."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    begins: dict[int, int] = {}
    for line, raw in enumerate(lines, start=1):
        if value := _VALUE.fullmatch(raw.strip()):
            number = int(value[2])
            found[number][value[1].lower()] = value[3]
            begins.setdefault(number, line)
    return [
        ListedFile(
            line=begins[number],
            path=values.get("file", ""),
            name=text(values.get("title")),
            seconds=whole(values.get("length")),
        )
        for number, values in sorted(found.items())
        if values.get("file") or values.get("title")
    ]
