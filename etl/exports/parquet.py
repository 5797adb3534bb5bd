"""Parquet for notebooks and databases: one row per row of the playlist, one column per value.

The columns are those of :data:`SCHEMA`. The audio features have columns with their names, except for the duration from
their source, which is ``features_duration_ms``. ``features_source`` is null if a track has no features. ``ids`` are
written "namespace:id". The fields of the playlist are JSON in the file's metadata, under ``tastemap``.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.exports.arrow_columns import column
from etl.exports.json_rows import playlist_members
from etl.exports.rows import ExportRow, Pages
from store.domain import ALBUM_FIELDS, AUDIO_FEATURES, Playlist

# Arrow's own pool keeps what it has freed; the system's gives it back to a web process.
pa.set_memory_pool(pa.system_memory_pool())
# How many pages of 500 rows form a row group: few enough for memory, enough for a good compression.
_PAGES_AT_ONCE = 4
_NAMES = pa.list_(pa.string())
_TIME = pa.timestamp("ms", tz="UTC")
_COLUMN_OF = {name: "features_duration_ms" if name == "duration_ms" else name for name in AUDIO_FEATURES}
SCHEMA = pa.schema(
    [
        pa.field("position", pa.int32(), nullable=False),
        pa.field("added_by", pa.string()),
        pa.field("added_at", _TIME),
        pa.field("plays", pa.int64()),
        pa.field("file", pa.string()),
        pa.field("id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("artists", _NAMES),
        pa.field("album", pa.string()),
        pa.field("year", pa.int32()),
        pa.field("duration_ms", pa.int64()),
        pa.field("isrc", pa.string()),
        pa.field("popularity", pa.float64()),
        pa.field("explicit", pa.bool_()),
        pa.field("labels", _NAMES),
        pa.field("artist_genres", _NAMES),
        pa.field("source", pa.string()),
        pa.field("ids", _NAMES),
        pa.field("artist_uris", _NAMES),
        pa.field("released", pa.string()),
        pa.field("record_label", pa.string()),
        pa.field("album_artists", _NAMES),
        pa.field("album_artist_uris", _NAMES),
        pa.field("album_uri", pa.string()),
        pa.field("album_cover_url", pa.string()),
        pa.field("disc_number", pa.int32()),
        pa.field("track_number", pa.int32()),
        *(pa.field(name, pa.float64()) for name in _COLUMN_OF.values()),
        pa.field("features_source", pa.string()),
        pa.field("features_fetched_at", _TIME),
        pa.field("features_licence", pa.string()),
        pa.field("features_confidence", pa.float64()),
    ]
)
_OF_ITEM = ("position", "added_by", "added_at", "plays", "file")
_OF_FEATURES = ("source", "fetched_at", "licence", "confidence")
_OF_TRACK = (
    *("id", "title", "artists", "album", "year", "duration_ms", "isrc", "popularity", "explicit"),
    *("labels", "artist_genres", "source", "artist_uris"),
)
# The columns of album details with other names.
_OF_ALBUM = {"artists": "album_artists", "artist_uris": "album_artist_uris", "uri": "album_uri"}
_OF_ALBUM |= {"cover_url": "album_cover_url"}


class _Sink:
    """A file in memory from which the bytes written so far can be taken."""

    closed = False

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._size = 0

    def write(self, block: bytes) -> int:
        self._blocks.append(bytes(block))
        self._size += len(block)
        return len(block)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing, because nothing is buffered."""

    def taken(self) -> bytes:
        blocks, self._blocks = self._blocks, []
        return b"".join(blocks)


def write_parquet(playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file; one row group is in memory at a time."""
    sink = _Sink()
    members = json.dumps(playlist_members(playlist), ensure_ascii=False)
    schema = SCHEMA.with_metadata({"tastemap": members})
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema) as writer:
        while group := list(islice(pages, _PAGES_AT_ONCE)):
            rows = list(chain.from_iterable(group))
            writer.write_table(_table(rows, schema), row_group_size=len(rows) or 1)
            yield sink.taken()
    yield sink.taken()


def _table(rows: Sequence[ExportRow], schema: pa.Schema) -> pa.Table:
    records = [_record(row) for row in rows]
    columns = [column([record.get(field.name) for record in records], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _record(row: ExportRow) -> dict[str, Any]:
    record = {name: getattr(row.item, name) for name in _OF_ITEM}
    record |= {name: getattr(row.track, name) for name in _OF_TRACK}
    record["ids"] = [f"{namespace}:{id_}" for namespace, id_ in row.track.ids.items()]
    details = row.track.album_details
    if details is not None:
        record |= {_OF_ALBUM.get(name, name): getattr(details, name) for name in ALBUM_FIELDS}
    features = row.track.features
    if features is not None:
        record |= {_COLUMN_OF[name]: value for name, value in features.values.items()}
        record |= {f"features_{name}": getattr(features, name) for name in _OF_FEATURES}
    return record
