"""A slice of the Million Playlist Dataset into columns on the disk (see :mod:`store.playlist_sets`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from etl.imports.entries import Source, text, texts, whole
from etl.imports.mpd import playlists
from etl.runs import ImportProblem, Progress, Reckoning, Skipped
from store.playlist_sets import PLAYLISTS, TRACKS, PlaylistSetWriter, reckoning_of

# A batch holds the playlists of one slice, and its tracks once.
_BATCH_PLAYLISTS = 1000
_PREFIX = "spotify:track:"
_URI_LENGTH = len(_PREFIX) + 22
_PHASE = "storing the playlists"
_NO_ID = "no Spotify id"
_MAX_EXAMPLES = 20
_INT32 = 1 << 31


def import_slice(
    source: Source, sha256: str, size: int, root: Path, report: Callable[[Progress], None], brought_by: str = ""
) -> Reckoning:
    """Bring the playlists of ``source`` under ``root``; rows of a slice that is there already are all known.

    Those that were first stored under the same ``brought_by`` count as stored: a run that goes on after a kill
    reports what it would have reported. Killed at any moment, nothing of the slice is there, and a second import
    begins it anew: it takes a second.

    Raises
    ------
    ImportProblem
        The file is damaged (see :func:`etl.imports.mpd.playlists`) or holds no track (``no_tracks``).
    """
    name = f"{re.sub(r'[^A-Za-z0-9-]+', '-', PurePath(source.name).stem)[:60]}-{sha256[:12]}"
    before = reckoning_of(root, name)
    if before is not None:
        return _again(before, brought_by)
    with PlaylistSetWriter(root, name) as writer:
        batches = _Batches(writer, report, size)
        for playlist in playlists(source, batches.watch):
            batches.take(playlist)
        batches.flush()
        reckoning = batches.reckoning()
        if not reckoning.stored:
            raise ImportProblem("no_tracks", f"{source.name} holds no playlist with a track.", "Is it a slice?")
        writer.publish(_kept(reckoning, brought_by))
    return reckoning


def _kept(reckoning: Reckoning, brought_by: str) -> dict[str, Any]:
    return {
        "brought_by": brought_by,
        "asked": reckoning.asked,
        "stored": reckoning.stored,
        "skipped": dict(reckoning.skipped),
        "examples": [{"line": one.line, "reason": one.reason} for one in reckoning.examples],
    }


def _again(before: dict[str, Any], brought_by: str) -> Reckoning:
    ours = bool(brought_by) and before["brought_by"] == brought_by
    return Reckoning(
        asked=before["asked"],
        stored=before["stored"] if ours else 0,
        known=0 if ours else before["stored"],
        skipped=before["skipped"],
        examples=tuple(Skipped(**one) for one in before["examples"]),
    )


class _Batches:
    """Collects rows by column: a million small tuples would keep Python's garbage collection busy."""

    def __init__(self, writer: PlaylistSetWriter, report: Callable[[Progress], None], size: int) -> None:
        self._writer, self._report, self._size = writer, report, size
        self._bytes = self._asked = self._stored = 0
        self._skipped: Counter[str] = Counter()
        self._examples: list[Skipped] = []
        self._clear()

    def _clear(self) -> None:
        self._lists: dict[str, list[Any]] = {name: [] for name in PLAYLISTS.names}
        self._tracks: dict[str, list[Any]] = {name: [] for name in TRACKS.names}
        self._seen: set[str] = set()

    def watch(self, bytes_read: int) -> None:
        self._bytes = bytes_read

    def take(self, playlist: dict[str, Any]) -> None:
        """Add a playlist; each of its rows counts as asked."""
        found = playlist.get("tracks")
        rows = found if isinstance(found, list) else []
        try:
            uris = [row["track_uri"] for row in rows]
            new = {uri: row for uri, row in zip(uris, rows, strict=True) if uri not in self._seen}
            whole_list = all(map(_is_track, new))
        except (KeyError, TypeError):
            whole_list = False
        if not whole_list:
            rows = self._usable(rows)
            uris = [row["track_uri"] for row in rows]
            new = {uri: row for uri, row in zip(uris, rows, strict=True) if uri not in self._seen}
        self._asked += len(uris)
        self._stored += len(uris)
        self._add_tracks(new)
        self._add_playlist(playlist, [uri[len(_PREFIX) :] for uri in uris])
        if len(self._lists["pid"]) == _BATCH_PLAYLISTS:
            self.flush()

    def _usable(self, rows: list[Any]) -> list[dict[str, Any]]:
        """Return the rows with an id, and count the others; ``line`` is the row's number in the file."""
        usable: list[dict[str, Any]] = []
        for at, row in enumerate(rows, start=1):
            if isinstance(row, dict) and _is_track(row.get("track_uri")):
                usable.append(row)
                continue
            self._skipped[_NO_ID] += 1
            if len(self._examples) < _MAX_EXAMPLES:
                self._examples.append(Skipped(line=self._asked + at, reason=_NO_ID))
        self._asked += len(rows) - len(usable)
        return usable

    def _add_tracks(self, new: dict[str, dict[str, Any]]) -> None:
        self._seen.update(new)
        columns, rows = self._tracks, new.values()
        columns["id"] += [uri[len(_PREFIX) :] for uri in new]
        columns["title"] += texts([row.get("track_name") for row in rows])
        columns["artist"] += texts([row.get("artist_name") for row in rows])
        columns["album"] += texts([row.get("album_name") for row in rows])
        columns["duration_ms"] += [_int32(row.get("duration_ms")) for row in rows]

    def _add_playlist(self, playlist: dict[str, Any], ids: list[str]) -> None:
        modified = whole(playlist.get("modified_at"))
        columns = self._lists
        columns["pid"].append(whole(playlist.get("pid")))
        columns["name"].append(text(playlist.get("name")))
        columns["modified_at"].append(modified if modified is not None and 0 < modified < 1 << 33 else None)
        columns["followers"].append(_int32(playlist.get("num_followers")))
        # The dataset writes the words.
        columns["collaborative"].append({"true": True, "false": False}.get(str(playlist.get("collaborative")).lower()))
        columns["tracks"].append(ids)

    def flush(self) -> None:
        """Write what has been taken."""
        if self._lists["pid"]:
            self._writer.write("playlists", self._lists)
            self._writer.write("tracks", self._tracks)
        self._clear()
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


def _is_track(uri: Any) -> bool:
    return isinstance(uri, str) and len(uri) == _URI_LENGTH and uri.startswith(_PREFIX)


def _int32(value: Any) -> int | None:
    number = whole(value)
    return number if number is not None and 0 <= number < _INT32 else None
