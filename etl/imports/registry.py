"""All readers of files, in order of precedence: the first one that recognises a file reads it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from etl.imports import (
    account_archive,
    apple_library,
    exportify,
    full_csv,
    jspf,
    lastfm,
    link_list,
    listenbrainz,
    m3u,
    mpd,
    pls,
    spotify_account,
    tastemap_json,
    tunemymusic,
    xspf,
)
from etl.imports.analysis import is_analysis
from etl.imports.entries import AnalysisFile, DatasetFile, Entry, PlaylistFile, Recognised, TrackTableFile
from etl.imports.file_archive import FileArchive
from etl.imports.history import History, history_entries
from etl.imports.inspected import Form, InspectedFile
from etl.imports.reading.bytes import Watch
from etl.imports.reading.headings import looks_like_table

Sniff = Callable[[InspectedFile], bool]
Read = Callable[[InspectedFile, str, datetime, Watch | None], Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A format of playlists or histories.

    Attributes
    ----------
    kind : str
        The name of the format in runs and in the provenance of tracks.
    sniff : callable
        Returns whether a file has this format; raises ImportProblem if it has, but cannot be read.
    read : callable
        Yields the entries of a file, given the name of the source, the time of the import and a callback for the
        bytes read.
    """

    kind: str
    sniff: Sniff
    read: Read

    def recognised(self, file: InspectedFile) -> Recognised:
        """Return ``file``, which this reader has recognised, as playlists."""
        return PlaylistFile(kind=self.kind, size=file.size, sha256=file.sha256, read=partial(self.read, file))


@dataclass(frozen=True, slots=True)
class OtherReader:
    """A format without playlists; ``recognised`` returns what a file is instead."""

    kind: str
    sniff: Sniff
    recognised: Callable[[InspectedFile], Recognised]


def _of_document(is_it: Callable[[Any], bool]) -> Sniff:
    return lambda file: file.document is not None and is_it(file.document)


def _from_document(entries: Callable[[Any, str], Iterator[Entry]]) -> Read:
    def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        file.seen_whole(watch)
        yield from entries(file.document, source)

    return read


def _from_plays(listen: Callable[[History, Iterable[Any], str], None]) -> Read:
    return _from_document(lambda plays, source: history_entries(lambda history: listen(history, plays, source)))


def _is_slice(file: InspectedFile) -> bool:
    return file.form is Form.JSON and mpd.is_slice(file.start)


def _is_table(file: InspectedFile) -> bool:
    if file.sheet is None or (file.sheet.layout is not None and file.sheet.layout.certain):
        return False
    return looks_like_table(file.sheet.headings)


def _slice(file: InspectedFile) -> DatasetFile:
    return DatasetFile(size=file.size, sha256=file.sha256, source=file.source)


def _analysis(file: InspectedFile) -> AnalysisFile:
    return AnalysisFile(size=file.size, sha256=file.sha256, document=file.document)


def _table(file: InspectedFile) -> TrackTableFile:
    return TrackTableFile(size=file.size, sha256=file.sha256)


# Formats that are recognised by their first bytes stand before those that need the whole document in memory.
_OF_FILES: tuple[Reader | OtherReader, ...] = (
    Reader("tastemap", tastemap_json.sniff, tastemap_json.read),
    OtherReader("million playlist dataset", _is_slice, _slice),
    Reader("listenbrainz", listenbrainz.sniff_feedback, listenbrainz.read_feedback),
    Reader("listenbrainz", listenbrainz.sniff_lines, listenbrainz.read_lines),
    OtherReader("analysis", _of_document(is_analysis), _analysis),
    Reader("spotify playlists", _of_document(spotify_account.is_playlists), _from_document(spotify_account.playlists)),
    Reader("jspf", _of_document(jspf.is_jspf), _from_document(jspf.playlists)),
    Reader("spotify library", _of_document(spotify_account.is_library), _from_document(spotify_account.library)),
    Reader("spotify history", _of_document(spotify_account.is_history), _from_plays(spotify_account.listen)),
    Reader("listenbrainz", listenbrainz.sniff_list, listenbrainz.read_list),
    Reader("apple library", apple_library.sniff, apple_library.read),
    Reader("xspf", xspf.sniff, xspf.read),
    Reader("pls", pls.sniff, pls.read),
    Reader("m3u", m3u.sniff, m3u.read),
    Reader("links", link_list.sniff, link_list.read),
    Reader("tastemap", full_csv.sniff, full_csv.read),
    Reader("tunemymusic", tunemymusic.sniff, tunemymusic.read),
    Reader("last.fm", lastfm.sniff, lastfm.read),
    OtherReader("table", _is_table, _table),
    Reader("exportify", exportify.sniff, exportify.read),
)
_FILE_ARCHIVE = FileArchive(_OF_FILES)
READERS: tuple[Reader | OtherReader, ...] = (
    Reader("listenbrainz", account_archive.sniff_listenbrainz, account_archive.read),
    Reader("spotify data", account_archive.sniff_spotify, account_archive.read),
    Reader("zip", _FILE_ARCHIVE.sniff, _FILE_ARCHIVE.read),
    *_OF_FILES,
)
