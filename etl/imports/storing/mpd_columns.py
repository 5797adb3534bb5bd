"""Playlists of the Million Playlist Dataset from JSON text into Arrow columns.

Arrow's JSON reader fills the columns. It takes two thirds of the time of orjson, because it makes no Python objects
and only the wanted values. It is strict: if a value has another type than in the dataset, the whole chunk is read
again by orjson, and such values count as missing.
"""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from etl.values import MAX_NAME, texts, whole

_TRACK_TEXTS = ("track_uri", "track_name", "artist_name", "album_name")
TRACK = pa.struct([*((name, pa.string()) for name in _TRACK_TEXTS), ("duration_ms", pa.int64())])
_LIST_NUMBERS = ("pid", "modified_at", "num_followers")
PLAYLIST = pa.struct(
    [
        *((name, pa.int64()) for name in _LIST_NUMBERS),
        ("name", pa.string()),
        ("collaborative", pa.string()),
        ("tracks", pa.list_(TRACK)),
    ]
)
# The chunk is wrapped into one row with a list of lists. If the array under "playlists" ends within the chunk, the
# text after it makes this invalid JSON.
_BEGIN, _END = b'{"all":[[', b"]]}\n"
_OPTIONS = pyarrow.json.ParseOptions(
    explicit_schema=pa.schema([("all", pa.list_(pa.list_(PLAYLIST)))]),
    newlines_in_values=True,
    unexpected_field_behavior="ignore",
)


def parse_playlists(chunk: memoryview) -> pa.StructArray:
    """Return the playlists in ``chunk``, JSON objects with commas between them, as an array of type PLAYLIST.

    Raises ValueError if the text is not JSON, or one of its values is not an object.
    """
    try:
        return _read_columns(chunk)
    except pa.ArrowInvalid:
        return _read_values(chunk)


def _read_columns(chunk: memoryview) -> pa.StructArray:
    text = b"".join((_BEGIN, chunk, _END))
    if not text.isascii():
        text.decode()  # the reader takes the bytes of strings as they come
    # One block for the whole text, because what spans two blocks is parsed twice.
    options = pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    rows = pyarrow.json.read_json(pa.BufferReader(text), read_options=options, parse_options=_OPTIONS)["all"]
    playlists = rows.combine_chunks().flatten().flatten()
    if playlists.null_count:
        raise pa.ArrowInvalid("null among the playlists")
    return playlists


def _read_values(chunk: memoryview) -> pa.StructArray:
    playlists = orjson.loads(b"".join((b"[", chunk, b"]")))
    if not all(isinstance(playlist, dict) for playlist in playlists):
        raise ValueError("a value among the playlists is not an object")
    return pa.array([_playlist(playlist) for playlist in playlists], PLAYLIST)


def _playlist(found: dict[str, Any]) -> dict[str, Any]:
    tracks = found.get("tracks")
    return {
        **{name: whole(found.get(name)) for name in _LIST_NUMBERS},
        "name": _string(found.get("name")),
        "collaborative": str(found.get("collaborative")),
        "tracks": [_track(track) for track in tracks] if isinstance(tracks, list) else [],
    }


def _track(found: Any) -> dict[str, Any] | None:
    if not isinstance(found, dict):
        return None
    values: dict[str, Any] = {name: _string(found.get(name)) for name in _TRACK_TEXTS}
    return values | {"duration_ms": whole(found.get("duration_ms"))}


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def clean_texts(column: pa.Array) -> pa.Array:
    """Return :func:`etl.values.texts` of a column, in Arrow if only blanks have to be trimmed."""
    data = column.buffers()[2]
    characters = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
    controls = ((characters < ord(" ")) | (characters == 127)).any()
    if controls or (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_NAME:
        return pa.array(texts(column.to_pylist()), pa.string())
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def within(column: pa.Array, low: int, high: int) -> pa.Array:
    """Return the whole numbers of ``column``, null for those outside ``low <= number < high``."""
    inside = pc.and_(pc.greater_equal(column, low), pc.less(column, high))
    return pc.if_else(inside, column, pa.scalar(None, pa.int64()))
