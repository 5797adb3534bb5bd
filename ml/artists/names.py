"""A sorted table of normalised names in two mapped arrays, without a Python string for each of 70,000 names."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

# In a shorter name, a wrong letter makes another name.
MIN_FUZZY_LETTERS = 5
# Share of letters that must agree: one may be wrong in a name of six, two in one of twelve.
CLOSE = 0.83
# A word in more names than this is a common word.
COMMON = 5


class NameTable:
    """Texts by number in one UTF-8 buffer.

    ``text`` (bytes,) uint8 holds them end to end, ``start`` (n + 1,) uint32 the position of each, and of the end.
    """

    def __init__(self, text: npt.NDArray[np.uint8], start: npt.NDArray[np.uint32]) -> None:
        self.text = text
        self.start = start

    @classmethod
    def pack(cls, texts: Sequence[str]) -> NameTable:
        """Put ``texts`` end to end."""
        encoded = [text.encode() for text in texts]
        start = np.concatenate([[0], np.cumsum([len(text) for text in encoded])]).astype(np.uint32)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), start)

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, index: int) -> str:
        return self._bytes(index).decode()

    def _bytes(self, index: int) -> bytes:
        return self.text[self.start[index] : self.start[index + 1]].tobytes()


class KeyIndex:
    """Maps normalised names to artists. Keys are sorted by code point; several may map to one artist."""

    def __init__(self, keys: NameTable, artist: npt.NDArray[np.int32]) -> None:
        self.keys = keys
        self.artist = artist

    @classmethod
    def build(cls, artist_of: dict[str, int]) -> KeyIndex:
        """Index ``artist_of``: normalised name to artist."""
        ordered = sorted(artist_of)
        return cls(NameTable.pack(ordered), np.array([artist_of[key] for key in ordered], np.int32))

    def exact(self, key: str) -> int | None:
        """Return the artist whose normalised name is ``key``, or None."""
        at = self._first_from(key.encode())
        return int(self.artist[at]) if at < len(self.keys) and self.keys[at] == key else None

    def _first_from(self, key: bytes) -> int:
        """Return the position of the first name that is not below ``key``; UTF-8 sorts as its code points do."""
        return bisect_left(range(len(self.keys)), key, key=self.keys._bytes)

    def beginning(self, start: str) -> int | None:
        """Return the best known artist of the names that begin with ``start``, or None."""
        low, high = self._first_from(start.encode()), self._first_from(start.encode() + b"\xff")
        return int(self.artist[low:high].min()) if low < high else None

    def close(self, key: str, cutoff: float = CLOSE) -> int | None:
        """Return the artist of the name closest to ``key``, the best known of equally close ones, or None.

        Closeness (0 to 1) is one minus the optimal string alignment distance (Damerau's insertions, deletions,
        substitutions and transpositions) over the longer length; it is at least ``cutoff``. The first letter must
        agree: it is seldom mistyped, and only names that begin with it are read. A leading "the" is no part of either:
        The Wall is not The Fall.
        """
        bare = key.removeprefix("the ")
        if len(bare) < MIN_FUZZY_LETTERS:
            return None
        positions = self._near(key, len(key) - len(bare), slack=int(len(key) * (1 - cutoff) / cutoff) + 1)
        start, text = self.keys.start, self.keys.text
        names = [text[a:b].tobytes().decode() for a, b in zip(start[positions], start[positions + 1], strict=True)]
        found = process.extract(
            key, names, scorer=OSA.normalized_similarity, processor=None, score_cutoff=cutoff, limit=None
        )
        # Artists are numbered from the best known one.
        return min(((-score, int(self.artist[positions[at]])) for _, score, at in found), default=(0.0, None))[1]

    def _near(self, key: str, at: int, slack: int) -> npt.NDArray[np.intp]:
        """Return the positions of the names that begin as ``key`` up to its letter ``at`` and have about its length."""
        low = self._first_from(key[: at + 1].encode())
        # The last code point has no successor, but no name has it.
        after = key[:at] + chr(min(ord(key[at]) + 1, sys.maxunicode))
        high = self._first_from(after.encode("utf-8", "surrogatepass"))
        length = len(key.encode())
        sizes = np.diff(self.keys.start[low : high + 1].astype(np.int64))
        return low + np.flatnonzero(np.abs(sizes - length) <= slack)

    @property
    def common_words(self) -> dict[str, int]:
        """The words that occur in more than :data:`COMMON` names, with the number of these names."""
        return self._words[0]

    def has_words(self, key: str) -> bool:
        """Return whether each word of ``key`` occurs in some name."""
        known = self._words[1]
        hashes = np.array([hash(word) for word in key.split()], np.int64)
        return bool((known[np.searchsorted(known[:-1], hashes)] == hashes).all())

    @cached_property
    def _words(self) -> tuple[dict[str, int], npt.NDArray[np.int64]]:
        """The common words, and the hashes of all words, ascending: these take 0.5 MB, the words would take 6."""
        counts = Counter(word for at in range(len(self.keys)) for word in set(self.keys[at].split()))
        common = {word: names for word, names in counts.items() if names > COMMON}
        return common, np.sort(np.fromiter(map(hash, counts), np.int64, len(counts)))

    def match_sorted(self, others: Iterable[str]) -> npt.NDArray[np.int32]:
        """Return the artist of each of ``others`` (normalised, sorted by code point), -1 for an unknown one."""
        mine = ((self.keys[at], int(self.artist[at])) for at in range(len(self.keys)))
        key, artist = next(mine, (None, -1))
        found = []
        for other in others:
            while key is not None and key < other:
                key, artist = next(mine, (None, -1))
            found.append(artist if key == other else -1)
        return np.array(found, np.int32)
