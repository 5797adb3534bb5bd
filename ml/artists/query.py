"""Which words of a typed query are the artist: "Metallica Enter Sandman" -> ("Metallica", "Enter Sandman")."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ml.artists.model import ArtistEmbedding
from ml.artists.names import COMMON
from store.text import normalise

# What stands between artist and title, and whether the artist is more likely before or after it.
_SEPARATORS = ((re.compile(r"\s+[-–—]\s+|:\s+"), "before"), (re.compile(r"\s+by\s+", re.IGNORECASE), "after"))
_MAX_ARTIST_WORDS, _MAX_CLOSE_WORDS = 8, 4
# How sure an artist is meant, in units of `prior` (0 to 1, how well known): more words and more letters are less
# likely to be a title's own words, a slip makes it less sure. Chosen on queries made from tracks (bench/artists.py,
# another sample than the one it reports).
_WORD_WORTH, _LETTERS_WORTH, _LETTERS_ENOUGH, _SLIP_COST = 0.3, 0.6, 12, 0.1
# One word that many artists have in their names ("love", "black") is a word of the language before it is an artist.
_COMMON_COST = 0.5  # for every tenfold of COMMON
_SURE = 0.35
_CLOSE = 0.86  # stricter than for a name given alone: here any words may be tried as an artist


def split_query(artists: ArtistEmbedding, query: str) -> tuple[str, str] | None:
    """Split ``query`` into (artist as usually written, title as typed); None when no artist stands at either end.

    "Artist - Title", "Artist: Title" and "Title by Artist" are taken at their word where a known artist is on
    either side; else the artist is looked for in the first and the last words, and the one most surely meant is
    taken. An artist alone, without a title, gives None.
    """
    if len(normalise(query).split()) < 2:
        return None
    return _by_separator(artists, query) or _by_words(artists, query)


def _by_separator(artists: ArtistEmbedding, query: str) -> tuple[str, str] | None:
    for pattern, artist_side in _SEPARATORS:
        for mark in pattern.finditer(query):
            before, after = query[: mark.start()].strip(), query[mark.end() :].strip()
            sides = [(before, after), (after, before)]
            for artist, title in sides if artist_side == "before" else reversed(sides):
                index = artists.find_exact(artist) if normalise(title) else None
                if index is not None:
                    return artists.names[index], title
    return None


def _by_words(artists: ArtistEmbedding, query: str) -> tuple[str, str] | None:
    best, answer = _SURE, None
    for count, name, title in _ends(query.split()):
        key = normalise(name)
        index, cost = artists.find_exact(name), 0.0
        if index is None and count <= _MAX_CLOSE_WORDS:
            index, cost = artists.keys.close(key, _CLOSE), _SLIP_COST
        if index is not None:
            letters = min(len(key), _LETTERS_ENOUGH) / _LETTERS_ENOUGH
            if count == 1 and (names := artists.common_words.get(key)):
                cost += _COMMON_COST * math.log10(names / COMMON)
            sure = float(artists.prior[index]) + _WORD_WORTH * (count - 1) + _LETTERS_WORTH * letters - cost
            if sure > best:
                best, answer = sure, (artists.names[index], title)
    return answer


def _ends(words: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (number of words, those words, the rest) from either end, one word being left at least."""
    for count in range(1, min(_MAX_ARTIST_WORDS, len(words) - 1) + 1):
        yield count, " ".join(words[:count]), " ".join(words[count:])
        yield count, " ".join(words[-count:]), " ".join(words[:-count])
