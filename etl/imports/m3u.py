"""M3U and M3U8: lines of paths or addresses, each after its ``#EXTINF`` line."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from etl.imports.entries import Begin, Entry, Row, named_track
from etl.imports.inspected import InspectedFile
from etl.imports.reading.bytes import Watch
from etl.values import spotify_id, text
from store.runs import ImportProblem

_MARK = "#EXTM3U"
# Seconds, then attributes (written by television players), then a comma and the name.
_INFO = re.compile(r"#EXTINF:\s*(-?\d+)?(?:\.\d+)?((?:\s+[\w-]+=(?:\"[^\"]*\"|[^\s,]*))*)\s*,(.*)", re.IGNORECASE)
# "03 - " and "03 " number a file; the 99 of "99 Luftballons" does not.
_FILE_NUMBER = re.compile(r"^(?:\d{1,3}\s*[-._)]\s*|0\d\s+)(?=\S)")
_STREAM = "#EXT-X-"


def is_m3u(head: str, name: str) -> bool:
    """Return whether text that begins with ``head`` is an M3U list."""
    return head.lstrip("\ufeff \t\r\n").upper().startswith(_MARK) or bool(re.search(r"(?i)\.m3u8?(\.gz)?$", name))


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is an M3U list."""
    return file.text is not None and is_m3u(file.text.head(1 << 10), file.name)


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the entries of the list."""
    if file.text is not None:
        yield from rows(file.text.lines(watch), source)


def rows(lines: Iterable[str], source: str) -> Iterator[Entry]:
    """Yield the entries of a list; its name is that of a ``#PLAYLIST:`` line above them.

    Raises
    ------
    ImportProblem
        It describes an HLS stream and not a playlist of tracks (``not_a_playlist``).
    """
    begun, info = False, _EntryInfo()
    for number, raw in enumerate(lines, start=1):
        line = raw.strip().lstrip("\ufeff")
        if not line:
            continue
        if line.upper().startswith(_STREAM):
            raise ImportProblem(
                "not_a_playlist",
                "This M3U8 file describes an HLS stream, not tracks.",
                "Bring a list of tracks.",
            )
        if line.startswith("#"):
            info.take(line)
            continue
        if not begun:
            begun = True
            yield Begin(name=info.playlist)
        yield _row(number, line, info, source)
        info = _EntryInfo(playlist=info.playlist)


class _EntryInfo:
    """The values of the ``#`` lines above an entry."""

    def __init__(self, playlist: str | None = None) -> None:
        self.playlist = playlist
        self.name: str | None = None
        self.seconds: int | None = None
        self.artist: str | None = None
        self.album: str | None = None

    def take(self, line: str) -> None:
        tag, _, value = line.partition(":")
        extinf = _INFO.fullmatch(line)
        if extinf:
            self.seconds, self.name = int((extinf[1] or "-1")[:9]), text(extinf[3])
        elif tag.upper() == "#PLAYLIST":
            self.playlist = text(value)
        elif tag.upper() == "#EXTART":
            self.artist = text(value)
        elif tag.upper() == "#EXTALB":
            self.album = text(value)


def _row(number: int, line: str, info: _EntryInfo, source: str) -> Row:
    name = info.name or _name_in(line)
    if name is None:
        return Row(line=number, reason="neither an artist nor a title is named")
    artist, dash, title = name.partition(" - ")
    if not dash:  # #EXTART names the album's artist, so it is second choice
        artist, title = info.artist or "", name
    track = named_track(
        title if text(title) else name,
        artist,
        source=source,
        uri=line,
        album=info.album,
        duration_ms=info.seconds * 1000 if info.seconds and info.seconds > 0 else None,
    )
    return Row(line=number, track=track, reason="" if track else "neither an artist nor a title is named")


def _name_in(line: str) -> str | None:
    """Return the name in a path: "Air - All I Need" of ``/music/03 Air - All I Need.mp3``."""
    if spotify_id(line):
        return None
    parts = urlsplit(line) if re.match(r"\w{2,}://", line) else None
    if parts and parts.scheme != "file":
        return None  # the address of a stream has no track name
    path = unquote(parts.path) if parts else line
    stem = PurePosixPath(path.replace("\\", "/")).stem
    return text(_FILE_NUMBER.sub("", stem))
