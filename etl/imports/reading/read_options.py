"""A person's options for reading a file; everything else is detected."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ReadAs = Literal["playlist", "table", "shared"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """A person's choices.

    Attributes
    ----------
    read_as : {"playlist", "table", "shared"}, optional
        Whether a table of tracks is a playlist, or goes into the catalogue. A browser must choose "shared" for files
        that everybody's models are trained on: a slice of the Million Playlist Dataset, or an audio analysis.
    encoding : str, optional
        The name of the text's encoding.
    columns : mapping of str to int or str
        By field of :data:`etl.imports.sheets.heading_names.LIST_HEADINGS`: the number of its column, from 1, or its
        heading; 0 for none. Other fields are found by their headings.
    has_headings : bool
        Whether the first row has headings.
    allow_private : bool
        Whether a web address outside the public internet is allowed.
    """

    read_as: ReadAs | None = None
    encoding: str | None = None
    columns: Mapping[str, int | str] = field(default_factory=dict)
    has_headings: bool = True
    allow_private: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> "ReadOptions":
        """Return the options in the document of a run, as :meth:`document` made them."""
        return cls(**document) if document else cls()

    def document(self) -> dict[str, Any]:
        """Return the options as a document for the database."""
        return asdict(self)

    @property
    def chooses_columns(self) -> bool:
        """Whether a person has chosen the columns of a list of tracks."""
        return bool(self.columns) or not self.has_headings


NO_OPTIONS = ReadOptions()
