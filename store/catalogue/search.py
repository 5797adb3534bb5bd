"""Search as one types, over the word indexes of the catalogue's segments.

A cascade: whole title, all words, the last word as a prefix, every word as a prefix, and, only when those find
too little, words with typos and then all words but some. Each step takes the most popular rows (a row's number
is its rank by popularity) and :func:`store.catalogue.ranking.score` orders what they found together. User text never
reaches a query parser: it is normalised to words and each word becomes a query object.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tantivy import Occur, Order, Query

from store.catalogue.ranking import allowed_typos, coverage, score
from store.catalogue.segment import STARTS, Segment
from store.catalogue.versions import kind_bits, named_kinds
from store.text import normalise

# Longer queries are pasted text; what follows these bounds does not help to distinguish tracks.
MAX_CHARS, MAX_WORDS, MAX_WORD_CHARS = 400, 12, 40
# Rows each step of the cascade takes, most popular first.
_STEP_ROWS = 80
# Fewer different recordings than this, found without typos, is too little: then typos are allowed.
_ENOUGH = 5
_GUEST_WORDS = frozenset({"feat", "ft", "featuring"})
_EDITION = re.compile(r"\b(?:\d{4} )?(?:digital(?:ly)? )?remaster(?:ed)?(?: version)?(?: \d{4})?\b")


@dataclass(frozen=True, slots=True)
class Ref:
    """Where a track stands in one snapshot: the name of its segment and its row there."""

    segment: str
    row: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result; ``score`` is 0 to 1 and comparable within one answer only.

    ``coverage``, 0 to 1, is the share of the typed letters that the track's title and artists explain, and
    ``complete`` says that they leave no word over: then this is what the query means, and not something near it.
    """

    ref: Ref
    score: float
    coverage: float
    complete: bool


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
        """Match words that begin with ``word``; of the field "words" alone."""
        if len(word) <= STARTS:
            return Query.term_query(self.schema, "starts", word)
        return Query.fuzzy_term_query(self.schema, self.field, word, distance=0, prefix=True)

    def typo(self, word: str, *, prefix: bool = False) -> Query:
        """Match words within the typos a word of this length is allowed; with ``prefix`` also their continuations."""
        distance = allowed_typos(word)
        if distance == 0:
            return self.prefix(word) if prefix else self.term(word)
        return Query.fuzzy_term_query(self.schema, self.field, word, distance=distance, prefix=prefix)

    def whole(self, words: Sequence[str]) -> Query:
        """Match names with all of ``words``."""
        return every([self.term(word) for word in words])

    def known(self, word: str) -> bool:
        """Return whether any name has this word."""
        return bool(self.segment.searcher.doc_freq(self.field, word))


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

    ``segments`` stand in order of preference: a track that several of them hold is the earliest one's.
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
    return [
        Hit(preferred(segments, segment, row), points, *coverage(words, *segment.names(row)))
        for points, segment, row in distinct_recordings(found, limit)
    ]


def preferred(segments: Sequence[Segment], segment: Segment, row: int) -> Ref:
    """Return where the track of this row stands in the earliest of ``segments`` that knows its id."""
    for earlier in segments:
        if earlier is segment:
            break
        if (known := earlier.find(segment.track_id(row))) is not None:
            return Ref(earlier.name, known)
    return Ref(segment.name, row)


def distinct_recordings(found: Iterable[tuple[float, Segment, int]], limit: int) -> list[tuple[float, Segment, int]]:
    """Return the first ``limit`` recordings of ``found``, (score, segment, row) each, best first.

    A recording is shown by its best row, but one without audio features gives way to one with them.
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
    # Several words that stand together as typed were meant so; one word may be a rarer one's misspelling.
    as_typed = len(words) > 1 and any(found)
    for build, rows in zip(builders, found, strict=True):
        begun = every([*map(build.term, words[:-1]), build.prefix(words[-1])])
        for query in (Query.term_query(build.schema, "name", " ".join(words)), begun):
            rows.update(popular_rows(build.segment, query, _STEP_ROWS))
    for more in (_all_prefixes, _forgiven):
        if not as_typed and sum(map(_recordings, segments, found)) < _ENOUGH:
            for build, rows in zip(builders, found, strict=True):
                rows.update(more(build, words))
    return found


def _all_prefixes(build: QueryBuilder, words: list[str]) -> list[int]:
    return popular_rows(build.segment, every(list(map(build.prefix, words))), _STEP_ROWS)


def _forgiven(build: QueryBuilder, words: list[str]) -> list[int]:
    """Return what the first of the forgiving steps to find anything finds."""
    steps = (popular_rows(build.segment, query, _STEP_ROWS) for query in _forgiving_steps(build, words))
    return next(filter(None, steps), [])


def _recordings(segment: Segment, rows: set[int]) -> int:
    return len(np.unique(segment.recording_code[sorted(rows)]))


def _forgiving_steps(build: QueryBuilder, words: list[str]) -> Iterator[Query]:
    """Typos first in the words that no name has, then in all; then one word and half the words may be missing."""
    *earlier, last = words
    typos = [*map(build.typo, earlier), build.typo(last, prefix=True)]
    doubtful = [typo if not build.known(word) else build.prefix(word) for word, typo in zip(words, typos, strict=True)]
    yield every(doubtful)
    yield every(typos)
    for needed in sorted({len(words) - 1, (len(words) + 1) // 2} - {0}, reverse=True):
        optional = [(Occur.Should, query) for query in doubtful]
        yield Query.boolean_query(optional, minimum_number_should_match=needed)
