"""All readers of files, in order of precedence: the first one that recognises a file reads it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from etl.imports import (
    account_archive,
    apple_library,
    exportify,
    full_csv,
    json_list,
    jspf,
    lastfm,
    link_list,
    listenbrainz,
    m3u,
    mpd,
    pls,
    spotify_account,
    tastemap_json,
    track_list,
    tunemymusic,
    xspf,
    youtube_history,
)
from etl.imports.analysis import is_analysis
from etl.imports.file_archive import FileArchive
from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.rows.entries import AnalysisFile, DatasetFile, Entry, PlaylistFile, Recognised, TrackTableFile
from etl.imports.rows.history import History, history_entries
from etl.imports.sheets.headings import has_audio_features
from etl.imports.sheets.sheet import Sheet

_OF_YOUTUBE = (
    "It holds ids of YouTube without names. A track gets its names when a file with both is imported, such as "
    '"music library songs.csv" of the same Takeout; or export the playlist with TuneMyMusic.'
)
Sniff = Callable[[InspectedFile], bool]
Describe = Callable[[InspectedFile], tuple[Mapping[str, str], tuple[str, ...]]]
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
    describe : callable, optional
        Returns the heading of each field that is read, and notes about ambiguities of the file.
    """

    kind: str
    sniff: Sniff
    read: Read
    describe: Describe | None = None

    def recognised(self, file: InspectedFile) -> PlaylistFile:
        """Return ``file``, which this reader has recognised, as playlists."""
        columns, notes = self.describe(file) if self.describe else ({}, ())
        return PlaylistFile(
            kind=self.kind,
            size=file.size,
            sha256=file.sha256,
            read=partial(self.read, file),
            **({"encoding": file.text.encoding} if file.text else {}),
            columns=columns,
            notes=notes,
        )


@dataclass(frozen=True, slots=True)
class OtherReader:
    """A format without playlists; ``recognised`` returns the kind of a file."""

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
    return file.sheet is not None and has_audio_features(file.sheet.headings)


def _described(file: InspectedFile) -> tuple[Mapping[str, str], tuple[str, ...]]:
    sheet = file.as_sheet()
    return sheet.understood(), sheet.doubts()


def _read_by(columns_of: Callable[[Sheet], Mapping[str, int]]) -> Describe:
    return lambda file: (file.as_sheet().understood(columns_of(file.as_sheet())), _noted(file)[1])


def _of_plays(sheet: Sheet) -> Mapping[str, int]:
    found = lastfm.columns_of(sheet)
    return found.columns if found and found.below_headings else {}


def _of_tunemymusic(sheet: Sheet) -> Mapping[str, int]:
    return tunemymusic.columns_of(sheet.headings) or {}


def _ids(file: InspectedFile) -> tuple[Mapping[str, str], tuple[str, ...]]:
    sheet = file.as_sheet()
    found = link_list.ids_of(sheet)
    notes = (*_noted(file)[1], *((_OF_YOUTUBE,) if found and found.namespace == "youtube" else ()))
    return sheet.understood({"uri": found.at} if found else {}), notes


def _of_json(file: InspectedFile) -> tuple[Mapping[str, str], tuple[str, ...]]:
    return file.once(json_list.sheet_of).understood(), ()


def _noted(file: InspectedFile) -> tuple[Mapping[str, str], tuple[str, ...]]:
    note = file.text.note if file.text else ""
    return {}, (note,) if note else ()


def _slice(file: InspectedFile) -> DatasetFile:
    return DatasetFile(size=file.size, sha256=file.sha256, source=file.source)


def _analysis(file: InspectedFile) -> AnalysisFile:
    return AnalysisFile(size=file.size, sha256=file.sha256, document=file.document)


def _table(file: InspectedFile) -> TrackTableFile:
    listed = file.sheet is not None and file.sheet.layout is not None
    playlist = _LIST.recognised(file) if listed else None
    text = file.as_sheet().file
    return TrackTableFile(size=file.size, sha256=file.sha256, encoding=text.encoding, playlist=playlist)


_LIST = Reader("list", track_list.sniff, track_list.read, _described)
_EXPORTIFY = Reader("exportify", exportify.sniff, exportify.read, _described)
# The readers for a file with columns chosen by a person.
READERS_OF_COLUMNS = (_EXPORTIFY, _LIST)
# Formats that are recognised by their first bytes come before those that need the whole document in memory.
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
    Reader("listenbrainz", listenbrainz.sniff_answer, listenbrainz.read_answer),
    Reader("youtube history", youtube_history.sniff, youtube_history.read),
    Reader("last.fm", lastfm.sniff_json, lastfm.read_json),
    Reader("json", json_list.sniff, json_list.read, _of_json),
    Reader("apple library", apple_library.sniff, apple_library.read),
    Reader("xspf", xspf.sniff, xspf.read),
    Reader("pls", pls.sniff, pls.read, _noted),
    Reader("m3u", m3u.sniff, m3u.read, _noted),
    Reader("last.fm", lastfm.sniff_log, lastfm.read_log, _noted),
    Reader("links", link_list.sniff, link_list.read, _noted),
    Reader("tastemap", full_csv.sniff, full_csv.read),
    Reader("tunemymusic", tunemymusic.sniff, tunemymusic.read, _read_by(_of_tunemymusic)),
    Reader("last.fm", lastfm.sniff, lastfm.read, _read_by(_of_plays)),
    OtherReader("table", _is_table, _table),
    _EXPORTIFY,
    Reader("names", link_list.sniff_names, link_list.read, _noted),
    Reader("ids", link_list.sniff_ids, link_list.read_ids, _ids),
    Reader("links", link_list.sniff_chat, link_list.read, _noted),
    _LIST,
)
_FILE_ARCHIVE = FileArchive(_OF_FILES)
READERS: tuple[Reader | OtherReader, ...] = (
    Reader("listenbrainz", account_archive.sniff_listenbrainz, account_archive.read),
    Reader("spotify data", account_archive.sniff_spotify, account_archive.read),
    Reader("zip", _FILE_ARCHIVE.sniff, _FILE_ARCHIVE.read),
    *_OF_FILES,
)
