"""Reads a zip of playlist files, such as Exportify's ``spotify_playlists.zip`` or Google's Takeout.

While a member is read, it is unpacked into its own temporary folder, under a name that the archive cannot choose. A zip
in the zip is opened, too, but no deeper one. Google Play Music's Takeout has a file for each track; these are joined to
playlists.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from etl.imports.reading.archive import Archive
from etl.imports.reading.bytes import Source, Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.rows.entries import Begin, Entry, PlaylistFile, Recognised, Row, TrackTableFile, playlist_name
from etl.imports.sheets.headings import normal_heading
from etl.values import whole
from store.runs import ImportProblem

_LISTS = re.compile(r"(?i)\.(csv|tsv|txt|m3u8?|pls|xspf|jspf|xml|jsonl?)(\.gz)?$")
# Files that systems add to archives: attributes of macOS, thumbnails of Windows.
_LITTER = re.compile(r"(?i)(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
_ZIP = re.compile(r"(?i)\.zip$")
# Google Play Music: "Playlists/Road trip/Tracks/Waterloo.csv", and beside the tracks a Metadata.csv.
_TRACKS, _METADATA, _INDEX = "Tracks", "Metadata.csv", "playlist index"
_MAX_NAMED = 20
_SOME_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_MEMBERS = 2_000
_APPLE = re.compile(r"(?i)apple[ _](media[ _]services|music)")
_APPLE_HINT = (
    "It is the data that Apple sends on request. Import the library instead: File > Library > Export Library in Music; "
    "or export playlists with TuneMyMusic or Soundiiz as CSV."
)
_HINT = "Import the zip that Spotify or ListenBrainz sent, a zip of playlist files, or unpack it and import the files."


class FileReader(Protocol):
    """A reader of the registry."""

    @property
    def sniff(self) -> Callable[[InspectedFile], bool]: ...

    @property
    def recognised(self) -> Callable[[InspectedFile], Recognised]: ...


@dataclass(frozen=True, slots=True)
class FileArchive:
    """Reads archives; ``readers`` are those of the files in them, in order of precedence."""

    readers: Sequence[FileReader]

    def sniff(self, file: InspectedFile) -> bool:
        """Return whether ``file`` is an archive with a file that can be read.

        Raises ImportProblem if it is an archive without one (``not_a_playlist``); the message names what is in it.
        """
        if file.form is not Form.ARCHIVE:
            return False
        faults: list[str] = []
        for member in _members(file, faults):
            with self._playlists(member, faults) as found:
                if found:
                    return True
        names = ", ".join(Archive(file.path).names()[:4])
        why = f" {faults[0]}" if faults else ""
        raise ImportProblem(
            "not_a_playlist",
            f"{file.name} is a zip archive without a playlist or a history: {names:.200}.{why:.300}",
            _APPLE_HINT if any(map(_APPLE.search, [file.name, names])) else _HINT,
        )

    def read(self, file: InspectedFile, _source: str, moment: datetime, watch: Watch | None) -> Iterator[Entry]:
        """Yield the playlists of each file, and then a row for each file that is not read."""
        faults: list[str] = []
        for folder, members in groupby(_members(file, faults), _folder_of_tracks):
            if folder:
                yield from self._of_tracks(folder, members, moment, faults)
                continue
            for member in members:
                with self._playlists(member, faults) as found:
                    if found:
                        yield from _named(found[1].read(found[1].kind, moment, None), member.name)
        faults += [f"{name}: not a playlist file" for name in _others(file)]
        for number, fault in enumerate(faults[:_MAX_NAMED], start=1):
            yield Row(line=number, reason=fault)
        if len(faults) > _MAX_NAMED:
            yield Row(line=_MAX_NAMED + 1, reason="further files without a playlist", times=len(faults) - _MAX_NAMED)
        file.seen_whole(watch)

    def _of_tracks(
        self, folder: str, members: Iterator[Source], moment: datetime, faults: list[str]
    ) -> Iterator[Entry]:
        """Yield the playlist of a folder with a file for each track, in the order that the files state."""
        rows: list[tuple[int, Row]] = []
        for member in members:
            with self._playlists(member, faults) as found:
                if found:
                    entries = found[1].read(found[1].kind, moment, None)
                    rows += [(_index_of(found[0]), entry) for entry in entries if isinstance(entry, Row)]
        rows.sort(key=itemgetter(0))
        yield Begin(name=folder)
        yield from (replace(row, line=number) for number, (_, row) in enumerate(rows, start=1))

    @contextmanager
    def _playlists(self, member: Source, faults: list[str]) -> Iterator[tuple[InspectedFile, PlaylistFile] | None]:
        """Yield a member and its format; None, with a line in ``faults``, if it cannot be read to its end."""
        with TemporaryDirectory(prefix="tastemap-") as folder:
            try:
                found = self._recognised(member, Path(folder))
                _check(found[1])
            except ImportProblem as problem:
                named = member.name in problem.message
                faults.append(problem.message if named else f"{member.name}: {problem.message}")
                yield None
            else:
                yield found

    def _recognised(self, member: Source, folder: Path) -> tuple[InspectedFile, PlaylistFile]:
        file = InspectedFile(_unpacked(member, folder))
        found = next((reader.recognised(file) for reader in self.readers if reader.sniff(file)), None)
        if isinstance(found, TrackTableFile) and found.playlist is not None:
            found = found.playlist
        if isinstance(found, PlaylistFile):
            return file, found
        what = "data for the catalogue; import it alone" if found else f"{file.form.value}, but not a known playlist"
        raise ImportProblem("not_a_playlist", f"{member.name} is {what}.", _HINT)


def _check(found: PlaylistFile) -> None:
    """Read a member to its end, so that an incomplete one is left out as a whole."""
    entries = found.read(found.kind, _SOME_MOMENT, None)
    if not sum(isinstance(entry, Row) and entry.track is not None for entry in entries):
        raise ImportProblem("no_tracks", "no row of it holds a track.", _HINT)


def _unpacked(member: Source, folder: Path) -> Path:
    path = folder / (re.sub(r"[^\w .()&,'+-]", "_", member.name)[-120:].lstrip(". ") or "file")
    with member.open(None) as content:
        path.write_bytes(content.read())
    return path


def _members(file: InspectedFile, faults: list[str]) -> Iterator[Source]:
    """Yield the files that may be playlists, first those of the archive, then those of the archives in it."""
    packed, taken = Archive(file.path), 0
    for source in _lists(packed):
        taken += 1
        if taken <= _MAX_MEMBERS:
            yield source
    for source in packed.sources(_ZIP):
        with TemporaryDirectory(prefix="tastemap-") as folder:
            try:
                inner = _lists(Archive(_unpacked(source, Path(folder))))
            except ImportProblem as problem:
                faults.append(f"{source.name}: {problem.message}")
                continue
            for member in inner:
                taken += 1
                if taken <= _MAX_MEMBERS:
                    yield member
    if taken > _MAX_MEMBERS:
        faults.append(f"{taken - _MAX_MEMBERS} files beyond the first {_MAX_MEMBERS:,} were not read")


def _lists(packed: Archive) -> list[Source]:
    return [source for source in packed.sources(_LISTS) if not _LITTER.search(source.name) and not _is_metadata(source)]


def _others(file: InspectedFile) -> list[str]:
    names = Archive(file.path).names()
    return [name for name in names if not _LISTS.search(name) and not _ZIP.search(name) and not _LITTER.search(name)]


def _folder_of_tracks(source: Source) -> str:
    """Return the name of the playlist whose track a member is, "" for any other file."""
    return source.folders[-2] if len(source.folders) > 1 and source.folders[-1] == _TRACKS else ""


def _is_metadata(source: Source) -> bool:
    return source.name == _METADATA and "Playlists" in source.folders


def _index_of(file: InspectedFile) -> int:
    """Return the position in its playlist that the file of one track states."""
    headings = [normal_heading(heading) for heading in file.sheet.headings] if file.sheet else []
    row = file.sheet.sample[0] if file.sheet and file.sheet.sample else []
    at = headings.index(_INDEX) if _INDEX in headings else len(row)
    return (whole(row[at]) or 0) if at < len(row) else 0


def _named(entries: Iterator[Entry], name: str) -> Iterator[Entry]:
    """Name a playlist without a name after its file, not after the archive."""
    for entry in entries:
        if isinstance(entry, Begin) and not entry.name:
            yield Begin(name=playlist_name(name), people=entry.people)
        else:
            yield entry
