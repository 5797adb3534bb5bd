"""Imported public track tables: Parquet files of normalised rows under ``tables/`` of the catalogue.

A file is named after its table and the SHA-256 of its contents; its metadata holds its number in the order of imports
and the summary of its import. It may hold an id several times: the build merges them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from store.catalogue.segment import CatalogueError
from store.catalogue.writer import ROWS

TABLES_DIR = "tables"
TABLE_FORMAT = 2
_META = b"tastemap"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFile:
    """One imported table: ``order`` counts imports from 1; ``summary`` is what its import reported."""

    path: Path
    order: int
    sha256: str
    summary: Mapping[str, Any]


def table_files(root: Path) -> list[TableFile]:
    """Return the imported tables in the order of their import.

    Raises CatalogueError if a file is damaged or of another format version.
    """
    found = [_described(path) for path in sorted((root / TABLES_DIR).glob("*.parquet"))]
    return sorted(found, key=lambda table: (table.order, table.path.name))


def tables_there(root: Path) -> list[str]:
    """Return the names of the imported tables' files; a table with other contents has another name."""
    return sorted(path.name for path in (root / TABLES_DIR).glob("*.parquet"))


def _described(path: Path) -> TableFile:
    try:
        meta = json.loads((pq.read_metadata(path).metadata or {})[_META])
        if meta["format"] != TABLE_FORMAT:
            raise _broken(path, "has another format.")
        return TableFile(path=path, order=meta["order"], sha256=meta["sha256"], summary=meta["summary"])
    except (pa.ArrowInvalid, OSError, ValueError, KeyError) as error:
        raise _broken(path, f"cannot be read: {error}") from error


def _broken(path: Path, how: str) -> CatalogueError:
    hint = f"Delete {path} and import the table again. On the server: python -m etl import FILE"
    return CatalogueError(f"The imported table {path.name} {how}", hint)


def read_tables(root: Path) -> pa.Table:
    """Return the rows of all imported tables, in the order of import, in the schema ROWS."""
    tables = []
    for table in table_files(root):
        try:
            tables.append(pq.read_table(table.path, use_threads=False).cast(ROWS))
        except (pa.ArrowInvalid, OSError, ValueError) as error:
            raise _broken(table.path, f"cannot be read: {error}") from error
    return pa.concat_tables(tables) if tables else ROWS.empty_table()


def read_ids(root: Path) -> Iterator[list[str]]:
    """Yield the ids of all imported tables, a batch at a time."""
    for table in table_files(root):
        with pq.ParquetFile(table.path) as file:
            for batch in file.iter_batches(columns=["id"]):
                yield batch.column(0).to_pylist()


def metadata(order: int, sha256: str, summary: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return the file metadata that :func:`table_files` reads."""
    described = {"format": TABLE_FORMAT, "order": order, "sha256": sha256, "summary": summary}
    return {_META: json.dumps(described, ensure_ascii=False).encode()}
