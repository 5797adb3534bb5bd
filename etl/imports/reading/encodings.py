"""Guesses the encoding of text that is not in Unicode, by charset-normalizer, from the words that are not ASCII.

charset-normalizer scores how disorderly a text is in each encoding. Names are short, so the score is corrected for
characters that are rare in names, and the more common of equally good encodings is chosen.
"""

import re
import unicodedata
from dataclasses import dataclass

from charset_normalizer import from_bytes

from etl.imports.sheets.heading_names import WRITTEN_NAMES

# Encodings and their names for people, the more usual first.
_NAMES = {
    "cp1252": "Windows-1252 (Western European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp932": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "mac_roman": "Mac Roman (Western European)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1250": "Windows-1250 (Central European)",
    "cp949": "Windows-949 (Korean)",
    "big5": "Big5 (Chinese)",
    "euc_jp": "EUC-JP (Japanese)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp866": "DOS 866 (Cyrillic)",
    "mac_cyrillic": "Mac Cyrillic",
    "mac_greek": "Mac Greek",
    "cp850": "DOS 850 (Western European)",
    "iso8859_2": "ISO 8859-2 (Central European)",
    "iso8859_15": "ISO 8859-15 (Western European)",
    "cp874": "Windows-874 (Thai)",
    "latin-1": "ISO 8859-1 (Western European)",
}
_CANDIDATES = [name for name in _NAMES if name != "latin-1"]
_MAX_SAMPLE = 1 << 16
# Bytes that end a cell and are never the second byte of a character.
_ENDS = re.compile(rb'[,;\t\r\n"]+')
_UNUSED_IN_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
# Letters that do not occur next to Latin ones: Greek, Cyrillic, Hebrew, Arabic, Thai, Chinese, Japanese, Korean.
_OTHER = "[\u0370-\u1fff\u2e80-\u9fff\uac00-\ud7ff]"
_MIXED_WORD = re.compile(rf"[A-Za-z]{_OTHER}|{_OTHER}[A-Za-z]")
_CAPITAL_INSIDE = re.compile(r"[^\W\d_][\u00c0-\u00d6\u00d8-\u00de][a-z]")
_KANA = re.compile("[\u3040-\u30ff]")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
# Signs that appear among letters if the encoding is wrong: a fraction, an accent alone, a box.
_MISPLACED = "[\u00a2-\u00a9\u00b8-\u00b9\u00b2\u00b3\u00bc-\u00be\u02c7\u02d8-\u02dd\u2500-\u259f]"
_SIGN_IN_WORD = re.compile(rf"[^\W\d_]{_MISPLACED}|{_MISPLACED}[^\W\d_]")
# Icelandic letters, and those of its names that Turkish lacks.
_ICELANDIC, _NOT_TURKISH = re.compile("[þýðÞÝÐ]"), re.compile("[áéíóúæÁÉÍÓÚÆ]")
_QUOTES = frozenset("\u2018\u2019\u201c\u201d\u201e\u201a\u2013\u2014\u2026«»¿¡·€")
# The ten letters that make up two thirds of the texts of an alphabet.
_FREQUENT = {
    "CYRILLIC": frozenset("оеаинтсрвлкі"),
    "GREEK": frozenset("αοιετσνηυρςάόίέή"),
    "HEBREW": frozenset("יולהמרשבתנאם"),
    "ARABIC": frozenset("اليمنورتبع"),
}
_FREQUENT_SHARE = 0.55
# A second encoding with a score within this of the best one is as likely.
_CLOSE = 0.1


# Characters of UTF-8 in two to four bytes, each byte read as a character of Windows-1252.
_FOLLOWING = "[\u0080-\u00bf" + "".join(bytes(b for b in range(0x80, 0xA0)).decode("cp1252", "ignore")) + "]"
_DOUBLED = re.compile(f"[\u00c2-\u00df]{_FOLLOWING}|[\u00e0-\u00ef]{_FOLLOWING}{{2}}|[\u00f0-\u00f4]{_FOLLOWING}{{3}}")
# The first bytes of letters in Latin, Greek, Cyrillic, Hebrew and Arabic, and of Asian signs, as Windows-1252 has them.
_LEADING = frozenset("ÂÃÄÅÎÏÐÑ×ØÙâãäåæçèéêëìí")
_SHARE = 0.9
DOUBLED = "Its letters beyond ASCII were encoded twice (BjÃ¶rk for Björk); they have been put right."
UNICODE = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding, and a note about it; ``others`` fit nearly as well."""

    encoding: str
    note: str = ""
    others: tuple[str, ...] = ()
    is_doubled: bool = False


def is_doubled(text: str) -> bool:
    """Return whether the characters of ``text`` beyond ASCII are UTF-8 that was read as Windows-1252.

    At least two different letters must show it, because a title may really contain "Â£".
    """
    found = [pair for pair in _DOUBLED.findall(text) if undoubled(pair) != pair]
    beyond = sum(character > "\x7f" for character in text)
    return len({pair for pair in found if pair[0] in _LEADING}) > 1 and len("".join(found)) >= _SHARE * beyond


def undoubled(text: str) -> str:
    """Return ``text`` with "Björk" for "BjÃ¶rk"."""
    return _DOUBLED.sub(_undoubled, text)


def _undoubled(found: re.Match[str]) -> str:
    try:
        return b"".join(c.encode("latin-1" if c < "\u0100" else "cp1252") for c in found[0]).decode()
    except UnicodeDecodeError:
        return found[0]


def encoding_names() -> dict[str, str]:
    """Return the encodings that may be chosen, with their names for people."""
    return UNICODE | _NAMES


class LegacyWords:
    """Gathers the words of a file that are not ASCII, block by block."""

    def __init__(self) -> None:
        self._words: dict[bytes, None] = {}
        self._size = 0

    def add(self, block: bytes) -> None:
        """Take the words of ``block``, except those cut off at its ends, up to 64 kB in all."""
        for word in _ENDS.split(block):
            if self._size < _MAX_SAMPLE and not word.isascii() and word not in self._words:
                self._words[word] = None
                self._size += len(word)

    def guess(self) -> Guess:
        """Return the encoding in which the words read best."""
        sample = b"\n".join(self._words)[: 2 * _MAX_SAMPLE]
        scores: dict[str, tuple[float, int, int]] = {}
        for match in from_bytes(sample, cp_isolation=_CANDIDATES, threshold=0.4):
            if match.encoding in _CANDIDATES:
                text, disorder = str(match), match.chaos + _oddness(str(match), match.encoding)
                score = (round(disorder, 2), -round(match.coherence / 0.2), _first_equal(sample, text, match.encoding))
                scores[text] = min(score, scores.get(text, score))
        if not scores:
            name = "latin-1" if _UNUSED_IN_1252 & set(sample) else "cp1252"
            return Guess(name, _note(name))
        (least, _, best), *others = sorted(scores.values())
        close = tuple(_CANDIDATES[at] for disorder, _, at in others if disorder < least + _CLOSE)
        return Guess(_CANDIDATES[best], _note(_CANDIDATES[best], *close[:1]), close)


def _first_equal(sample: bytes, text: str, encoding: str) -> int:
    """Return the index of the first candidate that reads ``sample`` as ``encoding`` does."""
    return next(at for at, name in enumerate(_CANDIDATES) if name == encoding or sample.decode(name, "replace") == text)


def _note(name: str, other: str | None = None) -> str:
    fits = f" {_NAMES[other]} fits nearly as well." if other else ""
    return (
        f"The file is not in Unicode and does not say its encoding. It was read as {_NAMES[name]}.{fits} "
        "If names look wrong, read it again in another encoding."
    )


def _oddness(text: str, encoding: str) -> float:
    """Return how much disorder to add for characters that are rare in names."""
    odd = (
        0.3 * bool(_MIXED_WORD.search(text))
        + 0.3 * bool(_CAPITAL_INSIDE.search(text))
        + 0.3 * bool(_HALF_WIDTH_KANA.search(text))
        + 0.3 * bool(_SIGN_IN_WORD.search(text))
    )
    if _KANA.search(text):  # Japanese kana hardly arise by chance
        odd += 0.2 if encoding in {"gb18030", "big5", "cp949"} else -0.1
    odd += 0.1 * ("\u2018" in text and "\u2019" not in text)
    odd += 0.1 * (encoding == "cp874")
    if _ICELANDIC.search(text) and not _NOT_TURKISH.search(text) and encoding != "cp1254":
        odd += 0.1
    odd += _rare_letters(text.lower())
    odd -= 0.4 * min(
        2, sum(not word.isascii() and word.strip().casefold() in WRITTEN_NAMES for word in text.split("\n"))
    )
    signs = sum(character > "\x7f" and character not in _QUOTES and _is_sign(character) for character in text)
    return odd + min(1.0, 4 * signs / max(1, len(text)))


def _rare_letters(text: str) -> float:
    """Return by how much the share of an alphabet's frequent letters is below the usual one."""
    letters = [character for character in text if character > "\x7f" and character.isalpha()]
    alphabets = [(name, [c for c in letters if unicodedata.name(c, "").startswith(name)]) for name in _FREQUENT]
    name, own = max(alphabets, key=lambda alphabet: len(alphabet[1]))
    if len(own) * 2 < len(letters) or not own:
        return 0
    return max(0.0, _FREQUENT_SHARE - sum(character in _FREQUENT[name] for character in own) / len(own))


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "SPC"
