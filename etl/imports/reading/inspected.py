"""A file that is being recognised: its form, its digest, and parsed views that several readers use."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

from etl.imports.reading.bytes import (
    ZIP_MAGIC,
    Source,
    Watch,
    digest,
    document_in_zip,
    head_of,
    in_utf8,
    source_of,
    utf16_of,
)
from etl.imports.reading.json_file import load
from etl.imports.reading.read_options import NO_OPTIONS, ReadOptions
from etl.imports.reading.text_file import TextFile, examine
from etl.imports.sheets.sheet import Sheet

T = TypeVar("T")
# A chat begins with "[01.02.24", a PLS list with "[playlist]", RTF with "{\\rtf".
_JSON = re.compile(rb"\{\s*(?:[\"}]|$)|\[\s*(?:[\"{\[\]]|$|-?\d+(?:\.\d+)?\s*[,\]])")


class Form(Enum):
    """The form of a file, by its first bytes."""

    ARCHIVE = "zip archive"
    JSON = "JSON"
    PROPERTY_LIST = "property list"
    XSPF = "XSPF playlist"
    TEXT = "text"


def _form_of(head: bytes) -> Form:
    start = head.removeprefix(BOM_UTF8).lstrip()
    if head.startswith(ZIP_MAGIC) and not document_in_zip(head):
        return Form.ARCHIVE
    if _JSON.match(start):
        return Form.JSON
    if start.startswith(b"<") and re.search(rb"<plist\b|<!DOCTYPE\s+plist\b", start):
        return Form.PROPERTY_LIST
    if head.startswith(b"bplist0"):
        return Form.PROPERTY_LIST
    if start.startswith(b"<") and re.search(
        rb"<(?:\w+:)?playlist\b[^>]*(?:xspf|>.*<(?:\w+:)?trackList\b)", start, re.DOTALL
    ):
        return Form.XSPF
    return Form.TEXT


class InspectedFile:
    """The file at ``path``, read once as a whole for its digest; ``watch`` is called with the bytes read so far.

    ``options`` are a person's choices of how to read it.

    Attributes
    ----------
    form : Form
    start : bytes
        The first bytes, unpacked, without a byte order mark and leading blanks.
    sha256, size
        The digest and the size of the file on the disk.
    source : Source
        The file, to be read from its beginning.
    text : TextFile or None
        How to read it as text; ``None`` for all other forms.

    Raises
    ------
    ImportProblem
        It has no known form: it is empty, a picture, damaged.
    """

    def __init__(self, path: Path, watch: Watch | None = None, options: ReadOptions = NO_OPTIONS) -> None:
        head = head_of(path)
        encoding = utf16_of(head)
        recoded = head.decode(encoding, "ignore").removeprefix("\ufeff").encode() if encoding else head
        in_utf16 = recoded is not head and _form_of(recoded) is Form.JSON
        head = recoded if _form_of(recoded) is not Form.TEXT else head
        self.path, self.name, self.options = path, path.name, options
        self.form, self.start = _form_of(head), head.removeprefix(BOM_UTF8).lstrip()
        self.source: Source = in_utf8(source_of(path), encoding) if encoding and in_utf16 else source_of(path)
        is_text = self.form is Form.TEXT
        self.text: TextFile | None = examine(path, watch, options.encoding) if is_text else None
        self.sha256, self.size = (self.text.sha256, self.text.size) if self.text else digest(path, watch)
        self._made: dict[Callable[[InspectedFile], Any], Any] = {}

    def once(self, make: Callable[[InspectedFile], T]) -> T:
        """Return the result of ``make`` for this file; it is called once."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast(T, self._made[make])

    @property
    def document(self) -> Any:
        """The document of a JSON file, ``None`` for all other forms; raises ImportProblem if it is not valid JSON."""
        return self.once(_document)

    @property
    def sheet(self) -> Sheet | None:
        """The text as rows below headings, ``None`` for all other forms."""
        return self.once(_sheet)

    def as_sheet(self) -> Sheet:
        """Return :attr:`sheet` of a file that is text."""
        if self.sheet is None:
            raise ValueError(f"{self.name} is not text")
        return self.sheet

    def seen_whole(self, watch: Watch | None) -> None:
        """Call ``watch`` with the whole size, for a file that is held in memory."""
        if watch:
            watch(self.size)


def _document(file: InspectedFile) -> Any:
    return load(file.source) if file.form is Form.JSON else None


def _sheet(file: InspectedFile) -> Sheet | None:
    return Sheet.open(file.text, file.options) if file.text else None
