"""A text file as rows with headings: its delimiter, headings, layout and convention."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from etl.exports.exportify import HEADINGS, unguarded
from etl.imports.reading.bytes import Watch, head_of
from etl.imports.reading.read_options import NO_OPTIONS, ReadOptions
from etl.imports.reading.text_file import TextFile
from etl.imports.sheets.convention import Convention
from etl.imports.sheets.heading_names import LIST_HEADINGS
from etl.imports.sheets.headings import find_columns, normal_heading, sniff_delimiter
from etl.imports.sheets.layout import Layout, corrected, find_layout, known_headings
from store.runs import ImportProblem

_HINT = (
    "If it is a list of tracks, say which columns hold titles and artists (in the page, or by --columns and "
    "--no-headings). A text is a list where its lines are links or Artist - Title."
)
_IDS_ALONE = frozenset(
    {"video id", "videoid", "track uri", "track id", "spotify id", "spotify uri", "uri", "id", "isrc"}
)
_SAMPLE_ROWS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A text file with its delimiter and headings; ``layout`` is None if it is not a list of tracks.

    ``sample`` holds the first rows, ``convention`` says how they write numbers and dates. A file without headings
    (``has_headings``) has "Column 1" and so on. ``is_guarded`` says that cells which spreadsheets would run have an
    apostrophe before them (:mod:`etl.exports.exportify`).
    """

    headings: tuple[str, ...]
    sample: Sequence[Sequence[str]]
    layout: Layout | None
    convention: Convention
    text: TextFile | None = None
    delimiter: str = ","
    has_headings: bool = True
    is_guarded: bool = False

    @classmethod
    def open(cls, file: TextFile, options: ReadOptions = NO_OPTIONS) -> Sheet:
        """Read the headings and a sample of the rows; the columns that ``options`` name take precedence.

        Raises ImportProblem if the text cannot be split into rows (``malformed``); it lacks a chosen column
        (``no_such_column``).
        """
        delimiter, headings = sniff_delimiter(file.head(), known_headings)
        below = _rows(file, delimiter, headings if options.has_headings else None)
        rows = [cells for _, cells in islice(below, _SAMPLE_ROWS)]
        if not options.has_headings:
            headings = [f"Column {number}" for number in range(1, max(map(len, rows), default=0) + 1)]
        sheet = cls.of_rows(headings, rows, delimiter, options)
        is_exported = {heading.strip("\ufeff ") for heading in headings} >= set(HEADINGS)
        is_guarded = is_exported and head_of(file.path).startswith(codecs.BOM_UTF8)
        return replace(sheet, text=file, is_guarded=is_guarded)

    @classmethod
    def of_rows(
        cls,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        delimiter: str = ",",
        options: ReadOptions = NO_OPTIONS,
    ) -> Sheet:
        """Return the sheet of ``headings`` and a sample of rows (or all of them)."""
        layout = find_layout(headings, rows)
        if options.chooses_columns:
            layout = corrected(layout, headings, rows, options.columns)
        return cls(
            delimiter=delimiter,
            headings=tuple(headings),
            sample=rows,
            layout=layout,
            convention=_convention(layout, headings, rows, delimiter) if layout else Convention(),
            has_headings=options.has_headings,
        )

    @property
    def file(self) -> TextFile:
        """The text file of the rows."""
        if self.text is None:
            raise ValueError("these rows are of no text file")
        return self.text

    def rows(self, watch: Watch | None = None) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows after the headings, each with its line."""
        rows = _rows(self.file, self.delimiter, list(self.headings) if self.has_headings else None, watch)
        return ((line, list(map(unguarded, cells))) for line, cells in rows) if self.is_guarded else rows

    @property
    def columns(self) -> Mapping[str, int]:
        """The index of the column of each field that was found."""
        return self.layout.columns if self.layout else find_columns(self.headings, LIST_HEADINGS)

    def understood(self, columns: Mapping[str, int] | None = None) -> Mapping[str, str]:
        """Return the heading of each field that is read: of ``columns``, else of the layout."""
        if columns is None:
            columns = self.layout.columns if self.layout else {}
        return {field: self.headings[at].strip("\ufeff \t") for field, at in columns.items() if at < len(self.headings)}

    def doubts(self) -> tuple[str, ...]:
        """Return sentences about ambiguities of the file."""
        notes = (self.file.note,) if self.file.note else ()
        if self.convention.dates.certain:
            return notes
        order = "day/month" if self.convention.dates.day_first else "month/day"
        return (*notes, f"Dates such as 01/02/2024 are read as {order}; no date of the file shows which it is.")

    def playlist_layout(self) -> Layout:
        """Return the layout, or raise ImportProblem if the file is not a playlist."""
        name = self.text.path.name if self.text else "It"
        if not self.sample and len(self.headings) > 1:
            raise ImportProblem("no_rows", f"{name} holds headings but no rows.", "The exported playlist may be empty.")
        if self.layout is None:
            shown = ", ".join(heading.strip() for heading in self.headings[:6])
            if _IDS_ALONE & {normal_heading(heading) for heading in self.headings}:
                raise ImportProblem(
                    "not_a_playlist",
                    f"{name} holds ids without titles and artists: {shown:.200}.",
                    "Export the playlist with its titles, for example as CSV by TuneMyMusic.",
                )
            raise ImportProblem(
                "not_a_playlist", f"{name} has no column of titles with one of artists beside it: {shown:.200}.", _HINT
            )
        return self.layout


def _convention(layout: Layout, headings: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str) -> Convention:
    cells = {field: [row[at] for row in rows if at < len(row)] for field, at in layout.columns.items()}
    length = layout.columns.get("length")
    heading = normal_heading(headings[length]) if length is not None and length < len(headings) else ""
    return Convention.of(cells, delimiter=delimiter, length_heading=heading)


def _rows(
    file: TextFile, delimiter: str, headings: list[str] | None, watch: Watch | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows after the row ``headings``, each with its line; without headings, yield all rows.

    Repeated headings are skipped: they occur where files were joined.
    """
    rows = file.rows(delimiter, watch)
    if headings is None:
        return rows
    width = len(headings)
    if not any(cells[:width] == headings for _, cells in rows):
        return iter(())
    return ((line, cells) for line, cells in rows if cells[:width] != headings)
