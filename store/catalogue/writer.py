"""Writes a segment of the catalogue from rows of tracks; :mod:`store.catalogue.segment` reads it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tantivy

from store.catalogue.records import write_records
from store.catalogue.segment import (
    ARTISTS_FILE,
    FORMAT,
    FORMAT_FILE,
    INDEX_DIR,
    LABELS_FILE,
    NAMES_FILE,
    NAMES_SEPARATOR,
    STARTS,
    TRACK_CELLS,
    TRACKS_FILE,
    id_hash,
    recording_hash,
)
from store.catalogue.versions import composition_key, is_marked, kind_bits, version_of
from store.disk import digest
from store.domain import AUDIO_FEATURES, Track, usable_features
from store.feature_rows import UNKNOWN
from store.text import normalise, plain_title

# The schema of imported tables and of the merged rows; NaN in `features` = unknown.
ROWS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("artists", pa.list_(pa.string()), nullable=False),
        ("album", pa.string()),
        ("year", pa.int16()),
        ("duration_ms", pa.int32()),
        ("isrc", pa.string()),
        ("popularity", pa.float32()),
        ("explicit", pa.bool_()),
        pa.field("labels", pa.list_(pa.string()), nullable=False),
        pa.field("artist_genres", pa.list_(pa.string()), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        ("features_source", pa.string()),
        pa.field("features", pa.list_(pa.float32(), len(AUDIO_FEATURES)), nullable=False),
    ]
)
Step = Callable[[str, int, int], None]
# The memory of tantivy's writer: large enough that some hundred thousand short documents become one index segment.
_INDEX_HEAP_BYTES = 96_000_000
# Names such as "AC/DC", "Jay-Z" and "R.E.M."
_MARKS = frozenset("-/.*!$")
_COMPOUND = re.compile(r"\w+(?:[-/.*!$]\w+)+")
_REPORT_EVERY = 20_000
_START_SIZES = range(1, STARTS + 1)
_LINES_BATCH = 10_000


def rows_from_tracks(tracks: Iterable[Track]) -> pa.Table:
    """Return ``tracks`` as a table of the schema :data:`ROWS`; of features that no model may read only the source."""
    columns: dict[str, list[Any]] = {name: [] for name in ROWS.names}
    for track in tracks:
        features = usable_features(track)
        columns["features"].append(features.vector() if features else UNKNOWN)
        columns["features_source"].append(track.features.source if track.features else None)
        for name in ROWS.names:
            if not name.startswith("features"):
                columns[name].append(getattr(track, name))
    return pa.table(columns, schema=ROWS)


def write_segment(directory: Path, rows: pa.Table, step: Step) -> None:
    """Write ``rows`` (schema :data:`ROWS`, ids distinct) as a segment into the new folder ``directory``.

    ``step`` is called with the phase, the rows done and the rows in all. The format file is written last: a folder
    without it is unfinished.
    """
    directory.mkdir(parents=True)
    popularity = rows["popularity"].to_numpy()
    most_popular_first = np.argsort(-np.where(np.isnan(popularity), -1.0, popularity), kind="stable")
    rows = rows.take(most_popular_first).combine_chunks()
    titles, artists = rows["title"].to_pylist(), rows["artists"].to_pylist()
    step("names", 0, len(rows))
    keys, first = _name_keys(titles, artists)
    ids = rows["id"].to_pylist()
    compositions, kinds = _versions(titles, artists, keys["plain_key"])
    artist_names, artist_columns = _artist_directory(first)
    codes = {
        "recording_code": _codes(keys["plain_key"], first, ids),
        "composition_code": _codes(compositions, first, ids),
    }
    for name, column in (_columns(rows) | artist_columns | codes | {"kinds": kinds}).items():
        np.save(directory / f"{name}.npy", column)
    write_records(directory / TRACKS_FILE, _track_lines(rows))
    names = zip(keys["plain_key"], keys["artist_key"], strict=True)
    write_records(directory / NAMES_FILE, map(NAMES_SEPARATOR.join, names))
    write_records(directory / ARTISTS_FILE, artist_names)
    _write_labels(directory / LABELS_FILE, rows["labels"])
    _write_index(directory / INDEX_DIR, keys, list(map(_joined, titles, artists)), step)
    sizes = {p.relative_to(directory).as_posix(): p.stat().st_size for p in directory.rglob("*") if p.is_file()}
    sums = {name: digest(directory / name) for name in sizes}
    described = {"format": FORMAT, "count": len(rows), "files": sizes, "sha256": sums}
    (directory / FORMAT_FILE).write_text(json.dumps(described, indent=1), "utf-8")


def _name_keys(titles: list[str], artists: list[list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the normalised names by column, and the normalised first artist of each track ("" for none)."""
    key_of = {name: normalise(name) for names in artists for name in names}
    bare = map(plain_title, titles)
    title_keys = list(map(normalise, titles))
    keys = {
        "title_key": title_keys,
        # Normalising is slow, and most titles have no marks: their key is the one of the full title.
        "plain_key": [
            key if plain == full else normalise(plain)
            for key, plain, full in zip(title_keys, bare, titles, strict=True)
        ],
        "artist_key": [" ".join(key_of[name] for name in names) for names in artists],
    }
    return keys, [key_of[names[0]] if names else "" for names in artists]


def _versions(titles: list[str], artists: list[list[str]], plain_titles: list[str]) -> tuple[list[str], np.ndarray]:
    """Return the keys of the compositions, and the kinds of version as bits."""
    compositions, kinds = list(map(composition_key, plain_titles)), np.zeros(len(titles), np.uint16)
    imitators = {name for names in artists for name in names if version_of("", (name,)).kinds}
    for row, (title, names) in enumerate(zip(titles, artists, strict=True)):
        if is_marked(title) or not imitators.isdisjoint(names):
            version = version_of(title, tuple(names))
            compositions[row], kinds[row] = version.composition or compositions[row], kind_bits(version.kinds)
    return compositions, kinds


def _codes(plain_titles: list[str], first_artists: list[str], ids: list[str]) -> np.ndarray:
    """Return the hash of each track's :func:`store.text.recording_key`; of its id if it has no title."""
    named = zip(plain_titles, first_artists, ids, strict=True)
    keys = (f"{title}\x1f{artist}" if title else track for title, artist, track in named)
    return np.fromiter(map(recording_hash, keys), np.int64, len(ids))


def _columns(rows: pa.Table) -> dict[str, np.ndarray]:
    hashes = np.fromiter(map(id_hash, rows["id"].to_pylist()), np.uint64, len(rows))
    by_hash = np.argsort(hashes, kind="stable").astype(np.int32)
    features = rows["features"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return {
        "features": features.reshape(-1, len(AUDIO_FEATURES)),
        "popularity": rows["popularity"].fill_null(np.nan).to_numpy(),
        "year": rows["year"].fill_null(0).to_numpy(),
        "id_hash": hashes[by_hash],
        "id_row": by_hash,
    }


def _track_lines(rows: pa.Table) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for batch in rows.select(TRACK_CELLS).to_batches(max_chunksize=_LINES_BATCH):
        for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield encode(cells) + "\n"


def _artist_directory(first: list[str]) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the sorted names of first artists, and the columns that map rows to artists and artists to rows."""
    names = sorted(set(first))
    code_of = {name: code for code, name in enumerate(names)}
    codes = np.fromiter((code_of[name] for name in first), np.int32, len(first))
    rows = np.argsort(codes, kind="stable").astype(np.int32)
    start = np.searchsorted(codes[rows], np.arange(len(names))).astype(np.int32)
    return names, {"artist_code": codes, "artist_rows": rows, "artist_start": start}


def _write_labels(path: Path, labels: pa.ChunkedArray) -> None:
    per_row = labels.combine_chunks()
    rows = per_row.value_parent_indices().to_numpy().astype(np.int32)
    names, codes = np.unique(np.asarray(per_row.flatten().to_pylist(), dtype=np.str_), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    start = np.searchsorted(codes[order], np.arange(len(names) + 1)).astype(np.int32)
    np.savez(path, names=names, start=start, rows=rows[order])


def index_schema() -> tantivy.Schema:
    """Return the fields of the word index.

    ``row`` is the value of a hit; because rows are sorted by popularity, it is also the order of hits. ``words`` holds
    the words of title and artists, ``title`` and ``artist`` hold them separately, ``starts`` holds the first letter and
    the first two letters of each word, and ``name`` the whole normalised title as one term.
    """
    fields = tantivy.SchemaBuilder().add_unsigned_field("row", fast=True)
    for name in ("words", "title", "artist", "starts"):
        fields = fields.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    return fields.add_text_field("name", tokenizer_name="raw", index_option="basic").build()


def _write_index(directory: Path, keys: dict[str, list[str]], joined: list[list[str]], step: Step) -> None:
    directory.mkdir()
    index = tantivy.Index(index_schema(), path=str(directory))
    writer = index.writer(heap_size=_INDEX_HEAP_BYTES, num_threads=1)
    names = zip(keys["title_key"], keys["plain_key"], keys["artist_key"], joined, strict=True)
    for row, name in enumerate(names):
        writer.add_document(_document(row, *name))
        if row % _REPORT_EVERY == 0:
            step("index", row, len(joined))
    writer.commit()
    writer.wait_merging_threads()
    step("index", len(joined), len(joined))


def _document(row: int, title: str, plain: str, artist: str, joined: list[str]) -> tantivy.Document:
    words = {*title.split(), *artist.split(), *joined}
    document = tantivy.Document(
        words=" ".join(words),
        starts=" ".join({word[:size] for word in words for size in _START_SIZES}),
        title=title,
        artist=artist,
        name=list({title, plain} - {""}),
    )
    document.add_unsigned("row", row)  # a keyword argument would be stored as a signed number
    return document


def _joined(title: str, artists: list[str]) -> list[str]:
    """Return the joined form of compound names, "annemarie" for "Anne-Marie", because people type them like that."""
    text = " ".join([title, *artists])
    if _MARKS.isdisjoint(text):
        return []
    return [normalise(compound).replace(" ", "") for compound in _COMPOUND.findall(text)]
