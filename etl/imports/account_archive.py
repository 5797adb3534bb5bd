"""The zip archives that Spotify and ListenBrainz send: the playlists and histories in them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from etl.imports import listenbrainz, spotify_account
from etl.imports.entries import Entry
from etl.imports.history import History, history_entries
from etl.imports.inspected import Form, InspectedFile
from etl.imports.reading.archive import Archive
from etl.imports.reading.bytes import Source, Watch
from etl.imports.reading.json_file import lines, load
from store.runs import ImportProblem

_PLAYLISTS = re.compile(r"(?i)(^|/)playlist\d*\.json$")
_LIBRARY = re.compile(r"(?i)(^|/)yourlibrary\.json$")
_EXTENDED = re.compile(r"(?i)(^|/)(streaming_history_audio[^/]*|endsong_\d+)\.json$")
_SHORT = re.compile(r"(?i)(^|/)streaminghistory(_music)?_?\d*\.json$")
_HINT = "Bring the zip that Spotify or ListenBrainz sent, or unpack this one and bring the files inside."


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """The members of an archive that are read; ``plays`` are Spotify's histories, ``listens`` ListenBrainz's.

    ``feedback`` is what somebody loves and hates at ListenBrainz.
    """

    libraries: Sequence[Source]
    playlists: Sequence[Source]
    plays: Sequence[Source]
    listens: Sequence[Source]
    feedback: Sequence[Source]


def sniff_listenbrainz(file: InspectedFile) -> bool:
    """Return whether ``file`` is an archive with listens of ListenBrainz."""
    return file.form is Form.ARCHIVE and any((file.once(_members).listens, file.once(_members).feedback))


def sniff_spotify(file: InspectedFile) -> bool:
    """Return whether ``file`` is an archive with data of Spotify.

    Raises
    ------
    ImportProblem
        It is an archive without any playlist or history (``not_a_playlist``), or one that is not read.
    """
    return file.form is Form.ARCHIVE and file.once(_members) is not None


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the liked songs, the playlists, and one history of all plays."""
    members = file.once(_members)
    for library in members.libraries:
        yield from spotify_account.library(load(library), source)
    for playlist in members.playlists:
        yield from spotify_account.playlists(load(playlist), source)
    if members.plays or members.listens:
        yield from history_entries(lambda history: _count(members, history, source), "Listening history")
    for loved in members.feedback:
        yield from listenbrainz.feedback(lines(loved), source)
    file.seen_whole(watch)


def _members(file: InspectedFile) -> Members:
    packed = Archive(file.path)
    # The short history is part of the extended one; reading both would count its plays twice.
    extended, short = packed.sources(_EXTENDED), packed.sources(_SHORT)
    members = Members(
        libraries=packed.sources(_LIBRARY),
        playlists=packed.sources(_PLAYLISTS),
        plays=extended or short,
        listens=packed.sources(listenbrainz.LISTENS),
        feedback=packed.sources(listenbrainz.FEEDBACK),
    )
    if not any((members.libraries, members.playlists, members.plays, members.listens, members.feedback)):
        raise ImportProblem(
            "not_a_playlist",
            f"{file.name} is a zip archive without a playlist or a history: {', '.join(packed.names()[:4]):.200}.",
            _HINT,
        )
    return members


def _count(members: Members, history: History, source: str) -> None:
    for plays in members.plays:
        document = load(plays)
        spotify_account.listen(history, document if isinstance(document, list) else (), source)
    for listens in members.listens:
        listenbrainz.listen(history, lines(listens), source)
