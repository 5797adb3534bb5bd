"""Which words of a typed query are the artist: "Metallica Enter Sandman" -> ("Metallica", "Enter Sandman")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from store.text import normalise

if TYPE_CHECKING:
    from ml.artists import ArtistEmbedding

# What stands between artist and title, and whether the artist is more likely before or after it.
_SEPARATORS = ((re.compile(r"\s+[-–—]\s+|:\s+"), "before"), (re.compile(r"\s+by\s+", re.IGNORECASE), "after"))
_MAX_ARTIST_WORDS = 8
# A longer name is a surer find, but a well known artist is meant before one nobody plays: a word more outweighs
# this much of `prior` (0 to 1). Chosen on typed-like queries by bench/artists.py.
_WORD_WORTH = 0.25
_CLOSE = 0.86  # stricter than for a name given alone: here any words may be tried as an artist


def split_query(artists: ArtistEmbedding, query: str) -> tuple[str, str] | None:
    """Split ``query`` into (artist as usually written, title as typed); None when no artist stands at either end.

    "Artist - Title", "Artist: Title" and "Title by Artist" are taken at their word where a known artist is on
    either side; else the artist is looked for in the first and the last words. Names count exactly, and only if
    none fits but for a slip. An artist alone, without a title, gives None.
    """
    if len(normalise(query).split()) < 2:
        return None
    return (
        _by_separator(artists, query) or _by_words(artists, query, exact=True) or _by_words(artists, query, exact=False)
    )


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


def _by_words(artists: ArtistEmbedding, query: str, *, exact: bool) -> tuple[str, str] | None:
    found: list[tuple[float, int, str]] = []
    for count, name, title in _ends(query.split()):
        index = artists.find_exact(name) if exact else artists.keys.close(normalise(name), _CLOSE)
        if index is not None:
            found.append((float(artists.prior[index]) + _WORD_WORTH * (count - 1), index, title))
    if not found:
        return None
    _, index, title = max(found, key=lambda one: one[0])
    return artists.names[index], title


def _ends(words: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (number of words, those words, the rest) from either end, one word being left at least."""
    for count in range(1, min(_MAX_ARTIST_WORDS, len(words) - 1) + 1):
        yield count, " ".join(words[:count]), " ".join(words[count:])
        yield count, " ".join(words[-count:]), " ".join(words[:-count])
