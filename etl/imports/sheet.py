"""A text file as rows below headings: its delimiter, headings, layout and convention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from etl.imports.exportify_layout import Layout, find_layout, known_headings
from etl.imports.reading.bytes import Watch
from etl.imports.reading.convention import Convention
from etl.imports.reading.headings import normal_heading, sniff_delimiter
from etl.imports.reading.text_file import TextFile
from store.runs import ImportProblem

_HINT = "Bring a CSV or TSV file with a column of titles and one of artists, as Exportify or Soundiiz write it."
_IDS_ALONE = frozenset(
    {"video id", "videoid", "track uri", "track id", "spotify id", "spotify uri", "uri", "id", "isrc"}
)
_SAMPLE_ROWS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A text file with its delimiter and headings; ``layout`` is None if it is not a list of tracks.

    ``sample`` holds the first rows, ``convention`` says how they write numbers and dates.
    """

    file: TextFile
    delimiter: str
    headings: tuple[str, ...]
    sample: Sequence[Sequence[str]]
    layout: Layout | None
    convention: Convention

    @classmethod
    def open(cls, file: TextFile) -> Sheet:
        """Read the headings and a sample of the rows.

        Raises
        ------
        ImportProblem
            The text cannot be split into rows (``malformed``).
        """
        delimiter, headings = sniff_delimiter(file.head(), known_headings)
        rows = [cells for _, cells in islice(below_headings(file, delimiter, headings), _SAMPLE_ROWS)]
        layout = find_layout(headings, rows)
        return cls(
            file=file,
            delimiter=delimiter,
            headings=tuple(headings),
            sample=rows,
            layout=layout,
            convention=_convention(layout, headings, rows, delimiter) if layout else Convention(),
        )

    def understood(self) -> Mapping[str, str]:
        """Return the heading of each field that is read."""
        columns = self.layout.columns if self.layout else {}
        return {field: self.headings[at].strip("\ufeff \t") for field, at in columns.items() if at < len(self.headings)}

    def doubts(self) -> tuple[str, ...]:
        """Return what the file leaves open, in sentences."""
        notes = (self.file.note,) if self.file.note else ()
        if self.convention.dates.certain:
            return notes
        order = "day/month" if self.convention.dates.day_first else "month/day"
        return (*notes, f"Dates such as 01/02/2024 are read as {order}; no date of the file shows which it is.")

    def playlist_layout(self) -> Layout:
        """Return the layout, or raise ImportProblem if the file is not a playlist."""
        name = self.file.path.name
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


def below_headings(
    file: TextFile, delimiter: str, headings: list[str], watch: Watch | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows after the row ``headings``, each with its line."""
    rows = file.rows(delimiter, watch)
    for _, cells in rows:
        if cells == headings:
            return rows
    return iter(())
