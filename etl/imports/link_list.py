"""Reads texts of links, URIs or ids of tracks, or of "Artist - Title" lines, as people copy them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.entries import Begin, Entry, Row, linked_track
from etl.imports.rows.player_list import ListedFile, row_of
from etl.imports.sheets.dates import DateOrder
from etl.imports.sheets.heading_names import ID_FIELDS, LIST_HEADINGS
from etl.imports.sheets.headings import normal_heading
from etl.imports.sheets.sheet import Sheet
from etl.links import TRACK, Link, link_in, link_of, local_file

_SAMPLE = 200
_BETWEEN = re.compile(r"[\s,;|]+")
# "1. ", "- ", "* " and "[01:02:03] " before an entry.
_BULLET = re.compile(r"^\s*(?:\d{1,4}[.):]\s+|[-–—*•]\s+|[\[(]?\d{1,2}:\d\d(?::\d\d)?[\])]?\s+)+")
_NAMES = re.compile(r"[^\t;|]{1,200}\s[-–—]\s[^\t;|]{1,200}")
# "(3:42)" after an entry.
_LENGTH_BEHIND = re.compile(r"(.*?)(?:\s+[(\[]?(\d{1,2}):(\d\d)[)\]]?)?")
# In a list of names, at least this share of the lines, and at least two, are "Artist - Title".
_SHARE = 0.8
# The headings of columns of ids, with the service.
_OF_SERVICE = {name: namespace for field, namespace in ID_FIELDS.items() for name in LIST_HEADINGS[field]}
# It takes linear time: neither a text of a million "[" nor one of "[](http://" may be read again from each of them.
_MARKDOWN = re.compile(r"(?<!\[)\[++[^\[\]]*+\]\((https?://[^\s()\[\]]++)\)")
_ADDRESS = re.compile(r"https?://([^\s/?#]+)\S*", re.IGNORECASE)
# "Waterloo by ABBA", as services share a song.
_BY = re.compile(r"(?i)(?:listen to |check out )?[\"“]?([^\t;|]{1,200}?)[\"”]?,? by ([^\t;|]{1,200})")
_KNOWN = "links of Spotify, Deezer, Apple Music, YouTube and MusicBrainz do"
_NO_LINK = "neither a link, an id nor Artist - Title"


def sniff(file: InspectedFile) -> bool:
    """Return whether most lines of ``file`` hold links, URIs or ids and nothing else."""
    lines = _sample(file)
    bare = sum(bool(_tokens(line)) and all(map(_is_address, _tokens(line))) for line in lines)
    return bare * 2 >= len(lines) and bare > 0


def sniff_chat(file: InspectedFile) -> bool:
    """Return whether most lines of ``file`` contain a link among words, as in a chat or a list in Markdown."""
    if file.sheet is None or file.sheet.layout is not None:
        return False
    lines = _sample(file)
    linked = sum(any(link_in(token) for token in _tokens(line)) for line in lines)
    return linked * 2 >= len(lines) and linked > 0


def sniff_names(file: InspectedFile) -> bool:
    """Return whether nearly all lines of ``file`` are "Artist - Title", or nearly all "Title by Artist"."""
    lines = [_BULLET.sub("", line).strip() for line in _sample(file)]
    if file.sheet is None or not (re.search(r"(?i)\.(txt|md)(\.gz)?$", file.name) or _has_one_column(file.sheet)):
        return False
    named = max(sum(bool(form.fullmatch(line)) for line in lines) for form in (_NAMES, _BY))
    return named >= max(2, _SHARE * len(lines))


def _has_one_column(sheet: Sheet) -> bool:
    single = sum(len([cell for cell in row if cell.strip()]) == 1 for row in [sheet.headings, *sheet.sample])
    return sheet.layout is None and single >= _SHARE * (1 + len(sheet.sample))


def _sample(file: InspectedFile) -> list[str]:
    lines = islice(file.text.head().splitlines(), _SAMPLE) if file.text else ()
    return [line for line in lines if line.strip()]


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the tracks of the links; a track has only its id until a file or a source names it."""
    if file.text is not None:
        yield Begin()
        yield from rows(file.text.lines(watch), source)


@dataclass(frozen=True, slots=True)
class IdColumn:
    """The column ``at`` of a sheet without titles that holds links, or ids of ``namespace`` ("": unknown)."""

    at: int
    namespace: str
    dates: DateOrder

    def link(self, cell: str) -> Link | None:
        """Return the link in a cell."""
        return link_of(self.namespace, cell) or link_in(cell, bare=True)


def ids_of(sheet: Sheet) -> IdColumn | None:
    """Return the column of a sheet without titles in which most cells name tracks."""
    names = [normal_heading(heading) for heading in sheet.headings]
    added = sheet.columns.get("added_at", len(names))
    dates = DateOrder.of(row[added] for row in sheet.sample if added < len(row))
    for at, name in enumerate(names):
        column = IdColumn(at, _OF_SERVICE.get(name, ""), dates)
        cells = [row[at].strip() for row in sheet.sample if at < len(row) and row[at].strip()]
        named = sum(link is not None and link.kind == TRACK for link in map(column.link, cells))
        if cells and named * 2 > len(cells):
            return column
    return None


def sniff_ids(file: InspectedFile) -> bool:
    """Return whether ``file`` is a table of links or ids without titles."""
    return file.sheet is not None and file.sheet.layout is None and ids_of(file.sheet) is not None


def read_ids(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the tracks of the column of ids."""
    sheet = file.as_sheet()
    column = ids_of(sheet)
    assert column is not None
    added = sheet.columns.get("added_at", len(sheet.headings))
    yield Begin()
    for line, cells in sheet.rows(watch):
        cell = cells[column.at].strip() if column.at < len(cells) else ""
        row = _row(line, cell, column.link(cell), source) if cell else Row(line=line, reason=_NO_LINK)
        yield replace(row, added_at=column.dates.instant(cells[added]) if added < len(cells) else None)


def rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """Yield a row for each link, and for each line without one."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _rows(number, line, source)


def _rows(number: int, line: str, source: str) -> Iterator[Row]:
    line = _MARKDOWN.sub(r" \1 ", line)
    linked = [token for token in _tokens(line) if _is_linked(token)]
    words = " ".join(token for token in _BULLET.sub("", line).split() if token.strip(",;|") not in linked)
    named = _NAMES.fullmatch(words.strip(" -–—"))
    if len(linked) == 1 and named:  # "Artist - Title https://..."
        yield row_of(ListedFile(line=number, path=linked[0], name=named[0]), None, source)
    elif linked:
        for token in linked:
            yield _row(number, token, link_in(token, bare=True), source)
    elif named:
        name, minutes, seconds = _LENGTH_BEHIND.fullmatch(named[0]).groups()  # type: ignore[union-attr]
        length = 60 * int(minutes or 0) + int(seconds or 0)
        yield row_of(ListedFile(line=number, name=name, seconds=length), None, source)
    elif by := _BY.fullmatch(words):
        yield row_of(ListedFile(line=number, name=by[1], artist=by[2]), None, source)
    elif address := _ADDRESS.search(line):
        yield Row(line=number, reason=f"a link of {address[1].lower()}, which names no track here: {_KNOWN}")
    else:
        yield Row(line=number, reason=_NO_LINK)


def _row(number: int, token: str, link: Link | None, source: str) -> Row:
    if link is None:
        return row_of(ListedFile(line=number, path=token), None, source)
    if link.kind != TRACK:
        return Row(line=number, reason=f"the link names no track but: {link.kind} ({link.service})")
    return Row(line=number, track=linked_track(link, source))


def _tokens(line: str) -> list[str]:
    line = _MARKDOWN.sub(r" \1 ", line)
    return [token for token in _BETWEEN.split(_BULLET.sub("", line.lstrip("\ufeff"))) if token]


def _is_address(token: str) -> bool:
    return _is_linked(token) or bool(_ADDRESS.fullmatch(token))


def _is_linked(token: str) -> bool:
    return link_in(token, bare=True) is not None or local_file(token) is not None
