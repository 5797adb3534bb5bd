"""Split a typed query into artist and title: "Metallica Enter Sandman" -> ("Metallica", "Enter Sandman")."""

import math
import re
from collections.abc import Iterator

from ml.artists.model import ArtistEmbedding
from ml.artists.names import COMMON
from store.text import normalise

# Separators of artist and title, and the side on which the artist is more likely.
_SEPARATORS = ((re.compile(r"\s+[-–—]\s+|:\s+"), "before"), (re.compile(r"\s+by\s+", re.IGNORECASE), "after"))
_MAX_ARTIST_WORDS, _MAX_CLOSE_WORDS = 8, 4
# The score of an artist in a query, in units of `prior` (0 to 1, how well known). More words and more letters raise it,
# since a title seldom holds them by chance; a wrong letter lowers it. Chosen on queries made from tracks
# (bench/artists.py, with another sample than the one it reports).
_WORD_WEIGHT, _LETTERS_WEIGHT, _MOST_LETTERS, _TYPO_COST = 0.3, 0.6, 12, 0.1
# A single word that is in the names of many artists ("love", "black") is more likely a word of the title.
_COMMON_COST = 0.5  # for every tenfold of COMMON
_LEAST_SCORE = 0.35
_CLOSE = 0.86  # stricter than for a name given alone, since several words are tried as the artist


def split_query(artists: ArtistEmbedding, query: str) -> tuple[str, str] | None:
    """Split ``query`` into (artist as usually written, title as typed); None when no artist stands at either end.

    "Artist - Title", "Artist: Title" and "Title by Artist" are split at the separator if a known artist is on either
    side. Otherwise the first and the last words are looked up, and the artist of the highest score is taken. An
    artist without a title gives None.
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
    best, answer = _LEAST_SCORE, None
    for count, name, title in _ends(query.split()):
        key = normalise(name)
        index, cost = artists.find_exact(name), 0.0
        if index is None and count <= _MAX_CLOSE_WORDS:
            index, cost = artists.keys.close(key, _CLOSE), _TYPO_COST
        if index is not None:
            letters = min(len(key), _MOST_LETTERS) / _MOST_LETTERS
            if count == 1 and (names := artists.keys.common_words.get(key)):
                cost += _COMMON_COST * math.log10(names / COMMON)
            score = float(artists.prior[index]) + _WORD_WEIGHT * (count - 1) + _LETTERS_WEIGHT * letters - cost
            if score > best:
                best, answer = score, (artists.names[index], title)
    return answer


def _ends(words: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (number of words, those words, the rest) from either end; at least one word is left."""
    for count in range(1, min(_MAX_ARTIST_WORDS, len(words) - 1) + 1):
        yield count, " ".join(words[:count]), " ".join(words[count:])
        yield count, " ".join(words[-count:]), " ".join(words[:-count])
