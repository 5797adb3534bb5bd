"""Reads XSPF (https://xspf.org), the XML playlist of VLC, Soundiiz and others.

Entity declarations are refused, so nothing is expanded or fetched.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.parsers import expat

from etl.imports.reading.bytes import Watch, blocks
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.reading.xml_text import without_invalid
from etl.imports.rows.entries import Begin, Entry, Row, linked_row, named_track
from etl.imports.rows.player_list import UNNAMED, ListedFile, own_file, row_of
from etl.links import TRACK, link_in
from etl.values import spotify_id, text, whole
from store.runs import ImportProblem

# The size of a list with a hundred thousand tracks.
MAX_BYTES = 48 << 20
_HINT = "Export the playlist again, and import the file as it came."
_FIELDS = frozenset({"title", "creator", "album", "duration", "identifier", "location"})
_MAX_VALUES = 10
_MAX_DEPTH = 100
# Characters of a text; what comes after them is not read.
_MAX_TEXT = 100_000


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is an XSPF playlist."""
    return file.form is Form.XSPF


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the playlist with its rows.

    Raises ImportProblem if it is too large (``too_large``), declares entities (``unsafe``) or is not whole XML
    (``malformed``).
    """
    title, cleans = file.once(_examined)
    yield Begin(name=title)
    for number, track in enumerate(_Document().tracks(file, cleans=cleans), start=1):
        yield _row(number, track, source)
    file.seen_whole(watch)


def _row(number: int, track: dict[str, list[str]], source: str) -> Row:
    title, creator, album = (text(next(iter(track.get(name, ())), None)) for name in ("title", "creator", "album"))
    addresses = [*track.get("identifier", ()), *track.get("location", ())]
    uri = next((address for address in addresses if spotify_id(address)), None)
    duration = whole(next(iter(track.get("duration", ())), None))
    if title and creator:
        links = (link for link in map(link_in, addresses) if link and link.kind == TRACK)
        ids = {link.namespace: link.id for link in links if link.namespace not in {"spotify", "isrc"}}
        made = named_track(title, creator, source=source, uri=uri, album=album, duration_ms=duration, ids=ids)
        return Row(line=number, track=made, file=own_file(next(iter(track.get("location", ())), None)))
    if not title and any(map(link_in, addresses)):
        return linked_row(number, addresses, source, UNNAMED)
    path = uri or next(iter(track.get("location", ())), "")
    seconds = duration // 1000 if duration else None
    return row_of(
        ListedFile(line=number, path=path, name=title, artist=creator, album=album, seconds=seconds), None, source
    )


def _examined(file: InspectedFile) -> tuple[str | None, bool]:
    """Return the title of the playlist, and whether characters that XML forbids must be removed from the file."""
    try:
        return _title(file, cleans=False), False
    except _EntityDeclaredError as fault:
        raise ImportProblem(
            "unsafe", f"{file.name} declares XML entities, which no playlist does; it was not read.", _HINT
        ) from fault
    except (expat.ExpatError, LookupError, ValueError):
        pass
    try:
        return _title(file, cleans=True), True
    except (_EntityDeclaredError, expat.ExpatError, LookupError, ValueError) as fault:
        raise ImportProblem("malformed", f"{file.name} is not whole XML: {fault}.", _HINT) from fault


def _title(file: InspectedFile, *, cleans: bool) -> str | None:
    """Return the title of the playlist once its whole file has been read."""
    document = _Document()
    for _ in document.tracks(file, cleans=cleans):
        pass
    return document.title


class _EntityDeclaredError(Exception):
    pass


class _Document:
    """Reads the title of a playlist, and the values of each track by the name of their element."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._track: dict[str, list[str]] = {}
        self._read: list[dict[str, list[str]]] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._more

    def tracks(self, file: InspectedFile, *, cleans: bool) -> Iterator[dict[str, list[str]]]:
        """Yield the tracks; one block of the file is in memory at a time."""
        size = 0
        with file.source.open(None) as stream:
            for block in blocks(without_invalid(stream) if cleans else stream):
                size += len(block)
                if size > MAX_BYTES:
                    message = f"{file.name} has more than {MAX_BYTES >> 20} MB."
                    raise ImportProblem("too_large", message, "Import it in parts.")
                self._parser.Parse(block, False)
                yield from self._read
                self._read.clear()
            self._parser.Parse(b"", True)
            yield from self._read

    def _refuse(self, *_declaration: Any) -> None:
        raise _EntityDeclaredError

    def _more(self, part: str) -> None:
        if self._length < _MAX_TEXT:
            self._text.append(part)
            self._length += len(part)

    def _clear(self) -> None:
        self._text.clear()
        self._length = 0

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._path) >= _MAX_DEPTH:
            raise ValueError("elements are nested too deep")
        self._path.append(name.rpartition(" ")[2])
        self._clear()
        if self._path[1:] == ["trackList", "track"]:
            self._track = {}

    def _end(self, _name: str) -> None:
        *above, name = self._path
        if above[1:] == ["trackList", "track"] and name in _FIELDS:
            values = self._track.setdefault(name, [])
            if len(values) < _MAX_VALUES:
                values.append("".join(self._text).strip())
        elif above[1:] == ["trackList"] and name == "track":
            self._read.append(self._track)
        elif len(above) == 1 and name == "title":
            self.title = text("".join(self._text))
        self._path.pop()
        self._clear()
