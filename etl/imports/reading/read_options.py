"""The options by which a person says how a file is to be read; the rest is recognised from the file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ReadAs = Literal["playlist", "table", "shared"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """What a person has chosen.

    Attributes
    ----------
    read_as : {"playlist", "table", "shared"}, optional
        Whether a table of tracks is a playlist, or goes into the catalogue. What everybody's models learn from (a slice
        of the Million Playlist Dataset, an audio analysis) a browser gives to everybody as "shared".
    encoding : str, optional
        The name of the text's encoding.
    columns : mapping of str to int or str
        For a field of :data:`etl.imports.sheets.heading_names.LIST_HEADINGS` the number of its column, from 1, or its
        heading; 0 for none. Other fields are found by their headings.
    has_headings : bool
        Whether a row of headings stands above the rows.
    allow_private : bool
        Whether a web address may lead to one that is not of the public internet.
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
        """Return the options as the database keeps them."""
        return asdict(self)

    @property
    def chooses_columns(self) -> bool:
        """Whether somebody has said where the values of a list of tracks stand."""
        return bool(self.columns) or not self.has_headings
