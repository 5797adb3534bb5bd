"""A text file as rows below headings: its delimiter, its headings, and its layout if it is a playlist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from etl.imports.exportify_layout import Layout, find_layout, known_headings
from etl.imports.reading.bytes import Watch
from etl.imports.reading.headings import sniff_delimiter
from etl.imports.reading.text_file import TextFile
from store.runs import ImportProblem

_HINT = "Bring a CSV file written by Exportify (exportify.net or exportify.app) or a CSV table of tracks."
_SAMPLE_ROWS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A text file with its delimiter and headings; ``layout`` is None if it is not a playlist."""

    file: TextFile
    delimiter: str
    headings: tuple[str, ...]
    layout: Layout | None
    empty: bool

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
        return cls(
            file=file,
            delimiter=delimiter,
            headings=tuple(headings),
            layout=find_layout(headings, rows),
            empty=not rows,
        )

    def playlist_layout(self) -> Layout:
        """Return the layout, or raise ImportProblem if the file is not a playlist."""
        if self.empty and len(self.headings) > 1:
            raise ImportProblem(
                "no_rows", f"{self.file.path.name} holds headings but no rows.", "The exported playlist may be empty."
            )
        if self.layout is None:
            shown = ", ".join(heading.strip() for heading in self.headings[:6])
            raise ImportProblem(
                "not_a_playlist",
                f"{self.file.path.name} is neither an Exportify playlist nor a table of tracks: {shown:.200}.",
                _HINT,
            )
        return self.layout


def below_headings(
    file: TextFile, delimiter: str, headings: list[str], watch: Watch | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows after the row ``headings``, each with its line."""
    rows = file.rows(delimiter, watch)
    for _, cells in rows:
        if cells == headings:
            return rows
    return iter(())
