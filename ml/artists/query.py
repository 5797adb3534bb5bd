"""Splits a typed query into artist and title: "Metallica Enter Sandman" -> ("Metallica", "Enter Sandman")."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ml.artists.model import ArtistEmbedding
from ml.artists.names import COMMON
from ml.artists.well_known import other_names
from store.catalogue.catalogue import Snapshot
from store.text import normalise

# Separators of artist and title, and the side on which the artist is more likely.
_SEPARATORS = ((re.compile(r"\s+[-–—]\s+|:\s+"), "before"), (re.compile(r"\s+by\s+", re.IGNORECASE), "after"))
_MAX_ARTIST_WORDS, _MAX_CLOSE_WORDS = 8, 4
# The score of an artist in a query, in units of `prior` (0 to 1, how well known). More words and more letters raise it,
# since a title seldom holds such a name by chance. A wrong letter lowers it, at the end more: there it is more often a
# word of the title. The weights were chosen on the artists of one half of 6,000 tracks of the training table, in the
# phrasings of bench/artists.py.
_WORD_WEIGHT, _LETTERS_WEIGHT, _MOST_LETTERS = 0.06, 0.6, 12
_TYPO_COST, _TYPO_COST_AT_END = 0.1, 0.2
# Bonuses: people more often type the artist first, above all a well-known one; the rest is the title of a known track.
_FIRST, _FIRST_WELL_KNOWN, _KNOWN_TITLE = 0.06, 0.18, 0.6
# A single word that is in the names of many artists ("love", "black") is more likely a word of the title.
_COMMON_COST = 0.65  # for every tenfold of COMMON
# `prior` of an artist whom the catalogue knows but the embedding does not.
ONLY_HERE = 0.2
_LEAST_SCORE = 0.34
_CLOSE = 0.85  # stricter than for a name given as artist, since several words are tried as the artist


_EMPTY = Snapshot()


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a query: ``artist`` as usually written, ``title`` as typed, and how likely it is."""

    artist: str
    title: str
    score: float


def split_query(artists: ArtistEmbedding, query: str, snapshot: Snapshot = _EMPTY) -> Reading | None:
    """Return the likeliest reading of ``query``; None when no artist stands at either end.

    "Artist - Title", "Artist: Title" and "Title by Artist" are split at the separator if a known artist is on either
    side. Otherwise the first and the last words are looked up as names, and the artist of the highest score is taken;
    a name with a wrong letter has a lower score. An artist without a title gives None.

    Parameters
    ----------
    snapshot : Snapshot, optional
        The catalogue: its artists are known, too, and a rest that is one of its titles raises the score.
    """
    if len(normalise(query).split()) < 2:
        return None
    found = _by_separator(artists, query)
    return found or max(_by_words(artists, query, snapshot), key=lambda reading: reading.score, default=None)


def _by_separator(artists: ArtistEmbedding, query: str) -> Reading | None:
    for pattern, artist_side in _SEPARATORS:
        for mark in pattern.finditer(query):
            before, after = query[: mark.start()].strip(), query[mark.end() :].strip()
            sides = [(before, after), (after, before)]
            for artist, title in sides if artist_side == "before" else reversed(sides):
                index = artists.find_exact(artist) if normalise(title) else None
                if index is not None:
                    return Reading(artists.names[artists.as_known(index)], title, 1.0)
    return None


def _by_words(artists: ArtistEmbedding, query: str, snapshot: Snapshot) -> Iterator[Reading]:
    """Yield the readings whose score is above the least one."""
    for first, count, name, title in _ends(query.split()):
        key = normalise(name)
        index, cost, written = artists.find_exact(name), 0.0, name
        only_here = index is None and snapshot.is_artist(key)
        if index is None and not only_here and count <= _MAX_CLOSE_WORDS:
            index, cost = artists.keys.close(key, _CLOSE), _TYPO_COST if first else _TYPO_COST_AT_END
        if index is not None:
            written = artists.names[artists.as_known(index)]
        elif not only_here:
            continue
        # "Bach" at the beginning counts as many letters as "Johann Sebastian Bach", who is meant.
        alias = other_names().get(key) if first else None
        letters = min(len(alias or key), _MOST_LETTERS) / _MOST_LETTERS
        if count == 1 and not alias and (names := artists.keys.common_words.get(key)):
            cost += _COMMON_COST * math.log10(names / COMMON)
        prior = ONLY_HERE if index is None else float(artists.prior[index])
        score = prior + _WORD_WEIGHT * (count - 1) + _LETTERS_WEIGHT * letters - cost
        score += (_FIRST + _FIRST_WELL_KNOWN * prior) * first + _KNOWN_TITLE * snapshot.is_title(normalise(title))
        if score > _LEAST_SCORE:
            yield Reading(written, title, score)


def _ends(words: list[str]) -> Iterator[tuple[bool, int, str, str]]:
    """Yield (whether at the beginning, number of words, those words, the rest); at least one word is left."""
    for count in range(1, min(_MAX_ARTIST_WORDS, len(words) - 1) + 1):
        yield True, count, " ".join(words[:count]), " ".join(words[count:])
        yield False, count, " ".join(words[-count:]), " ".join(words[:-count])
