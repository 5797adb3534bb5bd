"""Imports public track tables, plain or gzipped CSV from a path or the web, directly into the catalogue.

The table is streamed: a few tens of thousands of rows are in memory at a time. Its normalised rows are written to a
hidden file, which one rename adds to the tables when it is complete; the catalogue's build merges ids.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl.imports.reading.csv_table import BAD_ROW, CsvTable, open_table
from etl.imports.reading.download import download, is_url
from etl.imports.sheets.convention import Convention
from etl.imports.sheets.headings import TABLE_HEADINGS, looks_like_table, table_columns
from etl.imports.sheets.track_rows import MAX_POPULARITY
from etl.imports.storing.table_columns import (
    artist_splitter,
    convention_of,
    features,
    genres,
    in_plain_numbers,
    numbers,
    years,
)
from etl.values import any_id, boolean_cell
from store.catalogue.tables import TABLES_DIR, metadata, read_ids, table_files
from store.catalogue.writer import ROWS
from store.domain import AUDIO_FEATURES, local_track_id
from store.locks import locked
from store.runs import MOST_EXAMPLES, ImportProblem, Progress, RunSummary, Skipped

Report = Callable[[Progress], None]
_ARTIST_SAMPLE = 2_000
# The columns that are not audio features.
_NAMED = tuple(name for name in TABLE_HEADINGS if name not in AUDIO_FEATURES)
_ANONYMOUS = "no id and no name"


def import_table(
    source: Path | str,
    catalogue_root: Path,
    progress: Report,
    *,
    encoding: str = "utf-8-sig",
    resumed: bool = False,
    allow_private: bool = False,
) -> RunSummary:
    """Import the track table at ``source``, a path or an https address, into the catalogue's tables.

    The catalogue serves it after the next :func:`store.catalogue.builder.build_public`. A track counts as *stored* if
    its id is new, and as *known* if an earlier row or another table has it; such rows still fill gaps. Importing the
    same contents again adds nothing. With ``resumed``, a run that was killed after its table was complete reports the
    same counts. ``allow_private`` allows addresses outside the public internet.

    Raises ImportProblem if the source cannot be fetched or read, or is not a track table; CatalogueError if a table
    imported before is damaged.
    """
    if is_url(source):
        path = download(
            str(source),
            catalogue_root / "downloads",
            lambda done, total: progress(Progress(phase="download", done=done, total=total)),
            allow_private=allow_private,
        )
        summary = _import_file(path, catalogue_root, progress, encoding, resumed)
        path.unlink()
        return summary
    return _import_file(Path(source), catalogue_root, progress, encoding, resumed)


def _import_file(path: Path, root: Path, progress: Report, encoding: str, resumed: bool) -> RunSummary:
    with open_table(path, encoding) as csv_table:
        if not looks_like_table(csv_table.headings):
            raise _unknown_headings(csv_table)
        folder = root / TABLES_DIR
        folder.mkdir(parents=True, exist_ok=True)
        # One import at a time, because the known ids depend on the earlier imports.
        with locked(root / ".tables.lock"):
            for left in folder.glob("*.partial"):
                left.unlink()
            return _Import(csv_table, _table_name(path), root, progress).run(resumed)


def _unknown_headings(csv_table: CsvTable) -> ImportProblem:
    shown = ", ".join(heading for heading in csv_table.headings[:12] if heading.strip()) or "none"
    return ImportProblem(
        "unknown_headings",
        f"{csv_table.name} is not a track table: its headings are {shown}.",
        "A track table has a title, an id or an artist, and audio features, a popularity or a genre.",
    )


def _table_name(path: Path) -> str:
    """Return the file's name without its endings as one word, which becomes the source of its tracks."""
    stem = path.name
    for ending in (".gz", ".csv", ".tsv", ".txt"):
        stem = stem[: -len(ending)] if stem.lower().endswith(ending) else stem
    return re.sub(r"[^\w]+", "_", stem).strip("_")[:60] or "table"


class _Import:
    """The import of one table from a CSV file to its Parquet file."""

    def __init__(self, csv_table: CsvTable, name: str, root: Path, progress: Report) -> None:
        self.csv, self.name, self.root, self.progress = csv_table, name, root, progress
        self.seen: set[str] = set()
        self.requested = self.stored = self.known = 0
        self.anonymous = 0
        self.examples: list[Skipped] = []
        self.outside: Counter[str] = Counter()

    def run(self, resumed: bool) -> RunSummary:
        before = table_files(self.root)
        for ids in read_ids(self.root):
            self.seen.update(ids)
        partial = self.root / TABLES_DIR / f"{self.name}.partial"
        with pq.ParquetWriter(partial, ROWS, compression="zstd") as writer:
            for rows in self._tables():
                writer.write_table(rows)
            summary = self._summary()
            order = max((table.order for table in before), default=0) + 1
            writer.add_key_value_metadata(metadata(order, self.csv.sha256, asdict(summary)))
        same = next((table for table in before if table.sha256 == self.csv.sha256), None)
        if same is not None:
            partial.unlink()
            return _stored_summary(same.summary) if resumed else summary
        partial.replace(partial.with_name(f"{self.name}-{self.csv.sha256[:12]}.parquet"))
        return summary

    def _tables(self) -> Iterator[pa.Table]:
        """Yield the rows of the file in the schema ROWS, and count them."""
        columns = table_columns(self.csv.headings)
        split, convention = None, Convention()
        for rows_read, frame in self.csv.batches(columns):
            if split is None:
                cells = frame["artists"][:_ARTIST_SAMPLE].tolist() if "artists" in frame else []
                split = artist_splitter(self.csv.headings[columns.get("artists", 0)], cells)
                headings = {name: self.csv.headings[at] for name, at in columns.items()}
                convention = convention_of(frame[:_ARTIST_SAMPLE], headings, self.csv.delimiter)
            frame = in_plain_numbers(frame, convention)
            first_line = self.requested + 2
            rows, outside = normalised_rows(frame, self.name, split)
            self.outside.update(outside)
            named = np.array([bool(known) for known in rows["id"].to_pylist()], bool)
            self._leave_out((np.flatnonzero(~named) + first_line).tolist())
            rows = rows.filter(pa.array(named))
            self._count(rows["id"].to_pylist())
            self.requested = rows_read
            yield rows
            self._report()

    def _leave_out(self, lines: list[int]) -> None:
        self.anonymous += len(lines)
        room = MOST_EXAMPLES - len(self.examples)
        self.examples += [Skipped(line=line, reason=_ANONYMOUS) for line in lines[:room]]

    def _count(self, ids: list[str]) -> None:
        for track in ids:
            if track in self.seen:
                self.known += 1
            else:
                self.seen.add(track)
                self.stored += 1

    def _report(self) -> None:
        self.progress(
            Progress(
                phase="import",
                done=self.csv.position,
                total=self.csv.size,
                requested=self.requested,
                stored=self.stored,
                known=self.known,
                skipped=self.anonymous + self.csv.bad_rows,
            )
        )

    def _summary(self) -> RunSummary:
        skipped = {_ANONYMOUS: self.anonymous, BAD_ROW: self.csv.bad_rows}
        examples = sorted([*self.csv.examples, *self.examples], key=lambda example: example.line)
        return RunSummary(
            requested=self.requested,
            stored=self.stored,
            known=self.known,
            skipped={reason: count for reason, count in skipped.items() if count},
            examples=tuple(examples[:MOST_EXAMPLES]),
            emptied=dict(self.outside),
        )


def _stored_summary(stored: Mapping[str, Any]) -> RunSummary:
    return RunSummary(**{**stored, "examples": tuple(Skipped(**example) for example in stored["examples"])})


def normalised_rows(
    frame: pd.DataFrame, table: str, split: Callable[[str], tuple[str, ...]]
) -> tuple[pa.Table, dict[str, int]]:
    """Return the rows in the schema ROWS, and the number of out-of-bounds values per feature.

    A row without an id gets :func:`store.domain.local_track_id`; without an id and a name, its id is "".
    """
    vectors, outside = features(frame)
    blank = pd.Series([""] * len(frame), index=frame.index, dtype="str")
    series = {name: frame[name].str.strip() if name in frame else blank for name in _NAMED}
    # Iterating over a list is ten times as fast as over a text column.
    cells = {name: column.tolist() for name, column in series.items()}
    popularity = numbers(series["popularity"])
    columns: dict[str, Any] = {
        "title": cells["title"],
        "artists": [split(cell) for cell in cells["artists"]],
        "album": [cell or None for cell in cells["album"]],
        "year": pa.array(years(series["released"]), pa.int16(), from_pandas=True),
        "duration_ms": [None if np.isnan(v) else int(v) for v in vectors[:, AUDIO_FEATURES.index("duration_ms")]],
        "isrc": [cell or None for cell in cells["isrc"]],
        "popularity": pa.array(popularity, pa.float32(), mask=~((popularity >= 0) & (popularity <= MAX_POPULARITY))),
        "explicit": [boolean_cell(cell) for cell in cells["explicit"]],
        "labels": _labels(cells),
        "artist_genres": [genres(cell) for cell in cells["artist_genres"]],
        "source": [f"{table} ({cell.replace('|', ', ')})" if cell else table for cell in cells["sources"]],
        "features": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), len(AUDIO_FEATURES)),
    }
    columns["id"] = _ids(cells["id"], columns)
    unknown = np.isnan(vectors).all(axis=1)
    columns["features_source"] = pa.array(columns["source"], pa.string(), mask=unknown)
    return pa.table({name: columns[name] for name in ROWS.names}, schema=ROWS), outside


def _ids(cells: list[str], columns: Mapping[str, Any]) -> list[str]:
    ids = [any_id(cell) for cell in cells]
    names = zip(columns["title"], columns["artists"], columns["album"], columns["duration_ms"], strict=True)
    for at, name in enumerate(names):
        if not ids[at] and name[0]:
            ids[at] = local_track_id(*name)
    return ids


def _labels(cells: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """Return the genres of each track; those of its playlists only if it has none."""
    rows = zip(cells["labels"], cells["playlist_genres"], cells["playlist_subgenres"], strict=True)
    return [genres(labels) or tuple(dict.fromkeys(genres(genre) + genres(sub))) for labels, genre, sub in rows]
