"""Names as numbers: the hashed subwords of a title, of the artists and of an album.

A name becomes a bag of 32-bit hashes: of its words, their character n-grams, its pairs of neighbouring words and the
whole name. The n-grams are those of fastText; they also represent unseen words (Bojanowski et al., "Enriching word
vectors with subword information", 2017). Hashes that depend on one word alone are cached by word.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

PARTS = ("title", "artist", "album")
NGRAM_SIZES = (3, 4, 5)
_LONGEST_WORD = 40  # further letters of a word are ignored
_MOST_WORDS = 60  # further words of a part are ignored

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# First and last code point of scripts that are informative about genres.
_SCRIPTS = (
    ("greek", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x52F),
    ("hebrew", 0x590, 0x5FF),
    ("arabic", 0x600, 0x6FF),
    ("devanagari", 0x900, 0x97F),
    ("indic", 0x980, 0xDFF),
    ("thai", 0xE00, 0xE7F),
    ("kana", 0x3040, 0x30FF),
    ("han", 0x3400, 0x9FFF),
    ("hangul", 0xAC00, 0xD7AF),
)

Name = Sequence[str]  # the words of one title, one artist or one album


def words(text: str) -> list[str]:
    """Return the words of ``text`` as written; a name that is all punctuation ("!!!") is one word."""
    found = _WORD.findall(text)[:_MOST_WORDS]
    bare = text.strip()[:_LONGEST_WORD]
    return found or ([bare] if bare else [])


def _spellings(word: str) -> tuple[str, str]:
    """Return ``word`` in lower case with its accents, and without them."""
    if word.isascii():
        lower = word.lower()[:_LONGEST_WORD]
        return lower, lower
    lower = unicodedata.normalize("NFKC", word).casefold()[:_LONGEST_WORD]
    plain = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    return lower, unicodedata.normalize("NFKC", plain)


def _bytes(subword: str) -> bytes:
    return subword.encode("utf-8", "surrogatepass")


def _ngrams(spelling: str) -> list[bytes]:
    bounded = f"<{spelling}>"
    if bounded.isascii():  # encoding once is faster, and this function takes most of the time for a new name
        raw = bounded.encode()
        return [raw[i : i + n] for n in NGRAM_SIZES for i in range(len(raw) - n + 1)]
    return [_bytes(bounded[i : i + n]) for n in NGRAM_SIZES for i in range(len(bounded) - n + 1)]


def _subwords(word: str) -> list[bytes]:
    """Return the subwords of one word: itself, its n-grams, its scripts and its letters beyond ASCII."""
    spellings = _spellings(word)
    found = []
    for spelling in set(spellings):
        found += [_bytes("w:" + spelling), *_ngrams(spelling)]
    foreign = [] if spellings[0].isascii() else [c for c in spellings[0] if ord(c) > 0x7F]
    if foreign:
        found += [_bytes("c:" + c) for c in foreign]
        found += [_bytes("c:" + a + b) for a, b in pairwise(foreign)]
        found += [_bytes("s:" + n) for n, first, last in _SCRIPTS if any(first <= ord(c) <= last for c in foreign)]
    return found


@lru_cache(maxsize=4096)
def word_hashes(word: str) -> array[int]:
    """Return the hashes of one word's subwords, each once, in ascending order; numbers of 4 bytes each."""
    return array("I", sorted(set(map(zlib.crc32, _subwords(word)))))


@lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    return _spellings(word)[1]


def name_hashes(name: Name) -> array[int]:
    """Return the hashes of the whole name, of its pairs of words and of its length in words."""
    plain = [_plain(word) for word in name]
    subwords = ["p:" + " ".join(plain), f"n:{min(len(plain), 12)}"]
    subwords += [f"b:{a} {b}" for a, b in pairwise(plain)]
    return array("I", [zlib.crc32(_bytes(subword)) for subword in subwords])


def hashes(names: Iterable[Name]) -> list[int]:
    """Return every hash of one part's names (one list of words per artist, one for a title or an album).

    A subword that occurs in two words counts twice.
    """
    found: list[int] = []
    for name in names:
        if name:
            found += name_hashes(name)
            for word in name:
                found += word_hashes(word)
    return found


class Vocabulary:
    """The hashes that training kept, ascending; hash ``i`` has row ``i`` of the embedding table."""

    def __init__(self, known: npt.NDArray[np.uint32]) -> None:
        if len(known) > 1 and not (known[1:] > known[:-1]).all():
            raise ValueError("a vocabulary is sorted and holds no hash twice")
        self.known = known
        self._padded = np.append(known, np.uint32(0))  # so that a hash above all known ones has a position

    def __len__(self) -> int:
        return len(self.known)

    def rows(self, wanted: Sequence[int] | npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
        """Return for each hash its row, -1 where training did not keep it; shape and order of ``wanted``."""
        places, found = self._find(wanted)
        return np.where(found, places, -1).astype(np.int32)

    def known_rows(self, wanted: Sequence[int]) -> npt.NDArray[np.intp]:
        """Return the rows of those hashes that training kept."""
        places, found = self._find(wanted)
        return places[found]

    def _find(
        self, wanted: Sequence[int] | npt.NDArray[np.uint32]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        hashed = np.asarray(wanted, np.uint32)
        places = self.known.searchsorted(hashed)
        return places, (self._padded.take(places) == hashed) & (places < len(self.known))
