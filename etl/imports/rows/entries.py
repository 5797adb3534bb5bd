"""What readers of playlist files yield: the beginnings of playlists, and their rows.

A reader yields the same entries each time it reads the same file, so a run that goes on after a kill can skip the
entries that it has stored.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any

from etl.identity import clean_isrc
from etl.imports.reading.bytes import Source, Watch
from etl.links import TRACK, Link, link_in, local_file
from etl.values import spotify_id, text, whole
from store.domain import FEATURE_BOUNDS, AlbumDetails, Person, Track, local_track_id
from store.runs import ImportProblem

_ENDINGS = re.compile(r"(?i)(\.(csv|tsv|txt|gz|m3u8?|pls|xspf|jspf|json|jsonl|xml|zip))+$")
MAX_ROWS = 5_000_000
MAX_PLAYLISTS = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Begin:
    """The beginning of a playlist; without a ``name`` it is named after the file.

    ``people`` and ``made_for`` come from files that Tastemap has exported; see :class:`store.domain.Playlist`.
    """

    name: str | None = None
    people: Mapping[str, Person] = field(default_factory=dict)
    made_for: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a playlist file: a track, or the reason why there is none.

    ``line`` is its number in the file, from 1; ``plays`` is how often the track was played, if the file says so;
    ``times`` is the number of equal rows of the file that a skipped one represents. ``other`` is another reading of the
    row ("Title - Artist"), which is used if the catalogue knows it but not ``track``. ``unread`` counts, by the heading
    of the column, cells with a value that cannot be read. ``file`` is the path of the owner's file.
    """

    line: int
    track: Track | None = None
    other: Track | None = None
    added_by: str | None = None
    added_at: datetime | None = None
    plays: int | None = None
    file: str | None = None
    reason: str = ""
    times: int = 1
    unread: tuple[tuple[str, int], ...] = ()


Entry = Begin | Row
# Reads a file, given the name of the source for provenance, the time of the import, and a callback for the bytes read.
Read = Callable[[str, datetime, Watch | None], Iterator[Entry]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaylistFile:
    """A file with one or several playlists of a ``kind``, and the function that reads it.

    ``encoding`` is that of a text file; ``columns`` has the heading of each field that is read, for a file with
    headings; ``notes`` are sentences about ambiguities of the file.
    """

    kind: str
    size: int
    sha256: str
    read: Read
    encoding: str = "utf-8-sig"
    columns: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackTableFile:
    """A table of tracks with audio features: for the catalogue, or its rows as a ``playlist``."""

    size: int
    sha256: str
    encoding: str
    playlist: PlaylistFile | None = None


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


# The kinds of files that can be imported.
Recognised = PlaylistFile | TrackTableFile | DatasetFile | AnalysisFile


def playlist_name(filename: str) -> str:
    """Return a playlist's name from that of its file: Exportify writes underscores for spaces."""
    stem = _ENDINGS.sub("", PurePath(filename).name)
    return stem.replace("_", " ").strip() or "Playlist"


def too_many_rows(most: int) -> ImportProblem:
    """Return the fault of a file with more rows than its owner may import."""
    return ImportProblem(
        "too_many_rows",
        f"No more than {most} rows can be taken of this file.",
        "Split it, or delete other playlists. On the server: python -m etl import FILE",
    )


def check_to_the_end(
    collection: PlaylistFile, name: str, moment: datetime, watch: Watch | None = None, most: int | None = None
) -> None:
    """Read the whole file once, so that its faults are found before anything is stored.

    ``most`` is how many rows with a track may be taken of it.

    Raises ImportProblem: the faults of the reader; too many rows or playlists (``too_large``); more than ``most``
    (``too_many_rows``); no track (``no_tracks``).
    """
    rows = playlists = tracks = 0
    reasons: Counter[str] = Counter()
    for entry in collection.read(name, moment, watch):
        if isinstance(entry, Begin):
            playlists += 1
        else:
            rows += entry.times
            tracks += entry.track is not None
            if entry.track is None:
                reasons[entry.reason] += entry.times
        if most is not None and tracks > most:
            raise too_many_rows(most)
        if rows > MAX_ROWS or playlists > MAX_PLAYLISTS:
            raise ImportProblem(
                "too_large",
                f"{name} holds more than {MAX_ROWS:,} rows or {MAX_PLAYLISTS:,} playlists.",
                "Import it in parts.",
            )
    if not rows:
        raise ImportProblem(
            "no_tracks", f"{name} is an empty list.", "Export it again; a list may be empty because it is private."
        )
    if not tracks:
        why = "; ".join(f"{times:,} × {reason}" for reason, times in reasons.most_common(3))
        raise ImportProblem(
            "no_tracks",
            f"None of the {rows:,} rows of {name} holds a track{f' ({why})' if why else ''}.",
            "Its rows are of another kind. Export the playlist or the liked songs themselves, for example as CSV.",
        )


def named_track(
    title: Any,
    artists: Any,
    *,
    source: str,
    uri: Any = None,
    album: Any = None,
    duration_ms: Any = None,
    year: int | None = None,
    isrc: Any = None,
    labels: tuple[str, ...] = (),
    ids: Mapping[str, str] | None = None,
    artist_uris: tuple[str, ...] = (),
    details: AlbumDetails | None = None,
) -> Track | None:
    """Return a track with these values of a file, None without a title.

    ``artists`` is one name or a list of names. Values of a wrong type count as missing. The id is that of Spotify if
    ``uri`` has one, otherwise it is made of the names.
    """
    plain = text(title)
    if plain is None:
        return None
    listed = artists if isinstance(artists, (list, tuple)) else [artists]
    names = tuple(dict.fromkeys(name for artist in listed if (name := text(artist))))
    low, high = FEATURE_BOUNDS["duration_ms"]
    length = whole(duration_ms)
    length = length if length is not None and low <= length <= high else None
    return Track(
        id=spotify_id(uri) or local_track_id(plain, names, text(album), length),
        title=plain,
        artists=names,
        album=text(album),
        year=year,
        duration_ms=length,
        isrc=clean_isrc(isrc),
        labels=labels,
        source=source,
        ids=ids or {},
        artist_uris=artist_uris,
        album_details=details,
    )


def linked_track(link: Link, source: str) -> Track:
    """Return the track of a link, of which only the id is known."""
    ids = {} if link.namespace in {"spotify", "isrc"} else {link.namespace: link.id}
    return Track(
        id=link.id if link.namespace == "spotify" else local_track_id(link.uri, (), None, None),
        title=link.uri,
        artists=(),
        isrc=link.id if link.namespace == "isrc" else None,
        source=source,
        ids=ids,
    )


def linked_row(line: int, addresses: Iterable[str], source: str, reason: str) -> Row:
    """Return the row of the first address or URI that names a track by its id, else one with ``reason``."""
    links = [link for address in addresses if (link := link_in(address)) is not None]
    track = next((linked_track(link, source) for link in links if link.kind == TRACK), None)
    if track is None and links:
        reason = f"the link names no track but: {links[0].kind} ({links[0].service})"
    return Row(line=line, track=track, reason="" if track else reason)


def local_file_track(uri: Any, source: str) -> Track | None:
    """Return the track named by the ``spotify:local:`` URI of a file on a person's disk."""
    file = local_file(uri)
    if file is None:
        return None
    return named_track(file.title, file.artist, source=source, album=file.album, duration_ms=file.duration_ms)
