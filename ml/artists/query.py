"""Splits a typed query into artist and title: "Metallica Enter Sandman" -> ("Metallica", "Enter Sandman")."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ml.artists.model import ArtistEmbedding
from ml.artists.names import COMMON
from ml.artists.well_known import is_listed, other_names
from store.catalogue.catalogue import Snapshot
from store.catalogue.versions import version_at_end
from store.text import credit_parts, normalise, without_edition, without_guests

# Separators of artist and title. The artist stands before a dash, if not after it; after "by", and never before it.
_BY = re.compile(r"\s+by\s+", re.IGNORECASE)
_SEPARATORS = ((re.compile(r"\s+[-–—]\s+|:\s+"), ("before", "after")), (_BY, ("after",)))
_MAX_ARTIST_WORDS, _MAX_CLOSE_WORDS = 8, 4
_ENOUGH_LETTERS = 12  # more letters tell no more
# `prior` of an artist whom the catalogue knows but the embedding does not, and the least one of artists on the list of
# well-known artists.
ONLY_HERE, LISTED = 0.2, 0.5
CLOSE = 0.85  # stricter than for a name given as artist, since several words are tried as the artist


_EMPTY = Snapshot()


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """The weights of a reading's score, in units of `prior` (0 to 1, how well known the artist is).

    `python -m bench.query_weights` searches for better ones and prints the scores of both; what it finds must also keep
    the queries of the tests and the 98 % of `bench.resolution`, as these do. More words and more letters of a
    name raise the score, since a title seldom holds such a name by chance. People more often type the artist first,
    above all a well-known one. A single word that is in the names of many artists ("love", "black") is more likely a
    word of the title; less so at the beginning, the better known the artist is, but "love" even there. A wrong letter
    lowers the score, above all in words that are spelled as in other names ("bohemian" is not Bohemia), and so does a
    "the" that was not typed.
    """

    word: float = 0.13
    letters: float = 0.68
    first: float = 0.08
    first_well_known: float = 0.28
    common: float = 0.55
    common_well_known: float = 0.3
    typo: float = 0.14
    typo_at_end: float = 0.2
    spelled: float = 0.3
    unsaid_the: float = 0.25
    as_written: float = 0.3
    surname: float = 0.4
    known_title: float = 0.6
    least: float = 0.34


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a query: ``artist`` as usually written, ``title`` as typed, and how likely it is."""

    artist: str
    title: str
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A name of an artist at one end of a query, with what its score is computed from.

    ``words`` (beyond the first) and ``letters`` (at most 1) are those of the name without "the". They say the less, the
    better known an artist is whose name the rest is: "Mika Grace Kelly". ``common`` counts the tenfolds of names that
    hold the name. ``as_written`` is true of a name with capitals as only this artist writes them ("LiSA"),
    ``surname`` of the last word of one. ``spelled`` is true of a ``close`` name whose words, as typed, are in other
    names.
    """

    artist: str
    title: str
    prior: float
    first: bool
    close: bool
    words: float
    letters: float
    common: float
    spelled: bool
    unsaid_the: bool
    as_written: bool
    surname: bool
    known_title: bool

    def score(self, weights: Weights = WEIGHTS) -> float:
        """Return how likely the candidate is meant."""
        first, well_known = float(self.first), self.first * self.prior
        return (
            self.prior
            + weights.word * self.words
            + weights.letters * self.letters
            + weights.first * first
            + weights.first_well_known * well_known
            - max(self.common * weights.common - min(self.common, 1.0) * weights.common_well_known * well_known, 0.0)
            - self.close * (weights.typo if self.first else weights.typo_at_end)
            - weights.spelled * self.spelled
            - weights.unsaid_the * self.unsaid_the
            + weights.as_written * self.as_written
            - weights.surname * self.surname
            + weights.known_title * self.known_title
        )


def split_query(artists: ArtistEmbedding, query: str, snapshot: Snapshot = _EMPTY) -> Reading | None:
    """Return the likeliest reading of ``query``; None when no artist stands at either end.

    "Artist - Title" and "Artist: Title" are split at the separator if a known artist is on either side, "Title by
    Artist" if one is after it. Otherwise the first and the last words are looked up as names, and the artist of the
    highest score is taken; a name with a wrong letter has a lower score. An artist without a title gives None. Guests
    ("feat. X") are left out, unless no artist is found without them. The name of a kind of version behind the artist
    ("live") belongs to the title.

    Parameters
    ----------
    snapshot : Snapshot, optional
        The catalogue: its artists are known, too, and a rest that is one of its titles raises the score.
    """
    bare = without_guests(query)
    if bare != query and (found := split_query(artists, bare, snapshot)):
        return found
    if len(normalise(query).split()) < 2:
        return None
    found = _by_separator(artists, query)
    if found:
        return found
    query = without_edition(query)
    # Of "The Black Keys" and "Black Keys", which have the same score, the longer name is meant.
    song, kind = version_at_end(query)
    ways = [*candidates(artists, query, snapshot)]
    if kind:
        ways += [replace(one, title=f"{one.title} {kind}") for one in candidates(artists, song, snapshot)]
    best = max(ways, key=lambda one: (one.score(), -len(one.title)), default=None)
    return Reading(best.artist, best.title, best.score()) if best and best.score() > WEIGHTS.least else None


def _by_separator(artists: ArtistEmbedding, query: str) -> Reading | None:
    for pattern, artist_sides in _SEPARATORS:
        for mark in pattern.finditer(query):
            before, after = query[: mark.start()].strip(), query[mark.end() :].strip()
            for side in artist_sides:
                artist, title = (before, after) if side == "before" else (after, before)
                name, rest = _without_version(artist, pattern is _BY)
                index = _first_of(artists, name) if normalise(title) else None
                if index is not None:
                    return Reading(artists.names[artists.as_known(index)], f"{title} {rest}".strip(), 1.0)
    return None


def _without_version(name: str, by: bool) -> tuple[str, str]:
    """Return the name of an artist without what follows in brackets, and this.

    Behind "by", a kind of version without brackets is no part of the name, either: "Hello by Adele karaoke".
    """
    name, opened, mark = name.partition(" (")
    name, kind = version_at_end(name) if by else (name, "")
    return name, f"{kind} {opened.strip()}{mark}".strip()


def _first_of(artists: ArtistEmbedding, names: str) -> int | None:
    """Return the artist called ``names``, or the first of several well-known ones: "Eminem & Dido"."""
    index = artists.find_exact(names)
    if index is None:
        index = artists.short_names.joined(normalise(names))
    if index is None and len(parts := credit_parts(names)) > 1:
        known = [artists.find_exact(part) for part in parts]
        if all(artist is not None and artists.prior[artist] >= LISTED for artist in known):
            return known[0]
    return index


def candidates(artists: ArtistEmbedding, query: str, snapshot: Snapshot = _EMPTY) -> Iterator[Candidate]:
    """Yield the names of artists at the two ends of ``query``."""
    words = query.split()
    for first, count, name, title in _ends(words):
        key = normalise(name)
        index, close, surname, written = artists.find_exact(name), False, False, name
        if index is None and snapshot.is_artist(key):
            prior = ONLY_HERE
        elif index is None and is_listed(key):
            prior = LISTED
        else:
            if index is None:
                index = artists.short_names.joined(key)
            if index is None and count == 1:
                index = artists.short_names.by_surname(key)
                if index is not None and artists.find_exact(query) == index:
                    continue  # "Miles Davis" is the whole name
                surname = index is not None
            if index is None and count <= _MAX_CLOSE_WORDS:
                index, close = artists.keys.close(key, CLOSE), True
            if index is None:
                continue
            written, prior = artists.names[artists.as_known(index)], float(artists.prior[index])
            named = key if not surname else normalise(written)
            prior = max(prior, LISTED) if is_listed(named) else prior
        # "Bach" at the beginning counts as many letters as "Johann Sebastian Bach", who is meant; a name in another
        # script does so at the end, too.
        alias = other_names().get(key) if first or not key.isascii() else None
        if alias and first and _goes_on(artists, words, count):
            continue  # "Elvis Crespo" is not Elvis
        names = artists.keys.common_words.get(key) if count == 1 and not alias else None
        bare, other = (alias or key).removeprefix("the "), artists.find_exact(title)
        telling = 1.0 if other is None else (1.0 - float(artists.prior[other])) ** 2
        yield Candidate(
            artist=written,
            title=title,
            prior=prior,
            first=first,
            close=close,
            words=telling * max(count - key.startswith("the ") - 1, 0),
            letters=telling * min(len(bare), _ENOUGH_LETTERS) / _ENOUGH_LETTERS,
            common=math.log10(names / COMMON) if names else 0.0,
            spelled=close and artists.keys.has_words(key),
            unsaid_the=normalise(written) == f"the {key}",
            as_written=name == written and _has_own_capitals(name) and not query.isupper(),
            surname=surname,
            known_title=snapshot.is_title(normalise(title)),
        )


def _goes_on(artists: ArtistEmbedding, words: Sequence[str], count: int) -> bool:
    """Return whether the first ``count`` of ``words`` begin a longer name of an artist."""
    longer = range(count + 1, min(_MAX_ARTIST_WORDS, len(words) - 1) + 1)
    return any(artists.find_exact(" ".join(words[:more])) is not None for more in longer)


def _has_own_capitals(name: str) -> bool:
    """Return whether ``name`` has other capitals than those at the beginning of words: "LiSA", "deadmau5" has not."""
    return any(word.lower() != word != word.capitalize() and len(word) > 1 for word in re.split(r"[\W\d_]+", name))


def _ends(words: list[str]) -> Iterator[tuple[bool, int, str, str]]:
    """Yield (whether at the beginning, number of words, those words, the rest); at least one word is left."""
    for count in range(1, min(_MAX_ARTIST_WORDS, len(words) - 1) + 1):
        yield True, count, " ".join(words[:count]), " ".join(words[count:])
        yield False, count, " ".join(words[-count:]), " ".join(words[:-count])
