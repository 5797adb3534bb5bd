"""Reads a CSV table of tracks, plain or gzipped, once from beginning to end in batches of rows.

Public tables have millions of rows. pyarrow reads them by column, ten times as fast as
:class:`etl.imports.reading.text_file.TextFile`, which takes any encoding and ragged rows.
"""

import codecs
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from etl.imports.reading.bytes import BLOCK, UnpackedFile, Utf8File, other_kind
from etl.imports.sheets.headings import sniff_delimiter, table_columns
from store.runs import MOST_EXAMPLES, ImportProblem, Skipped

# A limit for small gzip files that unpack to very much; no public track table is this large.
_MAX_UNPACKED = 8 << 30
_UTF8 = "utf-8-sig"
_BATCH_BYTES = 2_000_000
_MAX_HEADINGS = 1 << 16
BAD_ROW = "not as many cells as there are headings"
_HINT = "Give a CSV file with headings, plain or gzipped, such as track_id,track_name,artists,danceability,…"


class CsvTable:
    """A CSV table, as :func:`open_table` opens it.

    Attributes
    ----------
    delimiter : str
    headings : list of str
        The first row.
    size : int
        Bytes of the (packed) file.
    bad_rows : int
        How many rows had more or fewer cells than headings, so far. ``examples`` holds the first of them, with their
        row number as line; the headings are row 1.
    """

    def __init__(self, name: str, size: int, file: UnpackedFile, encoding: str = _UTF8) -> None:
        self.name, self.size, self._file = name, size, file
        self.bad_rows, self.examples = 0, list[Skipped]()
        recoded = file if encoding == _UTF8 else Utf8File(cast(BinaryIO, file), encoding)
        self._bytes = io.BufferedReader(recoded, BLOCK)
        self.delimiter, self.headings = self._read_headings()

    def _read_headings(self) -> tuple[str, list[str]]:
        head = self._bytes.peek()
        if not head.removeprefix(codecs.BOM_UTF8).strip():
            raise ImportProblem("empty", f"{self.name} is empty.", _HINT)
        if kind := other_kind(head):
            hint = "Unpack it and import the CSV file inside." if kind == "a zip archive" else _HINT
            raise self._not_a_table(f"it is {kind}.", hint)
        first = self._bytes.readline(_MAX_HEADINGS)
        if b"\0" in head[:_MAX_HEADINGS] or len(first) == _MAX_HEADINGS:
            raise self._not_a_table("it is not text.")
        with self._parsing():
            line = first.decode("utf-8-sig").rstrip("\r\n")
        return sniff_delimiter(line, lambda cells: len(table_columns(cells)))

    @property
    def position(self) -> int:
        """How many bytes of the (packed) file have been read."""
        return self._file.position

    @property
    def sha256(self) -> str:
        """The hash of the unpacked bytes that have been read so far, in hexadecimal."""
        return self._file.sha256

    def batches(self, columns: Mapping[str, int]) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yield (rows, well-formed and not, read so far; frame of text) for the ``columns`` name -> index.

        Missing cells are "".

        Raises ImportProblem if there are no rows, or the bytes are not CSV in UTF-8.
        """
        if not self._bytes.peek().strip():
            raise ImportProblem("empty", f"{self.name} has headings but no rows.", _HINT)
        unique = [f"c{at}" for at in range(len(self.headings))]  # headings may repeat
        wanted = {unique[at]: name for name, at in columns.items()}
        rows = 0
        with self._parsing():
            for batch in self._open(unique, list(wanted)):
                rows += batch.num_rows
                yield rows + self.bad_rows, batch.rename_columns(list(wanted.values())).to_pandas()

    def _open(self, unique: list[str], wanted: list[str]) -> pa.csv.CSVStreamingReader:
        return pa.csv.open_csv(
            pa.PythonFile(self._bytes, mode="r"),
            # pyarrow gives the number of an invalid row only if it uses no threads.
            pa.csv.ReadOptions(use_threads=False, block_size=_BATCH_BYTES, column_names=unique),
            pa.csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=self._note_bad_row
            ),
            pa.csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )

    def _note_bad_row(self, row: pa.csv.InvalidRow) -> str:
        self.bad_rows += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(Skipped(line=(row.number or 0) + 1, reason=BAD_ROW))
        return "skip"

    def _not_a_table(self, why: str, hint: str = _HINT) -> ImportProblem:
        return ImportProblem("not_a_table", f"{self.name} is not a track table: {why}", hint)

    @contextmanager
    def _parsing(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:
            raise self._not_a_table("it is not text in UTF-8.") from error
        except pa.ArrowInvalid as error:
            raise self._not_a_table(str(error)) from error


@contextmanager
def open_table(path: Path, encoding: str = _UTF8) -> Iterator[CsvTable]:
    """Open the CSV table at ``path`` and read its headings.

    Raises ImportProblem if the file is absent, empty, of another kind, a damaged gzip file, or not text in
    ``encoding``.
    """
    try:
        file = UnpackedFile(path, limit=_MAX_UNPACKED, damaged="broken_gzip")
    except OSError as error:
        raise ImportProblem("unreadable", f"{path} cannot be read: {error.strerror}", "Check the path.") from error
    with file:
        yield CsvTable(path.name, path.stat().st_size, file, encoding)
