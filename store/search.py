"""Search as one types, over the word indexes of the catalogue's segments.

A cascade: whole title, all words, the last word as a prefix, every word as a prefix, and, only when those find
too little, words with typos and then all words but one. Each step takes the most popular rows (a row's number
is its rank by popularity) and :func:`_score` orders what they found together. User text never reaches a query
parser: it is normalised to words and each word becomes a query object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import OSA
from tantivy import Occur, Order, Query, Schema

from store.segment import Segment
from store.text import normalise

# Longer queries are pasted text; what follows these bounds does not help to tell one track from another.
MAX_CHARS, MAX_WORDS, MAX_WORD_CHARS = 400, 12, 40
# Rows each step of the cascade takes, most popular first.
_STEP_ROWS = 80
# Fewer different recordings than this, found without typos, is too little: then typos are allowed.
_ENOUGH = 5
_ONE_TYPO, _TWO_TYPOS = 4, 8
_GUEST_WORDS = frozenset({"feat", "ft", "featuring"})
_EDITION = re.compile(r"\b(?:\d{4} )?(?:digital(?:ly)? )?remaster(?:ed)?(?: version)?(?: \d{4})?\b")
# Weights of the order of hits: how much of the name was typed, and how popular the recording is.
_FIT, _POPULARITY = 0.4, 0.2


@dataclass(frozen=True, slots=True)
class Ref:
    """Where a track stands in one snapshot: the name of its segment and its row there."""

    segment: str
    row: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result; ``score`` is 0 to 1 and comparable within one answer only."""

    ref: Ref
    score: float


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

    ``segments`` stand in order of preference: where two hold the same recording with the same score the
    earlier one's track is the hit.
    """
    words = query_words(text)
    if not words or limit < 1:
        return []
    found: list[tuple[float, Segment, int]] = []
    for segment in segments:
        rows = _candidates(segment, words)
        found += [(score, segment, row) for score, row in _ranked(segment, rows, words)]
    found.sort(key=lambda hit: -hit[0])
    return _one_per_recording(found, limit)


def _one_per_recording(found: Iterable[tuple[float, Segment, int]], limit: int) -> list[Hit]:
    seen: set[int] = set()
    hits: list[Hit] = []
    for score, segment, row in found:
        recording = int(segment.recording_code[row])
        if recording not in seen:
            seen.add(recording)
            hits.append(Hit(Ref(segment.name, row), score))
            if len(hits) == limit:
                break
    return hits


def _candidates(segment: Segment, words: list[str]) -> list[int]:
    rows: set[int] = set()
    for query in _plain_steps(segment.schema, words):
        rows.update(popular_rows(segment, query, _STEP_ROWS))
    if _recordings(segment, rows) < _ENOUGH:
        for query in _forgiving_steps(segment.schema, words):
            rows.update(popular_rows(segment, query, _STEP_ROWS))
            if rows:
                break
    return sorted(rows)


def _recordings(segment: Segment, rows: set[int]) -> int:
    return len(np.unique(segment.recording_code[sorted(rows)])) if rows else 0


def popular_rows(segment: Segment, query: Query, limit: int) -> list[int]:
    """Return the ``limit`` most popular rows that match ``query``."""
    result = segment.searcher.search(query, limit, count=False, order_by_field="row", order=Order.Asc)
    return [int(row) for row, _ in result.hits]


def _plain_steps(schema: Schema, words: list[str]) -> Iterator[Query]:
    whole = [Query.term_query(schema, "words", word) for word in words]
    prefix = [prefix_query(schema, "words", word) for word in words]
    yield Query.term_query(schema, "name", " ".join(words))
    if len(words) > 1:
        yield every([*whole[:-1], prefix[-1]])
    yield every(whole)
    yield every(prefix)


def _forgiving_steps(schema: Schema, words: list[str]) -> Iterator[Query]:
    typos = [typo_query(schema, "words", word, prefix=at == len(words) - 1) for at, word in enumerate(words)]
    yield every(typos)
    for missing in range(1, (len(words) + 1) // 2):
        yield Query.boolean_query(
            [(Occur.Should, query) for query in typos], minimum_number_should_match=len(words) - missing
        )


def every(queries: Sequence[Query]) -> Query:
    """Return the conjunction of ``queries``."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def prefix_query(schema: Schema, field: str, word: str) -> Query:
    """Match terms that begin with ``word``."""
    return Query.fuzzy_term_query(schema, field, word, distance=0, prefix=True)


def typo_query(schema: Schema, field: str, word: str, *, prefix: bool) -> Query:
    """Match terms within the typos that a word of this length is allowed, or that begin with it."""
    return Query.fuzzy_term_query(schema, field, word, distance=allowed_typos(word), prefix=prefix)


def allowed_typos(word: str) -> int:
    """Return 0, 1 or 2: a short word with a typo is another word."""
    return (len(word) >= _ONE_TYPO) + (len(word) >= _TWO_TYPOS)


def _ranked(segment: Segment, rows: list[int], words: list[str]) -> Iterator[tuple[float, int]]:
    if not rows:
        return
    popularity = np.nan_to_num(segment.popularity[rows]) / 100.0
    for row, popular, (_, title, artist) in zip(rows, popularity.tolist(), segment.names(rows), strict=True):
        yield _score(words, title.split(), artist.split(), popular), row


def _score(words: list[str], title: list[str], artist: list[str], popular: float) -> float:
    """Return 0 to 1: the share of the query found, times how well it fits the name, plus popularity.

    A word typed in full counts more than a prefix and that more than a typo, in proportion to the letters.
    """
    in_title, in_artist = _letters(words, title), _letters(words, artist)
    typed = sum(map(len, words))
    coverage = sum(max(pair) for pair in zip(in_title, in_artist, strict=True)) / typed
    title_typed = sum(t for t, a in zip(in_title, in_artist, strict=True) if t >= a)
    artist_typed = sum(a for t, a in zip(in_title, in_artist, strict=True) if a >= t)
    title_size, artist_size = sum(map(len, title)) or 1, sum(map(len, artist)) or 1
    both = (title_typed + artist_typed) / (title_size + artist_size)
    fit = min(1.0, max(title_typed / title_size, artist_typed / artist_size, both))
    return coverage**2 * (1.0 - _FIT - _POPULARITY + _FIT * fit + _POPULARITY * popular)


def _letters(words: list[str], name: list[str]) -> list[float]:
    """Return for each query word how many of its letters the best word of ``name`` explains."""
    return [max((_shared(word, other) for other in name), default=0.0) for word in words]


def _shared(word: str, other: str) -> float:
    if word == other:
        return float(len(word))
    if other.startswith(word):
        return 0.9 * len(word)
    allowed = allowed_typos(word)
    wrong = OSA.distance(word, other[: len(word) + allowed], score_cutoff=allowed)
    return max(0.0, 0.9 * len(word) - 2.0 * wrong) if wrong <= allowed else 0.0
