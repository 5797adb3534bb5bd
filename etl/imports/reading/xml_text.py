"""Removes characters that XML does not allow, because some files contain them."""

import re
from html import unescape

_DECLARED = re.compile(rb"""^[^>]*\bencoding\s*=\s*["']([\w.-]+)""")
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]{2,8};")
_BARE_AMPERSAND = re.compile(r"&(?!#\d+;|#x[0-9a-fA-F]+;|\w+;)")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));")


def without_invalid(content: bytes) -> bytes:
    """Return an XML document in UTF-8, UTF-16 or its declared encoding, without text that XML forbids.

    That is control characters, a bare "&", and HTML's names for characters.

    Raises
    ------
    LookupError
        The encoding is unknown.
    """
    declared = _DECLARED.match(content[:200])
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = declared[1].decode() if declared else "utf-8"
    text = _INVALID.sub("", content.decode(encoding, "replace"))
    text = _BARE_AMPERSAND.sub("&amp;", _NAMED.sub(lambda found: unescape(found[0]), text))
    return _REFERENCE.sub(_valid_reference, text).encode(encoding, "xmlcharrefreplace")


def _valid_reference(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    return found[0] if number <= 0x10FFFF and not _INVALID.match(chr(number)) else ""
