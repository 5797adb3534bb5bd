"""Reads the playlists and histories in the zip archives that Spotify and ListenBrainz send."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from etl.imports import listenbrainz, spotify_account
from etl.imports.reading.archive import Archive
from etl.imports.reading.bytes import Source, Watch
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.reading.json_file import elements, lines, load
from etl.imports.rows.entries import Entry, Row
from etl.imports.rows.history import History, history_entries
from store.runs import ImportProblem

_PLAYLISTS = re.compile(r"(?i)(^|/)playlist\d*\.json$")
_LIBRARY = re.compile(r"(?i)(^|/)yourlibrary\.json$")
_EXTENDED = re.compile(r"(?i)(^|/)(streaming_history_audio[^/]*|endsong_\d+)\.json$")
_SHORT = re.compile(r"(?i)(^|/)streaminghistory(_music)?_?\d*\.json$")
# Members that look like data and are not read: videos, the short history beside the extended one, podcasts.
_HISTORY = re.compile(r"(?i)(streaming_?history|endsong)[^/]*\.json$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """The members of an archive that are read; ``plays`` are Spotify's histories, ``listens`` ListenBrainz's.

    ``feedback`` are the loved and hated recordings at ListenBrainz.
    """

    libraries: Sequence[Source]
    playlists: Sequence[Source]
    plays: Sequence[Source]
    listens: Sequence[Source]
    feedback: Sequence[Source]
    others: Sequence[str]

    @property
    def count(self) -> int:
        """The number of members that are read."""
        return sum(map(len, (self.libraries, self.playlists, self.plays, self.listens, self.feedback)))


def sniff_listenbrainz(file: InspectedFile) -> bool:
    """Return whether ``file`` is an archive with listens of ListenBrainz."""
    return file.form is Form.ARCHIVE and bool(file.once(_members).listens or file.once(_members).feedback)


def sniff_spotify(file: InspectedFile) -> bool:
    """Return whether ``file`` is an archive with data of Spotify."""
    return file.form is Form.ARCHIVE and file.once(_members).count > 0


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the liked songs, the playlists, one history of all plays, the loved tracks, and the ignored members.

    Raises ImportProblem if every member is damaged; it is the fault of the first one.
    """
    members, faults = file.once(_members), list[ImportProblem]()
    whole = partial(_whole, faults)
    for library in whole(members.libraries):
        yield from spotify_account.library(library, source)
    for playlist in whole(members.playlists):
        yield from spotify_account.playlists(playlist, source)
    if members.plays or members.listens:
        yield from history_entries(lambda history: _count(members, history, source, faults), "Listening history")
    for loved in members.feedback:
        yield from listenbrainz.feedback(_lines(loved, faults), source)
    if faults and len(faults) == members.count:
        raise faults[0]
    for number, reason in enumerate([*(fault.message for fault in faults), *members.others], start=1):
        yield Row(line=number, reason=reason)
    file.seen_whole(watch)


def _whole(faults: list[ImportProblem], sources: Sequence[Source]) -> Iterator[Any]:
    """Yield the valid documents; the faults of the others are added to ``faults``."""
    for source in sources:
        try:
            document = load(source)
        except ImportProblem as problem:
            faults.append(_of_member(problem, source))
        else:
            yield document


def _lines(source: Source, faults: list[ImportProblem]) -> Iterator[tuple[int, Any]]:
    """Yield the lines before the first damaged one."""
    try:
        yield from lines(source)
    except ImportProblem as problem:
        faults.append(_of_member(problem, source))


def _of_member(problem: ImportProblem, source: Source) -> ImportProblem:
    message = problem.message if source.name in problem.message else f"{source.name}: {problem.message}"
    return ImportProblem(problem.code, message, problem.hint)


def _members(file: InspectedFile) -> Members:
    packed = Archive(file.path)
    # The short history is part of the extended one; reading both would count its plays twice.
    extended, short = packed.sources(_EXTENDED), packed.sources(_SHORT)
    plays = extended or short
    read = {source.name for source in plays}
    return Members(
        libraries=packed.sources(_LIBRARY),
        playlists=packed.sources(_PLAYLISTS),
        plays=plays,
        listens=packed.sources(listenbrainz.LISTENS),
        feedback=packed.sources(listenbrainz.FEEDBACK),
        others=[_not_read(name) for name in packed.names() if _HISTORY.search(name) and name not in read],
    )


def _not_read(name: str) -> str:
    kinds = {"video": "videos", "podcast": "podcasts", "audiobook": "audiobooks"}
    found = [what for word, what in kinds.items() if word in name.lower()]
    return f"{name} was not read: {found[0] if found else 'the extended history holds its plays'}"


def _count(members: Members, history: History, source: str, faults: list[ImportProblem]) -> None:
    for document in _whole(faults, members.plays):
        spotify_account.listen(history, elements(document), source)
    for listens in members.listens:
        listenbrainz.listen(history, _lines(listens, faults), source)
