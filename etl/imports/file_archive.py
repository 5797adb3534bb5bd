"""A zip of playlist files, such as Exportify's ``spotify_playlists.zip`` or Google's Takeout: what each file holds.

Each member is unpacked into a folder of its own for as long as it is read, under a name that no archive can choose.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from etl.imports.reading.archive import Archive
from etl.imports.reading.bytes import Source, Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.rows.entries import Begin, Entry, PlaylistFile, Recognised, Row, TrackTableFile, playlist_name
from store.runs import ImportProblem

_LISTS = re.compile(r"(?i)\.(csv|tsv|txt|m3u8?|pls|xspf|jspf|xml|jsonl?)(\.gz)?$")
# What systems leave in archives: macOS its attributes, Windows its thumbnails.
_LITTER = re.compile(r"(?i)(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
_MAX_NAMED = 20
_SOME_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_MEMBERS = 2_000
_APPLE = re.compile(r"(?i)apple[ _](media[ _]services|music)")
_APPLE_HINT = (
    "It is the data that Apple sends on request. Bring the library instead: in Music, File > Library > Export Library; "
    "or export playlists with TuneMyMusic or Soundiiz as CSV."
)
_HINT = "Bring the zip that Spotify or ListenBrainz sent, a zip of playlist files, or unpack it and bring the files."


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

        Raises
        ------
        ImportProblem
            It is an archive without one (``not_a_playlist``); the message names what is in it.
        """
        if file.form is not Form.ARCHIVE:
            return False
        faults: list[str] = []
        members = _members(file)
        for member in members:
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
        for member in _members(file):
            with self._playlists(member, faults) as found:
                if found:
                    yield from _named(found.read(found.kind, moment, None), member.name)
        faults += [f"{name}: not a playlist file" for name in _others(file)]
        for number, fault in enumerate(faults[:_MAX_NAMED], start=1):
            yield Row(line=number, reason=fault)
        if len(faults) > _MAX_NAMED:
            yield Row(line=_MAX_NAMED + 1, reason="further files without a playlist", times=len(faults) - _MAX_NAMED)
        file.seen_whole(watch)

    @contextmanager
    def _playlists(self, member: Source, faults: list[str]) -> Iterator[PlaylistFile | None]:
        """Give what a member is; ``None``, with a line in ``faults``, for one that cannot be read to its end."""
        with TemporaryDirectory(prefix="tastemap-") as folder:
            try:
                found = self._recognised(member, Path(folder))
                _check(found)
            except ImportProblem as problem:
                said = problem.message if member.name in problem.message else f"{member.name}: {problem.message}"
                faults.append(said)
                found = None
            yield found

    def _recognised(self, member: Source, folder: Path) -> PlaylistFile:
        path = folder / (re.sub(r"[^\w .()&,'+-]", "_", member.name)[-120:].lstrip(". ") or "file")
        with member.open(None) as content:
            path.write_bytes(content.read())
        file = InspectedFile(path)
        found = next((reader.recognised(file) for reader in self.readers if reader.sniff(file)), None)
        if isinstance(found, TrackTableFile) and found.playlist is not None:
            found = found.playlist
        if isinstance(found, PlaylistFile):
            return found
        what = "data for the catalogue; bring it alone" if found else f"{file.form.value}, but not a known playlist"
        raise ImportProblem("not_a_playlist", f"{member.name} is {what}.", _HINT)


def _check(found: PlaylistFile) -> None:
    """Read a member to its end, so that one that is cut off is left out as a whole."""
    entries = found.read(found.kind, _SOME_MOMENT, None)
    if not sum(isinstance(entry, Row) and entry.track is not None for entry in entries):
        raise ImportProblem("no_tracks", "no row of it holds a track.", _HINT)


def _members(file: InspectedFile) -> list[Source]:
    packed = Archive(file.path)
    return [source for source in packed.sources(_LISTS) if not _LITTER.search(source.name)][:_MAX_MEMBERS]


def _others(file: InspectedFile) -> list[str]:
    return [name for name in Archive(file.path).names() if not _LISTS.search(name) and not _LITTER.search(name)]


def _named(entries: Iterator[Entry], name: str) -> Iterator[Entry]:
    """Call a playlist without a name after its own file, not after the archive."""
    for entry in entries:
        if isinstance(entry, Begin) and not entry.name:
            yield Begin(name=playlist_name(name), people=entry.people)
        else:
            yield entry
