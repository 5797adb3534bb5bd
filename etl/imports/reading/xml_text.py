"""Removes characters that XML does not allow, because some files contain them."""

import codecs
import io
import re
from html import unescape
from typing import BinaryIO, cast

from etl.imports.reading.bytes import BLOCK

_DECLARED = re.compile(rb"""^[^>]*\bencoding\s*=\s*["']([\w.-]+)""")
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]{2,8};")
_BARE_AMPERSAND = re.compile(r"&(?!#\d+;|#x[0-9a-fA-F]+;|\w+;)")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));")
# The longest reference; one that is cut off by the end of a block is completed by the next block.
_LONGEST = 12
# A function is called for each of them, which takes time.
_MAX_REFERENCES = 1_000_000


def without_invalid(stream: BinaryIO) -> BinaryIO:
    """Return an XML document in UTF-8, UTF-16 or its declared encoding, without text that XML forbids.

    That is control characters, a bare "&", and HTML's names for characters. Raises LookupError where the
    encoding is unknown; reading raises ValueError for too many references.
    """
    return cast(BinaryIO, io.BufferedReader(_ValidXml(stream), BLOCK))


class _ValidXml(io.RawIOBase):
    """The document in ``stream``, cleaned a block at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = stream.read(BLOCK)
        self._blocks = iter([head])
        declared = _DECLARED.match(head[:200])
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
        else:
            encoding = declared[1].decode() if declared else "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._encoder = codecs.getincrementalencoder(encoding)("xmlcharrefreplace")
        self._text, self._ready, self._ended = "", b"", False
        self._references = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            self._ready = self._next()
        given = self._ready[: len(buffer)]
        self._ready = self._ready[len(given) :]
        buffer[: len(given)] = given
        return len(given)

    def _next(self) -> bytes:
        block = next(self._blocks, None) or self._stream.read(BLOCK)
        self._ended = not block
        text = self._text + self._decoder.decode(block, self._ended)
        begun = text.rfind("&", max(0, len(text) - _LONGEST))
        end = len(text) if self._ended or begun < 0 else begun
        self._text = text[end:]
        return self._encoder.encode(self._cleaned(text[:end]))

    def _cleaned(self, text: str) -> str:
        text = _INVALID.sub("", text)
        text, names = _NAMED.subn(lambda found: unescape(found[0]), text)
        text, references = _REFERENCE.subn(_valid_reference, _BARE_AMPERSAND.sub("&amp;", text))
        self._references += names + references
        if self._references > _MAX_REFERENCES:
            raise ValueError("it holds more references to characters than any list")
        return text


def _valid_reference(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if number <= 0x10FFFF and not _INVALID.match(chr(number)) else ""
