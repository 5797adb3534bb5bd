"""Text files of users: in any encoding, gzipped or not, or not text at all."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from etl.imports.reading.bytes import Watch, blocks, damaged_gzip_refused, digest, other_kind, unpacked
from etl.imports.reading.encodings import DOUBLED, Guess, LegacyWords, is_doubled, undoubled
from store.runs import ImportProblem

CSV_HINT = "Import the playlist as CSV, M3U or text; TuneMyMusic and Soundiiz export any service's as CSV."
_AS_LIST = "Save the playlist as M3U, or export it as text or CSV."
_XML_KINDS = {
    "asx": "a Windows Media playlist",
    "smil": "a Windows Media playlist",
    "rhythmdb-playlists": "a Rhythmbox file",
    "nml": "a Traktor collection",
    "dj_playlists": "a rekordbox collection",
    "virtualdj_database": "a VirtualDJ database",
    "virtualfolder": "a VirtualDJ folder",
    "opml": "an OPML outline",
    "rss": "a feed of a podcast",
    "svg": "a picture",
}
_WEB_PAGE = re.compile(r"(?i)<(?:!doctype\s+html|html|head|body|table|div|meta|script)\b")
_WEB_PAGE_HINT = (
    "A page that asks to log in is often saved in place of a file: download it again. A spreadsheet saves a table in a "
    "page as CSV; for Google's Takeout choose JSON for the history of YouTube."
)
# Texts that are not lists, by how they begin.
_OTHER_TEXTS = (
    (re.compile(r"\{\\rtf"), "a text with layout (RTF)", "Save it as plain text, one track a line, or as CSV."),
    (re.compile(r"(?i)(?:REM .*\n)*(?:PERFORMER|TITLE|FILE) \""), "a cue sheet", _AS_LIST),
    (re.compile(r"(?i)\s*(?:--.*\n|/\*.*\n)*\s*(?:CREATE TABLE|INSERT INTO|PRAGMA)\b"), "SQL", CSV_HINT),
    (re.compile(r"(?i)%YAML|(?:---\s*\n)?- (?:title|name|artist|track)\w*:"), "YAML", CSV_HINT),
)
# Headings such as MusicBee's: "<Artist>;<Title>".
_BRACKETED = re.compile(r"<[^<>]+>[;,\t|]<")
PLS_MARK = r"(?i)\[playlist\]\s*[\r\n]"
_HINTS = {
    "an Excel workbook": "Open the sheet that lists the tracks, save it as CSV (UTF-8) and import that.",
    "an OpenDocument spreadsheet": "Open the sheet that lists the tracks, save it as CSV (UTF-8) and import that.",
    "a zip archive": "Unpack it and import the CSV files inside.",
    "a tar archive": "Unpack it, and import the files or a zip of them.",
    "a 7-Zip archive": "Unpack it, and import the files or a zip of them.",
    "a RAR archive": "Unpack it, and import the files or a zip of them.",
    "an SQLite database": "It may be a player's backup: export its playlists as CSV or M3U in the player.",
    "an iTunes database": "In Music or iTunes: File > Library > Export Library, and import that file.",
    "a Serato crate": "In Serato: History or crate, Export as CSV or text.",
    "a playlist of foobar2000 in its own form": "In foobar2000: File > Save playlist, as M3U8.",
    "a Numbers or Pages document": "In Numbers: File > Export To > CSV.",
    "a rekordbox collection": "In rekordbox: right-click a playlist, Export a playlist to a file, as text or M3U8.",
    "a Word document": "Save it as plain text, one track a line, or as CSV.",
    "a text document": "Save it as plain text, one track a line, or as CSV.",
}
# Longer than any cell of a playlist file; an unclosed quotation mark soon reaches it.
MAX_CELL_CHARACTERS = 1_000_000
_SAMPLE = 1 << 16
_MAX_LINES_PER_ROW, _MAX_ROW_CHARACTERS, _MAX_CELLS = 200, 4_000_000, 10_000
# The escape sequence that starts Japanese in ISO-2022-JP.
_JAPANESE_MAIL = re.compile(rb"\x1b\$[@B]")
# How M3U files declare their encoding.
_DECLARED = re.compile(rb"^#EXTENC:\s*([\w.:-]+)", re.IGNORECASE | re.MULTILINE)
# Python's codecs of texts; others pack or encrypt.
_ENCODINGS = re.compile(
    r"utf-(?:8|16)(?:-.*)?|cp\d+|iso8859-\d+|koi8-\w|mac-\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*|johab"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFile:
    """A text file with its encoding; ``sha256`` and ``size`` are those of the file on the disk.

    ``note`` is a sentence about an encoding that was guessed; ``other_encodings`` fit nearly as well. ``is_doubled``
    says that the text was encoded in UTF-8 twice.
    """

    path: Path
    size: int
    sha256: str
    encoding: str
    note: str = ""
    other_encodings: tuple[str, ...] = ()
    is_doubled: bool = False

    def rows(self, delimiter: str, watch: Watch | None = None) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank with the line it begins on (1 = the first), and at most its first cells.

        Raises ImportProblem if a quotation mark is opened and never closed (``malformed``).
        """
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        with self._opened() as (raw, text):
            line, lines, characters = 1, 0, 0

            def lines_of_row() -> Iterator[str]:
                nonlocal lines, characters
                for text_line in self._lines(text):
                    lines, characters = lines + 1, characters + len(text_line)
                    if lines > _MAX_LINES_PER_ROW or characters > _MAX_ROW_CHARACTERS:
                        raise _never_closed(line)
                    yield text_line

            reader = csv.reader(lines_of_row(), delimiter=delimiter)
            try:
                for cells in reader:
                    if any(cell.strip() for cell in cells):
                        yield line, cells[:_MAX_CELLS]
                    line, lines, characters = reader.line_num + 1, 0, 0
                    if watch:
                        watch(raw.tell())
            except csv.Error as fault:
                raise _never_closed(line) from fault

    def lines(self, watch: Watch | None = None) -> Iterator[str]:
        """Yield the lines, the blank ones too.

        Raises ImportProblem if a line has more than a million characters (``malformed``).
        """
        with self._opened() as (raw, text):
            for line in self._lines(text):
                yield line
                if watch:
                    watch(raw.tell())

    def head(self, characters: int = 1 << 16) -> str:
        """Return the beginning of the text."""
        with self._opened() as (_, text):
            read = text.read(characters)
        return undoubled(read) if self.is_doubled else read

    def _lines(self, text: TextIO) -> Iterator[str]:
        return map(undoubled, _bounded(text)) if self.is_doubled else _bounded(text)

    @contextmanager
    def _opened(self) -> Iterator[tuple[BinaryIO, TextIO]]:
        with (
            self.path.open("rb") as raw,
            io.TextIOWrapper(unpacked(raw)[0], encoding=self.encoding, errors="replace", newline="") as text,
        ):
            yield raw, text


def _bounded(text: TextIO) -> Iterator[str]:
    """Yield the lines; refuse a line beyond the limit, because a small gzip file may unpack to gigabytes."""
    while line := text.readline(MAX_CELL_CHARACTERS):
        if len(line) == MAX_CELL_CHARACTERS:
            raise ImportProblem("malformed", "A line has more than a million characters.", "Is this a list?")
        yield line


def _never_closed(line: int) -> ImportProblem:
    return ImportProblem(
        "malformed",
        f"The row that begins on line {line} does not end: a quotation mark is opened there and never closed.",
        "Export the playlist again, or correct that line.",
    )


def examine(path: Path, watch: Watch | None = None, encoding: str | None = None) -> TextFile:
    """Read ``path`` once, a megabyte at a time, and return it as text; ``encoding`` is guessed unless it is given.

    Raises ImportProblem if it is empty (``empty``), or not text (``not_text``), or a damaged gzip file (``malformed``);
    no such encoding is known (``unknown_encoding``).
    """
    sha256, size = digest(path, watch)
    if encoding:
        guess = Guess(known_encoding(encoding))
    else:
        with path.open("rb") as raw, damaged_gzip_refused(path.name):
            guess = _encoding(path.name, lambda: blocks(unpacked(raw)[0]))
    return TextFile(
        path=path,
        size=size,
        sha256=sha256,
        encoding=guess.encoding,
        note=guess.note,
        other_encodings=guess.others,
        is_doubled=guess.is_doubled,
    )


def known_encoding(name: str) -> str:
    """Return Python's name of a text encoding; raises ImportProblem ``unknown_encoding`` if it knows none."""
    try:
        found = codecs.lookup(name.strip()).name
    except LookupError:
        found = ""
    if not _ENCODINGS.fullmatch(found):
        raise ImportProblem(
            "unknown_encoding", f"No encoding is called {name:.40}.", "Known are for example utf-8, cp1252, shift_jis."
        )
    return "utf-8-sig" if found == "utf-8" else found


def _encoding(name: str, blocks: Callable[[], Iterator[bytes]]) -> Guess:
    head = next(blocks(), b"")
    if not head.strip(b"\0 \t\r\n" + codecs.BOM_UTF8 + codecs.BOM_UTF16):
        raise ImportProblem("empty", f"{name} is empty.", "Export the playlist again; the download may have failed.")
    _refuse_other_kinds(name, head)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return Guess("utf-32")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Guess("utf-16")
    if _JAPANESE_MAIL.search(head):
        return Guess("iso2022_jp")
    if b"\0" in head:
        return Guess(_utf16_without_mark(name, head))
    if sum(byte < 9 or 13 < byte < 32 for byte in head) > len(head) / 100:
        raise _not_text(name, "it is not text")
    declared = _DECLARED.search(head)
    return _utf8_or_legacy(blocks, declared[1].decode() if declared else "")


def _refuse_other_kinds(name: str, head: bytes) -> None:
    if kind := other_kind(head, name):
        raise _not_text(name, f"it is {kind}", _HINTS.get(kind, CSV_HINT))
    start = head[:2000].decode("utf-8-sig", "replace").lstrip()
    for mark, of in _XML_KINDS.items():
        if re.search(rf"(?i)<{mark}\b", start[:200]):
            raise _not_text(name, f"it is {of}", _HINTS.get(of, _AS_LIST))
    for beginning, what, hint in _OTHER_TEXTS:
        if beginning.match(start):
            raise _not_text(name, f"it is {what}", hint)
    if start.startswith("<") and not _BRACKETED.match(start):
        web = _WEB_PAGE.match(start) is not None
        raise _not_text(name, "it is a web page" if web else "it is XML", _WEB_PAGE_HINT if web else _AS_LIST)
    if start.startswith("{"):
        raise _not_text(name, "it is JSON")


def _not_text(name: str, why: str, hint: str = CSV_HINT) -> ImportProblem:
    return ImportProblem("not_text", f"{name} cannot be read as a list of tracks: {why}.", hint)


def _utf16_without_mark(name: str, head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > len(head) / 8 and others * 20 < zeros:
            return encoding
    raise _not_text(name, "it is not text")


def _utf8_or_legacy(blocks: Callable[[], Iterator[bytes]], declared: str) -> Guess:
    """Return UTF-8, unless more than a quarter of the characters beyond ASCII are invalid in it.

    If any is invalid, the encoding that the file has ``declared`` is tried first.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    beyond = broken = 0
    doubled = False
    words = LegacyWords()
    for block in blocks():
        if block.isascii():
            continue
        text = decoder.decode(block)
        beyond += sum(character > "\x7f" for character in text)
        broken += text.count("\ufffd")
        doubled = doubled or is_doubled(text[:_SAMPLE])
        if broken:
            words.add(block)
    if broken and declared:
        with suppress(ImportProblem):
            return Guess(known_encoding(declared))
    if broken * 4 > beyond:
        return words.guess()
    return Guess("utf-8-sig", DOUBLED, is_doubled=True) if doubled else Guess("utf-8-sig")
