"""Reads Apple Music's and iTunes' Library.xml: a property list of all tracks and of playlists of them.

plistlib refuses every entity declaration (since Python 3.9.1, bpo-42051), so "billion laughs" and external entities do
no harm. All tracks are in memory, so their number is limited; of each, only what is read here is kept.
"""

import io
import plistlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast
from xml.parsers.expat import ExpatError

from etl.imports.reading.bytes import BLOCK, Source, Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.reading.json_file import listed
from etl.imports.reading.xml_text import without_invalid
from etl.imports.rows.album_details import MAX_NUMBER, album_details
from etl.imports.rows.entries import Begin, Entry, Row, named_track
from etl.values import text, whole, year_within
from store.domain import AlbumDetails, Track
from store.runs import ImportProblem

# The size of a library with 60,000 tracks.
MAX_BYTES = 96 << 20
# Apple exports XML. In the binary form, an object of two bytes takes fifty in memory, even where it is not read.
MAX_BINARY_BYTES = 8 << 20
_BINARY = b"bplist0"
_MAX_TEXT = 2 << 20
# A track has about a hundred tags and one dictionary, an entry of a playlist another one.
_MAX_ELEMENTS, _MAX_CONTAINERS = 8_000_000, 700_000
# In UTF-8 and in UTF-16.
_CONTAINERS = (b"<dict", b"<array", b"<\0d\0i\0c\0t", b"<\0a\0r\0r\0a\0y")
LIBRARY = "Library"
_HINT = "In Music or iTunes: File > Library > Export Library, and import that file unedited."
# The errors of plistlib for an invalid date and for values outside of any container.
_UNCAUGHT = (AttributeError, IndexError, RecursionError)
_NOT_MUSIC = ("Podcast", "Movie", "TV Show", "Audiobook")
# Keys of playlists that Apple makes itself (all music, all films) and of folders of playlists.
_NOT_A_LIST = ("Master", "Folder", "Distinguished Kind")
# The members that are read, each with the one text that all dictionaries share.
_READ = {
    key: key
    for key in (
        *("Tracks", "Playlists", "Playlist Items", "Track ID", "Name", "Artist", "Album Artist", "Album", "Total Time"),
        *("Year", "Genre", "Release Date", "Disc Number", "Track Number", "Date Added", "Play Count"),
        *(*_NOT_MUSIC, *_NOT_A_LIST),
    )
}


def load(source: Source) -> Mapping[str, Any]:
    """Return the library, as far as it is read here.

    Raises ImportProblem if it is too large (``too_large``), declares entities (``unsafe``), is no property list
    (``malformed``) or one without tracks (``not_a_playlist``).
    """
    try:
        library = _parsed(source)
    except (plistlib.InvalidFileException, ExpatError, ValueError, OverflowError, LookupError, *_UNCAUGHT) as fault:
        if "entity" in str(fault).lower() and _declares_entities(source):
            raise ImportProblem(
                "unsafe", f"{source.name} declares XML entities, which no library does; it was not read.", _HINT
            ) from fault
        raise ImportProblem("malformed", f"{source.name} is not a whole property list: {fault}.", _HINT) from fault
    if not isinstance(library, dict) or not isinstance(library.get("Tracks"), dict):
        raise ImportProblem("not_a_playlist", f"{source.name} is a property list without tracks.", _HINT)
    return library


def _parsed(source: Source) -> Any:
    """Return a property list; characters that XML forbids are removed."""
    with source.open(None) as stream:
        start = stream.read(len(_BINARY))
    if start == _BINARY:
        content = source.whole(MAX_BINARY_BYTES, "Export the library as XML, or single playlists.")
        return plistlib.loads(content, fmt=plistlib.FMT_BINARY, dict_type=_Members)
    try:
        with source.open(None) as stream:
            return _loaded(stream, source)
    except ExpatError:
        with source.open(None) as stream:
            return _loaded(without_invalid(stream), source)


def _loaded(stream: BinaryIO, source: Source) -> Any:
    bounded = cast(BinaryIO, _Bounded(stream, source))
    return plistlib.load(bounded, fmt=plistlib.FMT_XML, dict_type=_Members)


def _declares_entities(source: Source) -> bool:
    with source.open(None) as stream:
        return b"<!ENTITY" in stream.read(BLOCK)


class _Members(dict[str, Any]):
    """The members of a dictionary that are read here, and those that are dictionaries."""

    def __setitem__(self, key: str, value: Any) -> None:
        if key in _READ or isinstance(value, dict):
            super().__setitem__(_READ.get(key, key), value)


class _Bounded(io.RawIOBase):
    """The document in ``stream``; raises ImportProblem if it is too large, or has too many elements."""

    def __init__(self, stream: BinaryIO, source: Source) -> None:
        self._stream, self._source = stream, source
        self._size = self._elements = self._containers = self._text = 0

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._size += len(block)
        self._elements += block.count(b"<")
        self._containers += sum(map(block.count, _CONTAINERS))
        at = block.rfind(b"<")
        self._text = len(block) - at if at >= 0 else self._text + len(block)
        if self._text > _MAX_TEXT:
            raise _too_large(self._source, f"holds a text of more than {_MAX_TEXT >> 20} MB")
        if self._size > MAX_BYTES:
            raise _too_large(self._source, f"has more than {MAX_BYTES >> 20} MB")
        if self._elements > _MAX_ELEMENTS or self._containers > _MAX_CONTAINERS:
            raise _too_large(self._source, "holds more values than any library")
        return block


def _too_large(source: Source, what: str) -> ImportProblem:
    return ImportProblem("too_large", f"{source.name} {what}.", "Export single playlists instead.")


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is a library; raises what :func:`load` raises for another property list."""
    return file.form is Form.PROPERTY_LIST and file.once(_library) is not None


def read(file: InspectedFile, source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the library and the playlists in it."""
    file.seen_whole(watch)
    yield from playlists(file.once(_library), source, moment.year)


def _library(file: InspectedFile) -> Mapping[str, Any]:
    return load(file.source)


def playlists(library: Mapping[str, Any], source: str, latest_year: int) -> Iterator[Entry]:
    """Yield a playlist of all music of the library, and then the user's own playlists."""
    tracks: Mapping[str, Any] = library["Tracks"]
    yield Begin(name=LIBRARY)
    for number, key in enumerate(tracks, start=1):
        yield _row(tracks[key], number, source, latest_year)
    for playlist in listed(library, "Playlists"):
        if not isinstance(playlist, dict) or any(playlist.get(mark) for mark in _NOT_A_LIST):
            continue
        yield Begin(name=text(playlist.get("Name")))
        for number, item in enumerate(listed(playlist, "Playlist Items"), start=1):
            track_number = item.get("Track ID") if isinstance(item, dict) else None
            yield _row(tracks.get(str(track_number)), number, source, latest_year)


def _row(entry: Any, number: int, source: str, latest_year: int) -> Row:
    if not isinstance(entry, dict):
        return Row(line=number, reason="the library does not hold this track")
    if any(entry.get(mark) for mark in _NOT_MUSIC):
        return Row(line=number, reason="not music (a podcast, film or audiobook)")
    track = _track(entry, source, latest_year)
    if track is None:
        return Row(line=number, reason="no title")
    added = entry.get("Date Added")
    return Row(
        line=number,
        track=track,
        added_at=added.replace(tzinfo=UTC) if isinstance(added, datetime) else None,
        plays=whole(entry.get("Play Count")),
    )


def _track(entry: Mapping[str, Any], source: str, latest_year: int) -> Track | None:
    year, genre = whole(entry.get("Year")), text(entry.get("Genre"))
    return named_track(
        entry.get("Name"),
        entry.get("Artist") or entry.get("Album Artist"),
        source=source,
        album=entry.get("Album"),
        duration_ms=entry.get("Total Time"),
        year=year_within(year, latest_year),
        labels=(genre.lower(),) if genre else (),
        details=_details(entry, year),
    )


def _details(entry: Mapping[str, Any], year: int | None) -> AlbumDetails | None:
    """Return the details of the album; the date of release counts only if it is in ``year``."""
    date, artist = entry.get("Release Date"), text(entry.get("Album Artist"))
    disc, number = (whole(entry.get(name)) for name in ("Disc Number", "Track Number"))
    return album_details(
        released=date.date().isoformat() if isinstance(date, datetime) and date.year == year else None,
        artists=(artist,) if artist else (),
        disc_number=disc if disc and 0 < disc <= MAX_NUMBER else None,
        track_number=number if number and 0 < number <= MAX_NUMBER else None,
    )
