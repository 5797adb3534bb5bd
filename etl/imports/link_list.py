"""A text of links, URIs or ids of tracks, one or several a line, or of "Artist - Title" lines, as people copy them."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from etl.imports.entries import Begin, Entry, Row, linked_track
from etl.imports.inspected import InspectedFile
from etl.imports.player_list import ListedFile, row_of
from etl.imports.reading.bytes import Watch
from etl.links import TRACK, Link, link_in, local_file

_SAMPLE = 200
_BETWEEN = re.compile(r"[\s,;|]+")
# "1. ", "- ", "* " and "[01:02:03] " before an entry.
_BULLET = re.compile(r"^\s*(?:\d{1,4}[.):]\s+|[-–—*•]\s+|[\[(]?\d{1,2}:\d\d(?::\d\d)?[\])]?\s+)+")
_NAMES = re.compile(r"[^\t;|]{1,200}\s[-–—]\s[^\t;|]{1,200}")
# So many of the lines of a list of names, and at least two, are "Artist - Title".
_SHARE = 0.8
_NO_LINK = "neither a link, an id nor Artist - Title"


def sniff(file: InspectedFile) -> bool:
    """Return whether most lines of ``file`` hold links, URIs or ids and nothing else."""
    if file.text is None:
        return False
    lines = [line for line in islice(file.text.head().splitlines(), _SAMPLE) if line.strip()]
    bare = sum(bool(_tokens(line)) and all(map(_is_linked, _tokens(line))) for line in lines)
    return bare * 2 >= len(lines) and bare > 0


def sniff_names(file: InspectedFile) -> bool:
    """Return whether nearly all lines of ``file`` are "Artist - Title"."""
    if file.text is None or not re.search(r"(?i)\.(txt|md)(\.gz)?$", file.name):
        return False
    lines = [line for line in islice(file.text.head().splitlines(), _SAMPLE) if line.strip()]
    named = sum(bool(_NAMES.fullmatch(_BULLET.sub("", line).strip())) for line in lines)
    return named >= max(2, _SHARE * len(lines))


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the tracks of the links; those that no file has named yet are known by their ids."""
    if file.text is not None:
        yield Begin()
        yield from rows(file.text.lines(watch), source)


def rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """Yield a row for each link, and for each line without one."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _rows(number, line, source)


def _rows(number: int, line: str, source: str) -> Iterator[Row]:
    tokens = _tokens(line)
    linked = [token for token in tokens if _is_linked(token)]
    words = " ".join(token for token in _BULLET.sub("", line).split() if token.strip(",;|") not in linked)
    named = _NAMES.fullmatch(words.strip(" -–—"))
    if len(linked) == 1 and named:  # "Artist - Title https://..."
        yield row_of(ListedFile(line=number, path=linked[0], name=named[0]), None, source)
    elif linked:
        for token in linked:
            yield _row(number, token, source)
    elif named:
        yield row_of(ListedFile(line=number, name=named[0]), None, source)
    else:
        yield Row(line=number, reason=_NO_LINK)


def _row(number: int, token: str, source: str) -> Row:
    if local_file(token):
        return row_of(ListedFile(line=number, path=token), None, source)
    link = link_in(token, bare=True) or Link("spotify", "", token)
    if link.kind != TRACK:
        return Row(line=number, reason=f"the link names no track but: {link.kind} ({link.service})")
    return Row(line=number, track=linked_track(link, source))


def _tokens(line: str) -> list[str]:
    return [token for token in _BETWEEN.split(_BULLET.sub("", line.lstrip("\ufeff"))) if token]


def _is_linked(token: str) -> bool:
    return link_in(token, bare=True) is not None or local_file(token) is not None
