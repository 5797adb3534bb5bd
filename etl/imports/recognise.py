"""What a file is: told by its contents first, and by its name where the contents leave it open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from etl.imports import apple_library, archive, jspf, lastfm, listenbrainz, m3u, mpd, spotify_account, tunemymusic
from etl.imports.analysis import is_analysis
from etl.imports.entries import Begin, Collection, Entry, Source
from etl.imports.exportify import Sheet, below_headings, read_rows
from etl.imports.headings import looks_like_table
from etl.imports.history import History
from etl.imports.json_file import lines, load
from etl.imports.sources import digest, head_of, source_of
from etl.imports.tastemap_json import is_tastemap_json, read_tastemap_json
from etl.imports.text_file import TextFile, Watch, examine
from store.runs import ImportProblem

# Of a folder these are taken; any other JSON in it (Payments.json, package.json) is none of ours. An analysis bears
# the id of its track; packed JSON is data, never a setting of a program.
_NAMES = re.compile(
    r"(?i)\.(csv|tsv|txt|m3u8?|jspf)(\.gz)?$|\.jspf\.json$|library[^/]*\.xml$"
    r"|(^|/)(playlist\d*|yourlibrary|streaming_?history_?(audio|music)?_?[\d_-]*|endsong_\d+)\.json$"
    r"|(^|/)(mpd\.slice\.[\d-]+|[0-9A-Za-z]{22}|[^/]*analysis[^/]*)\.json$|\.json\.gz$|\.jsonl(\.gz)?$|(^|/)(my_spotify_data|listenbrainz)[^/]*\.zip$"
)
_PLAYLISTS = re.compile(r"(?i)(^|/)playlist\d*\.json$")
_LIBRARY = re.compile(r"(?i)(^|/)yourlibrary\.json$")
_EXTENDED = re.compile(r"(?i)(^|/)(streaming_history_audio[^/]*|endsong_\d+)\.json$")
_SHORT = re.compile(r"(?i)(^|/)streaminghistory(_music)?_?\d*\.json$")
_LISTENS = re.compile(r"(?i)(^|/)listens(/\d+/\d+)?\.jsonl$")
_JSON_HINT = (
    "Known are Spotify's Playlist1.json, YourLibrary.json and streaming histories, ListenBrainz listens, JSPF "
    "playlists, audio analyses and slices of the Million Playlist Dataset."
)
_ZIP_HINT = "Bring the zip that Spotify or ListenBrainz sent, or unpack this one and bring the files inside."


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFile:
    """A table of tracks, which goes into the catalogue and not into a playlist."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFile:
    """A slice of the Million Playlist Dataset."""

    size: int
    sha256: str
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisFile:
    """The audio analysis of one track, parsed: a document of a few megabytes."""

    size: int
    sha256: str
    document: Any


def may_be_ours(name: str) -> bool:
    """Say whether a file found in a folder is worth opening."""
    return bool(_NAMES.search(name))


def recognise(path: Path, watch: Watch | None = None) -> Collection | TableFile | DatasetFile | AnalysisFile:
    """Say what the file at ``path`` is. It is read once as a whole, for its digest.

    Raises
    ------
    ImportProblem
        It is nothing that can be imported; the message says what it is instead.
    """
    head = head_of(path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04") and b"[Content_Types]" not in head:
        return _archive(path, *digest(path, watch))
    if start.startswith((b"{", b"[")):
        return _json(path, start, *digest(path, watch))
    if _is_plist(start):
        return _apple(path, *digest(path, watch))
    return _text(path, examine(path, watch))


def _is_plist(start: bytes) -> bool:
    return start.startswith(b"<") and re.search(rb"<plist\b|<!DOCTYPE\s+plist\b", start) is not None


# -- text -----------------------------------------------------------------------------------------------------


def _text(path: Path, file: TextFile) -> Collection | TableFile:
    if m3u.is_m3u(file.head(1 << 10), path.name):

        def read_list(source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
            yield from m3u.rows(file.lines(watch), source)

        return Collection(kind="m3u", size=file.size, sha256=file.sha256, read=read_list)
    sheet = Sheet.open(file)
    if places := tunemymusic.columns_of(sheet.headings):
        return _transfer(sheet, places)
    certain = sheet.layout is not None and sheet.layout.certain
    columns = None if certain else lastfm.columns_of(sheet.headings)
    if columns and sheet.layout is None and not looks_like_table(sheet.headings):
        return _scrobbles(sheet, columns)
    if not certain and looks_like_table(sheet.headings):
        return TableFile(size=file.size, sha256=file.sha256)
    sheet.playlist_layout()

    def read(source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        yield Begin()
        yield from read_rows(sheet, source, moment, watch)

    return Collection(kind="exportify", size=file.size, sha256=file.sha256, read=read)


def _transfer(sheet: Sheet, columns: Mapping[str, int]) -> Collection:
    file = sheet.file

    def read(source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        rows = below_headings(file, sheet.delimiter, list(sheet.headings), watch)
        return tunemymusic.playlists(rows, columns, source)

    return Collection(kind="tunemymusic", size=file.size, sha256=file.sha256, read=read)


def _scrobbles(sheet: Sheet, columns: Any) -> Collection:
    file = sheet.file

    def read(source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        named = lastfm.has_headings(sheet.headings)
        rows = below_headings(file, sheet.delimiter, list(sheet.headings), watch)
        history = History()
        lastfm.listen(history, rows if named else file.rows(sheet.delimiter, watch), columns, source)
        yield Begin()
        yield from history.rows()

    return Collection(kind="last.fm", size=file.size, sha256=file.sha256, read=read)


# -- JSON and XML ---------------------------------------------------------------------------------------------


def _json(path: Path, start: bytes, sha256: str, size: int) -> Collection | DatasetFile | AnalysisFile:
    source = source_of(path)
    if is_tastemap_json(start[:200].decode(errors="replace")):
        return _ours(source, sha256, size)
    if mpd.is_slice(start):
        return DatasetFile(size=size, sha256=sha256, source=source)
    if _is_listens(start, path.name):

        def read_listens(origin: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
            history = History()
            listenbrainz.listen(history, lines(source, watch), origin)
            yield Begin()
            yield from history.rows()

        return Collection(kind="listenbrainz", size=size, sha256=sha256, read=read_listens)
    document = load(source)
    if is_analysis(document):
        return AnalysisFile(size=size, sha256=sha256, document=document)
    kind = _kind_of(document, path.name)

    def read(origin: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        if watch:
            watch(size)
        return _entries(kind, document, origin)

    return Collection(kind=kind, size=size, sha256=sha256, read=read)


def _ours(source: Source, sha256: str, size: int) -> Collection:
    def read(_origin: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        with TextIOWrapper(source.open(watch), encoding="utf-8-sig") as stream:
            playlist, rows = read_tastemap_json(stream, source.name)
            yield Begin(name=playlist.name, people=playlist.people)
            yield from rows

    return Collection(kind="tastemap", size=size, sha256=sha256, read=read)


def _is_listens(start: bytes, name: str) -> bool:
    first, more, _ = start.partition(b"\n")
    return start.startswith(b"{") and (b'"track_metadata"' in first or (bool(more) and bool(_LISTENS.search(name))))


def _kind_of(document: Any, name: str) -> str:
    if spotify_account.is_playlists(document):
        return "spotify playlists"
    if jspf.is_jspf(document):
        return "jspf"
    if spotify_account.is_library(document):
        return "spotify library"
    if spotify_account.is_history(document):
        return "spotify history"
    if isinstance(document, list) and document and listenbrainz.is_listen(document[0]):
        return "listenbrainz"
    raise ImportProblem("not_a_playlist", f"{name} is JSON, but no playlist that is known here.", _JSON_HINT)


def _entries(kind: str, document: Any, origin: str) -> Iterator[Entry]:
    if kind == "spotify playlists":
        yield from spotify_account.playlists(document, origin)
    elif kind == "jspf":
        yield from jspf.playlists(document, origin)
    elif kind == "spotify library":
        yield from spotify_account.library(document, origin)
    else:
        history = History()
        if kind == "listenbrainz":
            listenbrainz.listen(history, enumerate(document, start=1), origin)
        else:
            spotify_account.listen(history, document, origin)
        yield Begin()
        yield from history.rows()


def _apple(path: Path, sha256: str, size: int) -> Collection:
    library = apple_library.load(source_of(path))

    def read(source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        if watch:
            watch(size)
        return apple_library.playlists(library, source, moment.year)

    return Collection(kind="apple library", size=size, sha256=sha256, read=read)


# -- archives -------------------------------------------------------------------------------------------------


def _archive(path: Path, sha256: str, size: int) -> Collection:
    packed = archive.Archive(path)
    parts = {pattern: packed.sources(pattern) for pattern in (_LIBRARY, _PLAYLISTS, _EXTENDED, _SHORT, _LISTENS)}
    if not any(parts.values()):
        raise ImportProblem(
            "not_a_playlist",
            f"{path.name} is a zip archive without a playlist or a history: {', '.join(packed.names()[:4]):.200}.",
            _ZIP_HINT,
        )

    def read(origin: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        yield from _account(parts[_LIBRARY], parts[_PLAYLISTS], origin)
        # The short history is an excerpt of the extended one: the plays of both would be counted twice.
        yield from _histories(parts[_EXTENDED] or parts[_SHORT], parts[_LISTENS], origin)
        if watch:
            watch(size)

    return Collection(
        kind="spotify data" if not parts[_LISTENS] else "listenbrainz", size=size, sha256=sha256, read=read
    )


def _account(libraries: Sequence[Source], playlists: Sequence[Source], origin: str) -> Iterator[Entry]:
    for source in libraries:
        yield from spotify_account.library(load(source), origin)
    for source in playlists:
        yield from spotify_account.playlists(load(source), origin)


def _histories(plays: Sequence[Source], listens: Sequence[Source], origin: str) -> Iterator[Entry]:
    history = History()
    for source in plays:
        document = load(source)
        spotify_account.listen(history, document if isinstance(document, list) else (), origin)
    for source in listens:
        listenbrainz.listen(history, lines(source), origin)
    if plays or listens:
        yield Begin(name="Listening history")
        yield from history.rows()
