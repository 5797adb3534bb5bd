"""Matches a complete title and artist to tracks of the catalogue, with a confidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tantivy import Occur, Query

from store.catalogue.search import MAX_WORDS, QueryBuilder, Ref, distinct_recordings, every, popular_rows, preferred
from store.catalogue.segment import Segment
from store.catalogue.typed import TITLE_ALONE, artist_likeness
from store.catalogue.versions import Version, same_title, version_of
from store.domain import Track
from store.text import normalise, plain_title

_STEP_ROWS = 60
# Lengths of the same recording differ by the silence at its ends; lengths of versions differ by more.
_SAME_LENGTH_MS, _OTHER_LENGTH_MS = 4_000, 30_000
# From this confidence on, no more tolerant query is tried.
_GOOD_ENOUGH = 0.8


@dataclass(frozen=True, slots=True)
class Match:
    """A track with the given names; ``confidence`` is 0 to 1, 1 = same title, artist and length."""

    ref: Ref
    confidence: float


def match(
    segments: Sequence[Segment], title: str, artist: str | None, duration_ms: int | None, limit: int
) -> list[Match]:
    """Return at most ``limit`` matches, one per recording, the best first and among equals the most popular.

    The confidence is the similarity of the titles (without guests and edition marks; versions count) times that of the
    artists, reduced if the lengths differ. Without an artist it is at most 0.8.
    """
    if not title.strip() or limit < 1:
        return []
    artist = artist if artist and artist.strip() else None
    found = [
        (confidence, order, segment, row)
        for order, segment in enumerate(segments)
        for row, confidence in _confidences(segment, title, artist, duration_ms).items()
        if confidence > 0
    ]
    # Rows are sorted by popularity: among equals the smaller row is the more popular one.
    found.sort(key=lambda match: (-round(match[0], 3), match[1], match[3]))
    distinct = distinct_recordings(((confidence, segment, row) for confidence, _, segment, row in found), limit)
    return [Match(preferred(segments, segment, row), confidence) for confidence, segment, row in distinct]


def _confidences(segment: Segment, title: str, artist: str | None, duration_ms: int | None) -> dict[int, float]:
    """Return the confidence by row; more tolerant queries are tried until a match is good enough."""
    known, given = dict[int, float](), version_of(plain_title(title))
    for query in _steps(segment, title, artist):
        for row in popular_rows(segment, query, _STEP_ROWS):
            if row not in known:
                known[row] = _confidence(segment.track(row), given, artist, duration_ms)
        if max(known.values(), default=0.0) >= _GOOD_ENOUGH:
            break
    return known


def _steps(segment: Segment, title: str, artist: str | None) -> Iterator[Query]:
    """Yield queries from strict to tolerant: the title, its words, its words with typos, and all of those but one."""
    names = dict.fromkeys((normalise(title), normalise(plain_title(title))))
    same_title = _any([Query.term_query(segment.schema, "name", name) for name in names])
    in_title, words = QueryBuilder(segment, "title"), normalise(plain_title(title)).split()[:MAX_WORDS]
    near = list(map(in_title.typo, words)) if in_title.may_be_misspelt(words) else []
    titles = (same_title, in_title.whole(words), *([every(near)] if near else ()))
    if artist is None:
        yield from titles
        return
    in_artist, artist_words = QueryBuilder(segment, "artist"), normalise(artist).split()[:MAX_WORDS]
    by_artist = _any(list(map(in_artist.term, artist_words)))
    for named in titles:
        yield every([named, by_artist])
    if near:
        as_spelt = in_artist.typo if in_artist.may_be_misspelt(artist_words) else in_artist.term
        yield every([_any(near, max(1, len(near) - 1)), _any(list(map(as_spelt, artist_words)))])
    yield same_title


def _any(queries: Sequence[Query], needed: int = 1) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries], minimum_number_should_match=needed)


def _confidence(track: Track, given: Version, artist: str | None, duration_ms: int | None) -> float:
    likeness = same_title(given, version_of(plain_title(track.title), track.artists))
    likeness *= TITLE_ALONE if artist is None else artist_likeness(artist, track.artists)
    return likeness * _length_factor(track.duration_ms, duration_ms)


def _length_factor(one: int | None, other: int | None) -> float:
    if one is None or other is None:
        return 0.97
    apart = abs(one - other)
    if apart <= _SAME_LENGTH_MS:
        return 1.0
    return 0.9 if apart <= _OTHER_LENGTH_MS else 0.7
