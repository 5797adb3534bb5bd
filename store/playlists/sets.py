"""Sets of very many playlists to train on: Parquet files in one folder per imported file.

The Million Playlist Dataset has 66 million rows, far too many for the database. So these playlists are stored in
columns, are read in batches, and cannot be opened one by one.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from store.disk import UNFINISHED
from store.locks import locked
from store.playlists.summaries import SUMMARY_FILE

PLAYLISTS = pa.schema(
    [
        ("pid", pa.int64()),
        ("name", pa.string()),
        ("modified_at", pa.timestamp("s", tz="UTC")),
        ("followers", pa.int32()),
        ("collaborative", pa.bool_()),
        # Dictionary-coded, because several playlists of a batch hold the same track.
        ("tracks", pa.list_(pa.dictionary(pa.int32(), pa.string()))),
    ]
)
# One row per track and batch: a reader of several batches or files sees a track several times.
TRACKS = pa.schema(dict.fromkeys(("id", "title", "artist", "album"), pa.string()) | {"duration_ms": pa.int32()})
_FILES = {"playlists": PLAYLISTS, "tracks": TRACKS}
# Ids are made of letters drawn at random, which do not compress.
_COMPRESSION: Mapping[str, Any] = {
    "playlists": "none",
    "tracks": {name: "none" if name == "id" else "lz4" for name in TRACKS.names},
}


class PlaylistSetWriter:
    """Writes the playlists of one file under ``root`` atomically.

    ``name`` is distinct for distinct contents. Use it as a context manager; without :meth:`publish` nothing is kept.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._target = root / name
        self._folder = root / f"{UNFINISHED}{name}"
        # Lock files are never removed, because two writers could then hold locks on two files of the same name.
        self._lock = locked(root / ".locks" / name)
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows = dict.fromkeys(_FILES, 0)

    def __enter__(self) -> Self:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._lock.__enter__()
        shutil.rmtree(self._folder, ignore_errors=True)  # left by a killed process
        self._folder.mkdir()
        return self

    def write(self, kind: str, rows: Mapping[str, Sequence[Any]]) -> None:
        """Append rows, given by column, to ``kind``: "playlists" or "tracks"."""
        schema = _FILES[kind]
        if kind not in self._writers:
            # No reader filters by ids or names, and their statistics would take a tenth of the import's time.
            self._writers[kind] = pq.ParquetWriter(
                self._folder / f"{kind}.parquet",
                schema,
                compression=_COMPRESSION[kind],
                use_dictionary=kind == "playlists",
                write_statistics=False,
            )
        table = pa.table(dict(rows), schema=schema)
        self._writers[kind].write_table(table)
        self._rows[kind] += len(table)

    def publish(self, summary: Mapping[str, Any]) -> None:
        """Publish the written rows as the set of this name, with ``summary`` and the counts of rows."""
        self._close()
        (self._folder / SUMMARY_FILE).write_text(json.dumps({**summary, **self._rows}), encoding="utf-8")
        if self._target.exists():  # another run of the same file was faster
            return
        self._folder.rename(self._target)

    def __exit__(self, *_fault: object) -> None:
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.__exit__(None, None, None)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def summary_of(root: Path, name: str) -> dict[str, Any] | None:
    """Return the summary of an imported set, None if there is no set of this name."""
    path = root / name / SUMMARY_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def set_names(root: Path) -> list[str]:
    """Return the names of all imported sets."""
    return sorted(path.parent.name for path in root.glob(f"[!.]*/{SUMMARY_FILE}"))


def read_batches(root: Path, kind: str) -> Iterator[pa.RecordBatch]:
    """Yield all "playlists" or "tracks" (``kind``) of all sets, at most 10,000 at a time."""
    for name in set_names(root):
        path = root / name / f"{kind}.parquet"
        if path.is_file():
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=10_000, use_threads=False)
