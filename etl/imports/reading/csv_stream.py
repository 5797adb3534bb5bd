"""A CSV file, plain or gzipped, read once from front to back: hashed, checked and cut into batches of rows."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.imports.reading.bytes import gzip_errors_reported, other_kind, unpacked
from etl.imports.reading.headings import sniff_delimiter, table_columns
from store.runs import ImportProblem, Skipped

T = TypeVar("T")
# More than any public track table holds; a bound on what a small gzip file can unfold to.
MAX_UNPACKED_BYTES = 8_000_000_000
_BATCH_BYTES = 2_000_000
_HEAD_BYTES = 1 << 16
_MAX_EXAMPLES = 20
BAD_ROW = "not as many cells as there are headings"
_HINT = "Give a CSV file with headings, plain or gzipped, such as track_id,track_name,artists,danceability,…"


def not_a_table(name: str, why: str, hint: str = _HINT) -> ImportProblem:
    """Return the problem of a file that holds no table."""
    return ImportProblem("not_a_table", f"{name} is not a track table: {why}", hint)


class CsvStream(io.RawIOBase):
    """The unpacked bytes of a CSV file as a stream that hashes what passes through it.

    Attributes
    ----------
    headings : list of str
        The first row.
    position, size : int
        Bytes of the (packed) file read so far and in all.
    bad_rows : int
        Rows with more or fewer cells than there are headings, so far; ``examples`` holds the first of them,
        their line being that of the row, with the headings as row 1.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path`` and read its headings.

        Raises
        ------
        ImportProblem
            When the file is absent, empty, of another kind, a damaged gzip file, or not text in UTF-8.
        """
        super().__init__()
        self.name, self.size = path.name, 0
        self.bad_rows, self.examples = 0, list[Skipped]()
        self._hash, self._unpacked = hashlib.sha256(), 0
        try:
            self._raw = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise ImportProblem("unreadable", f"{path} cannot be read: {error.strerror}", "Check the path.") from error
        try:
            self._text, _ = unpacked(self._raw)
            self._head = self._read_unpacked(_HEAD_BYTES)
            self.headings, self._delimiter = self._take_headings()
        except ImportProblem:
            self.close()
            raise

    @property
    def position(self) -> int:
        return self._raw.tell()

    @property
    def sha256(self) -> str:
        """The hash of the unpacked bytes that have been read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most ``size``, hashed; the byte order mark is left out."""
        block, self._head = self._head, b""
        if not block:
            block = self._read_unpacked(size)
            self._hash.update(block)
        return block

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _read_unpacked(self, size: int) -> bytes:
        with gzip_errors_reported(self.name, "broken_gzip"):
            block = self._text.read(size)
        if self._unpacked == 0:
            block = block.removeprefix(codecs.BOM_UTF8)
        self._unpacked += len(block)
        if self._unpacked > MAX_UNPACKED_BYTES:
            raise ImportProblem("too_large", f"{self.name} unpacks to more than 8 GB.", "Split the table into parts.")
        return block

    def _take_headings(self) -> tuple[list[str], str]:
        """Read the first line off the head of the file; the rest of the head is what `read` gives first."""
        if not self._head.strip():
            raise ImportProblem("empty", f"{self.name} is empty.", _HINT)
        if kind := other_kind(self._head):
            hint = "Unpack it and import the CSV file inside." if kind == "a zip archive" else _HINT
            raise not_a_table(self.name, f"it is {kind}.", hint)
        first = self._head.splitlines(keepends=True)[0]
        if b"\0" in self._head or (len(first) == len(self._head) == _HEAD_BYTES):
            raise not_a_table(self.name, "it is not text.")
        try:
            line = first.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise not_a_table(self.name, "it is not text in UTF-8.") from error
        delimiter, headings = sniff_delimiter(line, lambda cells: len(table_columns(cells)))
        self._hash.update(self._head)
        self._head = self._head[len(first) :]
        return headings, delimiter

    def batches(self, columns: Mapping[str, int]) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yield (rows, well-formed and not, read so far; frame of text) for the ``columns`` name -> index.

        Missing cells are "".

        Raises
        ------
        ImportProblem
            When there are no rows, or bytes that are no CSV in UTF-8.
        """
        if not self._head.strip():
            raise ImportProblem("empty", f"{self.name} has headings but no rows.", _HINT)
        unique = [f"c{at}" for at in range(len(self.headings))]  # headings may repeat
        wanted = {unique[at]: name for name, at in columns.items()}
        reader = self._guarded(lambda: self._open(unique, list(wanted)))
        rows = 0
        while (batch := self._guarded(lambda: next(reader, None))) is not None:
            rows += batch.num_rows
            yield rows + self.bad_rows, batch.rename_columns(list(wanted.values())).to_pandas()

    def _open(self, unique: list[str], wanted: list[str]) -> pa.csv.CSVStreamingReader:
        return pa.csv.open_csv(
            pa.PythonFile(self, mode="r"),
            # Without threads the handler is told the number of the row.
            pa.csv.ReadOptions(use_threads=False, block_size=_BATCH_BYTES, column_names=unique),
            pa.csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=self._note_bad_row
            ),
            pa.csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )

    def _note_bad_row(self, row: pa.csv.InvalidRow) -> str:
        self.bad_rows += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(Skipped(line=(row.number or 0) + 1, reason=BAD_ROW))
        return "skip"

    def _guarded(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise not_a_table(self.name, str(error)) from error
