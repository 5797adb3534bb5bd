"""A slice of the Million Playlist Dataset into columns on the disk (see :mod:`store.playlist_sets`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from etl.imports.entries import Source, text, whole
from etl.imports.mpd import playlists
from etl.runs import ImportProblem, Progress, Reckoning, Skipped
from store.playlist_sets import PLAYLISTS, TRACKS, PlaylistSetWriter, reckoning_of

# A batch holds the playlists of one slice, and its tracks once.
_BATCH_PLAYLISTS = 1000
_PREFIX, _ID_LENGTH = "spotify:track:", 22
_PHASE = "storing the playlists"
_NO_ID = "no Spotify id"
_MAX_EXAMPLES = 20
_INT32 = 1 << 31


def import_slice(source: Source, sha256: str, size: int, root: Path, report: Callable[[Progress], None]) -> Reckoning:
    """Bring the playlists of ``source`` under ``root``; rows of a slice that is there already are all known.

    Killed at any moment, nothing of the slice is there, and a second import begins it anew: it takes a second.

    Raises
    ------
    ImportProblem
        The file is damaged (see :func:`etl.imports.mpd.playlists`) or holds no track (``no_tracks``).
    """
    name = f"{re.sub(r'[^A-Za-z0-9-]+', '-', PurePath(source.name).stem)[:60]}-{sha256[:12]}"
    before = reckoning_of(root, name)
    if before is not None:
        return Reckoning(
            asked=before["asked"],
            known=before["stored"],
            skipped=before["skipped"],
            examples=tuple(Skipped(**one) for one in before["examples"]),
        )
    with PlaylistSetWriter(root, name) as writer:
        batches = _Batches(writer, report, size)
        for playlist in playlists(source, batches.watch):
            batches.take(playlist)
        batches.flush()
        reckoning = batches.reckoning()
        if not reckoning.stored:
            raise ImportProblem("no_tracks", f"{source.name} holds no playlist with a track.", "Is it a slice?")
        writer.publish(
            {
                "asked": reckoning.asked,
                "stored": reckoning.stored,
                "skipped": dict(reckoning.skipped),
                "examples": [{"line": one.line, "reason": one.reason} for one in reckoning.examples],
            }
        )
    return reckoning


class _Batches:
    def __init__(self, writer: PlaylistSetWriter, report: Callable[[Progress], None], size: int) -> None:
        self._writer, self._report, self._size = writer, report, size
        self._lists: list[tuple[Any, ...]] = []
        self._tracks: dict[str, tuple[Any, ...]] = {}
        self._bytes = self._asked = self._stored = 0
        self._skipped: Counter[str] = Counter()
        self._examples: list[Skipped] = []

    def watch(self, bytes_read: int) -> None:
        self._bytes = bytes_read

    def take(self, playlist: dict[str, Any]) -> None:
        """Add a playlist; rows count as asked, ``line`` of a skipped one is its number in the file."""
        ids: list[str] = []
        rows = playlist.get("tracks")
        for row in rows if isinstance(rows, list) else ():
            self._asked += 1
            uri = row.get("track_uri") if isinstance(row, dict) else None
            if isinstance(uri, str) and uri.startswith(_PREFIX) and len(uri) == len(_PREFIX) + _ID_LENGTH:
                track_id = uri[len(_PREFIX) :]
                ids.append(track_id)
                if track_id not in self._tracks:
                    self._tracks[track_id] = _track(track_id, row)
            else:
                self._skip()
        self._stored += len(ids)
        self._lists.append(_playlist(playlist, ids))
        if len(self._lists) == _BATCH_PLAYLISTS:
            self.flush()

    def _skip(self) -> None:
        self._skipped[_NO_ID] += 1
        if len(self._examples) < _MAX_EXAMPLES:
            self._examples.append(Skipped(line=self._asked, reason=_NO_ID))

    def flush(self) -> None:
        """Write what has been taken."""
        if self._lists:
            self._writer.write("playlists", dict(zip(PLAYLISTS.names, zip(*self._lists, strict=True), strict=True)))
        if self._tracks:
            columns = zip(*self._tracks.values(), strict=True)
            self._writer.write("tracks", dict(zip(TRACKS.names, columns, strict=True)))
        self._lists, self._tracks = [], {}
        self._report(
            Progress(
                phase=_PHASE,
                done=min(self._bytes, self._size),
                total=self._size,
                asked=self._asked,
                stored=self._stored,
                skipped=self._skipped.total(),
            )
        )

    def reckoning(self) -> Reckoning:
        return Reckoning(
            asked=self._asked, stored=self._stored, skipped=dict(self._skipped), examples=tuple(self._examples)
        )


def _track(track_id: str, row: dict[str, Any]) -> tuple[Any, ...]:
    names = (text(row.get(key)) for key in ("track_name", "artist_name", "album_name"))
    return (track_id, *names, _int32(row.get("duration_ms")))


def _playlist(playlist: dict[str, Any], ids: list[str]) -> tuple[Any, ...]:
    modified = whole(playlist.get("modified_at"))
    return (
        whole(playlist.get("pid")),
        text(playlist.get("name")),
        modified if modified is not None and 0 < modified < 1 << 33 else None,
        _int32(playlist.get("num_followers")),
        # The dataset writes the words.
        {"true": True, "false": False}.get(str(playlist.get("collaborative")).lower()),
        ids,
    )


def _int32(value: Any) -> int | None:
    number = whole(value)
    return number if number is not None and 0 <= number < _INT32 else None
