"""Stores a slice of the Million Playlist Dataset as columns on the disk (see :mod:`store.playlists.sets`)."""

import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.imports.mpd import read_chunks
from etl.imports.reading.bytes import Source
from etl.imports.storing.mpd_columns import clean_texts, parse_playlists, within
from store.playlists.sets import PlaylistSetWriter, summary_of
from store.runs import MOST_EXAMPLES, ImportProblem, Progress, RunSummary, Skipped

# A batch holds the playlists of one slice, and each track once; the limit on rows is for other files.
_BATCH_PLAYLISTS = 1000
_BATCH_ROWS = 500_000
_PREFIX = "spotify:track:"
_URI_LENGTH = len(_PREFIX) + 22
_PHASE = "storing the playlists"
_NO_ID = "no Spotify id"
_INT32 = 1 << 31
_LATEST = 1 << 33


def import_slice(
    source: Source, sha256: str, size: int, root: Path, report: Callable[[Progress], None], brought_by: str = ""
) -> RunSummary:
    """Store the playlists of ``source`` under ``root``; all rows of a slice that is stored already count as known.

    If it was stored under the same ``brought_by``, they count as stored, so a run that goes on after a kill reports
    the same. After a kill nothing of the slice is stored, and a second import begins again, which takes a fraction of
    a second.

    Raises ImportProblem if the file is damaged (see :func:`etl.imports.mpd.read_chunks`) or holds no track
    (``no_tracks``).
    """
    name = f"{re.sub(r'[^A-Za-z0-9-]+', '-', PurePath(source.name).stem)[:60]}-{sha256[:12]}"
    before = summary_of(root, name)
    if before is not None:
        return _again(before, brought_by)
    with PlaylistSetWriter(root, name) as writer:
        batches = _Batches(writer, report, size)
        for chunk in read_chunks(source, parse_playlists, batches.watch):
            batches.take(chunk)
        batches.flush()
        summary = batches.summary()
        if not summary.stored:
            raise ImportProblem("no_tracks", f"{source.name} holds no playlist with a track.", "Is it a slice?")
        writer.publish(_kept(summary, brought_by))
    return summary


def _kept(summary: RunSummary, brought_by: str) -> dict[str, Any]:
    return {
        "brought_by": brought_by,
        "requested": summary.requested,
        "stored": summary.stored,
        "skipped": dict(summary.skipped),
        "examples": [{"line": example.line, "reason": example.reason} for example in summary.examples],
    }


def _again(before: dict[str, Any], brought_by: str) -> RunSummary:
    ours = bool(brought_by) and before["brought_by"] == brought_by
    return RunSummary(
        requested=before["requested"],
        stored=before["stored"] if ours else 0,
        known=0 if ours else before["stored"],
        skipped=before["skipped"],
        examples=tuple(Skipped(**example) for example in before["examples"]),
    )


class _Batches:
    """Collects the columns of chunks until they make a batch."""

    def __init__(self, writer: PlaylistSetWriter, report: Callable[[Progress], None], size: int) -> None:
        self._writer, self._report, self._size = writer, report, size
        self._bytes = self._requested = self._stored = 0
        self._examples: list[Skipped] = []
        self._clear()

    def _clear(self) -> None:
        self._lists: list[pa.StructArray] = []
        self._lengths: list[np.ndarray] = []
        self._tracks: list[pa.StructArray] = []

    def watch(self, bytes_read: int) -> None:
        self._bytes = bytes_read

    def take(self, lists: pa.StructArray) -> None:
        """Add playlists, of type PLAYLIST; each of their rows counts as requested."""
        tracks = lists.field("tracks").flatten()
        usable = _are_tracks(pc.struct_field(tracks, "track_uri"))
        lengths = pc.fill_null(pc.list_value_length(lists.field("tracks")), 0).to_numpy()
        ends = np.cumsum(lengths)
        kept = np.concatenate([[0], np.cumsum(usable)])
        if not usable.all():
            self._leave_out(np.flatnonzero(~usable))
            tracks = tracks.filter(pa.array(usable))
        self._lists.append(lists)
        self._lengths.append(kept[ends] - kept[ends - lengths])
        self._tracks.append(tracks)
        self._requested += len(usable)
        self._stored += len(tracks)
        if sum(map(len, self._lists)) >= _BATCH_PLAYLISTS or sum(map(len, self._tracks)) >= _BATCH_ROWS:
            self.flush()
        self._report(self._progress())

    def _leave_out(self, rows: np.ndarray) -> None:
        """Keep the first rows without an id as examples; ``line`` is the row's number in the file."""
        room = MOST_EXAMPLES - len(self._examples)
        self._examples += [Skipped(line=self._requested + row + 1, reason=_NO_ID) for row in rows[:room].tolist()]

    def flush(self) -> None:
        """Write the collected batch."""
        if self._lists:
            tracks = pa.concat_arrays(self._tracks)
            coded = tracks.field("track_uri").dictionary_encode()
            # Every URI was checked to begin with the prefix.
            distinct = pc.utf8_slice_codeunits(coded.dictionary, len(_PREFIX))
            ids = pa.DictionaryArray.from_arrays(coded.indices, distinct)
            lengths = np.concatenate(self._lengths)
            self._writer.write("playlists", _playlist_columns(pa.concat_arrays(self._lists), lengths, ids))
            self._writer.write("tracks", _track_columns(tracks, ids))
        self._clear()

    def _progress(self) -> Progress:
        return Progress(
            phase=_PHASE,
            done=min(self._bytes, self._size),
            total=self._size,
            requested=self._requested,
            stored=self._stored,
            skipped=self._requested - self._stored,
        )

    def summary(self) -> RunSummary:
        skipped = self._requested - self._stored
        return RunSummary(
            requested=self._requested,
            stored=self._stored,
            skipped={_NO_ID: skipped} if skipped else {},
            examples=tuple(self._examples),
        )


def _are_tracks(uris: pa.Array) -> np.ndarray:
    right = pc.and_(pc.starts_with(uris, _PREFIX), pc.equal(pc.binary_length(uris), _URI_LENGTH))
    return pc.fill_null(right, False).to_numpy(zero_copy_only=False)


def _playlist_columns(lists: pa.StructArray, lengths: np.ndarray, ids: pa.DictionaryArray) -> dict[str, pa.Array]:
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    collaborative = pc.utf8_lower(lists.field("collaborative"))  # a string in the dataset
    return {
        "pid": lists.field("pid"),
        "name": clean_texts(lists.field("name")),
        "modified_at": within(lists.field("modified_at"), 1, _LATEST).cast(pa.timestamp("s", "UTC")),
        "followers": within(lists.field("num_followers"), 0, _INT32),
        "collaborative": pc.if_else(
            pc.is_in(collaborative, pa.array(["true", "false"])), pc.equal(collaborative, "true"), None
        ),
        "tracks": pa.ListArray.from_arrays(offsets, ids),
    }


def _track_columns(tracks: pa.StructArray, ids: pa.DictionaryArray) -> dict[str, pa.Array]:
    """Return the distinct tracks in the order of their first rows, with the values of these."""
    codes = ids.indices.to_numpy()
    first = np.empty(len(ids.dictionary), np.int64)
    backwards = np.arange(len(codes))[::-1]  # backwards, because the last assignment to an index wins
    first[codes[backwards]] = backwards
    found = {name: tracks.field(name).take(pa.array(first)) for name in tracks.type.names[1:]}
    return {
        "id": ids.dictionary,
        "title": clean_texts(found["track_name"]),
        "artist": clean_texts(found["artist_name"]),
        "album": clean_texts(found["album_name"]),
        "duration_ms": within(found["duration_ms"], 0, _INT32),
    }
