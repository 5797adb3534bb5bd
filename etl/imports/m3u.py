"""Reads M3U and M3U8: lines of paths or addresses, each after its ``#EXTINF`` line, or only ``#EXTINF`` lines."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import unescape

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.rows.entries import Begin, Entry
from etl.imports.rows.player_list import ListedFile, row_of, title_first
from etl.values import text
from store.runs import ImportProblem

_MARK = "#EXTM3U"
# Seconds, then attributes (written by television players), then a comma (some leave it out) and the name.
_ATTRIBUTES = r"((?:\s+[\w-]+=(?:\"[^\"]*\"|[^\s,]*))*)"
_INFO = re.compile(rf"#EXTINF:\s*(-?\d+)?(?:\.\d+)?{_ATTRIBUTES}(?:\s*,|\s+(?=[^\s,][^,]*$))(.*)", re.IGNORECASE)
_VIRTUAL_DJ = re.compile(r"<artist>(.+?)</artist>.*?<title>(.+?)</title>")
# Poweramp writes #EXT-X-RATING.
_STREAM = re.compile(r"#EXT-X-(?:TARGETDURATION|MEDIA|STREAM-INF|VERSION|ENDLIST|KEY|PLAYLIST-TYPE)", re.IGNORECASE)


def is_m3u(head: str, name: str) -> bool:
    """Return whether text that begins with ``head`` is an M3U list."""
    return head.lstrip("\ufeff \t\r\n").upper().startswith(_MARK) or bool(re.search(r"(?i)\.m3u8?(\.gz)?$", name))


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is an M3U list."""
    return file.text is not None and is_m3u(file.text.head(1 << 10), file.name)


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the entries of the list; its name is that of a ``#PLAYLIST:`` line above them.

    Raises ImportProblem if it describes an HLS stream and not a playlist of tracks (``not_a_playlist``).
    """
    if file.text is None:
        return
    reversed_names = file.once(_title_first)
    for entry in entries(file.text.lines(watch)):
        yield entry if isinstance(entry, Begin) else row_of(entry, reversed_names, source)


def _title_first(file: InspectedFile) -> bool | None:
    assert file.text is not None
    listed = entries(file.text.lines())
    return title_first(entry for entry in listed if isinstance(entry, ListedFile))


def entries(lines: Iterable[str]) -> Iterator[Begin | ListedFile]:
    """Yield the beginning of a list, once there is an entry, and its entries."""
    begun, info = False, _EntryInfo()
    for listed in _listed(lines, info):
        if not begun:
            begun = True
            yield Begin(name=info.playlist)
        yield listed


def _listed(lines: Iterable[str], info: "_EntryInfo") -> Iterator[ListedFile]:
    for number, raw in enumerate(lines, start=1):
        line = raw.strip().lstrip("\ufeff")
        if _STREAM.match(line):
            raise ImportProblem(
                "not_a_playlist",
                "This M3U8 file describes an HLS stream, not tracks.",
                "It is a broadcast or a film in pieces. Import a list of tracks: M3U of a player, or CSV.",
            )
        if line.upper().startswith("#EXTINF") and info.name:  # the entry before has no path
            yield info.taken()
        if line.startswith("#"):
            info.take(number, line)
        elif line:
            yield info.taken(number, line)
    if info.name:
        yield info.taken()


class _EntryInfo:
    """The values of the ``#`` lines above an entry."""

    def __init__(self) -> None:
        self.playlist: str | None = None
        self._forget()

    def _forget(self) -> None:
        self.line = 0
        self.name: str | None = None
        self.seconds: int | None = None
        self.artist: str | None = None
        self.album: str | None = None

    def take(self, number: int, line: str) -> None:
        """Take the values of a ``#`` line."""
        tag, _, value = line.partition(":")
        extinf = _INFO.fullmatch(line)
        if extinf:
            self.line, self.seconds, self.name = number, int((extinf[1] or "-1")[:9]), text(extinf[3])
        elif tag.upper() == "#PLAYLIST":
            self.playlist = text(value)
        elif tag.upper() == "#EXTART":
            self.artist = text(value)
        elif tag.upper() == "#EXTALB":
            self.album = text(value)
        elif tag.upper() == "#EXTVDJ" and (named := _VIRTUAL_DJ.search(value)):
            self.line, self.name = number, f"{unescape(named[1])} - {unescape(named[2])}"

    def taken(self, line: int | None = None, path: str = "") -> ListedFile:
        """Return the entry at ``path`` and forget its values."""
        entry = ListedFile(
            line=line or self.line,
            path=path,
            name=self.name,
            artist=self.artist,
            album=self.album,
            seconds=self.seconds,
        )
        self._forget()
        return entry
