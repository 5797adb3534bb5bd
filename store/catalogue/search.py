"""Search for queries that are still being typed, in the word indexes of the catalogue's segments.

The steps are: whole title, all words, the last word as a prefix, every word as a prefix; only if those find too little,
words with typos, and then some words may be missing. Each step takes the most popular rows (a row's number is its rank
by popularity), and :func:`store.catalogue.ranking.score` orders all rows found. User text never reaches a query parser:
it is normalised to words, and each word becomes a query object.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tantivy import Occur, Order, Query

from store.catalogue.ranking import allowed_typos, score
from store.catalogue.segment import STARTS, Segment
from store.catalogue.versions import kind_bits, named_kinds
from store.text import normalise

# Longer queries are pasted text; what exceeds these limits does not help to distinguish tracks.
MAX_CHARS, MAX_WORDS, MAX_WORD_CHARS = 400, 12, 40
# A text with more unknown words is no misspelt name: no typos are allowed in it. To look for one unknown word with two
# typos takes as long as to look for a name without typos.
MAX_UNKNOWN_WORDS = 4
# How many rows each step takes, most popular first.
_STEP_ROWS = 80
# If fewer recordings than this are found without typos, typos are allowed.
_ENOUGH = 5
_GUEST_WORDS = frozenset({"feat", "ft", "featuring"})
_EDITION = re.compile(r"\b(?:\d{4} )?(?:digital(?:ly)? )?remaster(?:ed)?(?: version)?(?: \d{4})?\b")


@dataclass(frozen=True, slots=True)
class Ref:
    """The position of a track in a snapshot: the name of its segment and its row there."""

    segment: str
    row: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result; ``score`` is 0 to 1 and comparable within one answer only."""

    ref: Ref
    score: float


def popular_rows(segment: Segment, query: Query, limit: int) -> list[int]:
    """Return the ``limit`` most popular rows that match ``query``."""
    try:
        result = segment.searcher.search(query, limit, count=False, order_by_field="row", order=Order.Asc)
    except (ValueError, OSError) as error:
        raise segment.damaged(error) from error
    return [int(row) for row, _ in result.hits]


class QueryBuilder:
    """Queries for words in one field of a segment's index."""

    def __init__(self, segment: Segment, field: str) -> None:
        self.segment, self.schema, self.field = segment, segment.schema, field

    def term(self, word: str) -> Query:
        """Match ``word`` itself."""
        return Query.term_query(self.schema, self.field, word)

    def prefix(self, word: str) -> Query:
        """Match words that begin with ``word``; only for the field "words"."""
        if len(word) <= STARTS:
            return Query.term_query(self.schema, "starts", word)
        return Query.fuzzy_term_query(self.schema, self.field, word, distance=0, prefix=True)

    def typo(self, word: str, *, prefix: bool = False) -> Query:
        """Match ``word`` with the typos that its length allows; with ``prefix`` also longer words.

        A very long word is matched without typos: the automaton of one with 1,000 letters takes gigabytes.
        """
        distance = allowed_typos(word) if len(word) <= MAX_WORD_CHARS else 0
        if distance == 0:
            return self.prefix(word) if prefix else self.term(word)
        return Query.fuzzy_term_query(self.schema, self.field, word, distance=distance, prefix=prefix)

    def whole(self, words: Sequence[str]) -> Query:
        """Match names with all of ``words``."""
        return every([self.term(word) for word in words])

    def known(self, word: str) -> bool:
        """Return whether any name has this word."""
        return bool(self.segment.searcher.doc_freq(self.field, word))

    def may_be_misspelt(self, words: Sequence[str]) -> bool:
        """Return whether ``words`` may be a name with typos: all but a few of them are words of names."""
        return sum(not self.known(word) for word in words) <= MAX_UNKNOWN_WORDS


def every(queries: Sequence[Query]) -> Query:
    """Return the conjunction of ``queries``."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def query_words(text: str) -> list[str]:
    """Return the normalised words of a typed query, without "feat." and "Remastered 2011"."""
    if not text.strip():
        return []
    plain = normalise(text[:MAX_CHARS])
    bare = _EDITION.sub(" ", plain)
    words = [word for word in (bare if bare.strip() else plain).split() if word not in _GUEST_WORDS] or plain.split()
    return [word[:MAX_WORD_CHARS] for word in words[:MAX_WORDS]]


def search(segments: Sequence[Segment], text: str, limit: int) -> list[Hit]:
    """Return at most ``limit`` hits for ``text``, best first, one per recording and per id.

    If several segments hold a track, the hit refers to the first of ``segments`` that does.
    """
    words = query_words(text)
    if not words or limit < 1:
        return []
    found = [
        (points, segment, row)
        for segment, rows in zip(segments, _candidates(segments, words), strict=True)
        for points, row in _ranked(segment, sorted(rows), words)
    ]
    found.sort(key=lambda hit: -hit[0])
    distinct = distinct_recordings(found, limit)
    return [Hit(preferred(segments, segment, row), points) for points, segment, row in distinct]


def preferred(segments: Sequence[Segment], segment: Segment, row: int) -> Ref:
    """Return the ref of this row's track in the first of ``segments`` that has its id."""
    for earlier in segments:
        if earlier is segment:
            break
        if (known := earlier.find(segment.track_id(row))) is not None:
            return Ref(earlier.name, known)
    return Ref(segment.name, row)


def distinct_recordings(found: Iterable[tuple[float, Segment, int]], limit: int) -> list[tuple[float, Segment, int]]:
    """Return the first ``limit`` recordings of ``found``, (score, segment, row) each, best first.

    A recording is represented by its best row with audio features, or by its best row if none has them. Its score is
    that of the best row.
    """
    best: dict[int, tuple[float, Segment, int]] = {}
    for points, segment, row in found:
        recording = int(segment.recording_code[row])
        if recording not in best:
            best[recording] = (points, segment, row)
        elif segment.has_features(row) and not best[recording][1].has_features(best[recording][2]):
            best[recording] = (best[recording][0], segment, row)
    return list(best.values())[:limit]


def _ranked(segment: Segment, rows: list[int], words: list[str]) -> Iterator[tuple[float, int]]:
    if not rows:
        return
    popularity = segment.popularity[rows] / np.float32(100.0)
    popularity[np.isnan(popularity)] = 0.0  # np.nan_to_num takes three times as long
    named = kind_bits(named_kinds(" ".join(words)))
    for row, popular, kinds in zip(rows, popularity.tolist(), segment.kinds[rows].tolist(), strict=True):
        title, artist = segment.names(row)
        yield score(words, title, artist, popular, kinds & ~named), row


def _candidates(segments: Sequence[Segment], words: list[str]) -> list[set[int]]:
    """Return for each segment the rows worth ranking."""
    builders = [QueryBuilder(segment, "words") for segment in segments]
    found = [set(popular_rows(build.segment, build.whole(words), _STEP_ROWS)) for build in builders]
    # If several words are found together as typed, they are not misspelt; one word alone may be a misspelling.
    as_typed = len(words) > 1 and any(found)
    for build, rows in zip(builders, found, strict=True):
        known = set(rows)
        rows.update(popular_rows(build.segment, Query.term_query(build.schema, "name", " ".join(words)), _STEP_ROWS))
        if not _holds_all_of(build, known, words[:-1]):
            begun = every([*map(build.term, words[:-1]), build.prefix(words[-1])])
            rows.update(popular_rows(build.segment, begun, _STEP_ROWS))
    for more in (_all_prefixes, _tolerant):
        if not as_typed and sum(map(_recordings, segments, found)) < _ENOUGH:
            for build, rows in zip(builders, found, strict=True):
                rows.update(more(build, words))
    return found


def _holds_all_of(build: QueryBuilder, rows: set[int], words: list[str]) -> bool:
    """Return whether ``rows`` are all rows with ``words``: then a longer last word finds no more of them.

    To find words by their beginning takes longer than to find this out.
    """
    return bool(rows and words) and rows.issuperset(popular_rows(build.segment, build.whole(words), _STEP_ROWS))


def _all_prefixes(build: QueryBuilder, words: list[str]) -> list[int]:
    return popular_rows(build.segment, every(list(map(build.prefix, words))), _STEP_ROWS)


def _tolerant(build: QueryBuilder, words: list[str]) -> list[int]:
    """Return the rows of the first tolerant query that finds any."""
    steps = (popular_rows(build.segment, query, _STEP_ROWS) for query in _tolerant_queries(build, words))
    return next(filter(None, steps), [])


def _recordings(segment: Segment, rows: set[int]) -> int:
    return len(np.unique(segment.recording_code[sorted(rows)]))


def _tolerant_queries(build: QueryBuilder, words: list[str]) -> Iterator[Query]:
    """Allow typos in unknown words, then in all words; then let one word be missing, then half of the words.

    Where very many words are unknown, only let words be missing.
    """
    if build.may_be_misspelt(words):
        *earlier, last = words
        typos = [*map(build.typo, earlier), build.typo(last, prefix=True)]
        doubtful = [build.prefix(word) if build.known(word) else typo for word, typo in zip(words, typos, strict=True)]
        yield every(doubtful)
        yield every(typos)
    else:
        doubtful = list(map(build.term, words))
    for needed in sorted({len(words) - 1, (len(words) + 1) // 2} - {0}, reverse=True):
        optional = [(Occur.Should, query) for query in doubtful]
        yield Query.boolean_query(optional, minimum_number_should_match=needed)
