"""Which of the tracks that sources found is the one that was typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import cast

from etl.engine import Answer, Status
from etl.identity import SAME, clean_isrc, credited, merge, same_recording
from etl.providers.base import Candidate, Identity, LookupQuery
from etl.versions import said_kinds, version_of
from store.catalogue.ranking import coverage
from store.catalogue.search import query_words
from store.text import normalise

# Further down in a source's list stands what it thinks was not meant.
_LOOKED_AT = 10
# Below this a candidate is something else, unless it is the same as a likelier one; one word of two would be more.
_POSSIBLE = 0.3
# A title without its artist is shared by many tracks; a version that nobody asked for is not what was meant.
_TITLE_ALONE, _LEFT_OVER, _UNASKED_VERSION = 0.7, 0.6, 0.3
_ARTIST_NAMED = 0.8
# The place in a list decides between equals; each further source that found the same takes away some of the doubt.
_PER_PLACE, _AGREEMENT = 0.01, 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A recording that sources found; ``confidence`` (0 to 1) that it was meant, ``sources`` the best one first."""

    identity: Identity
    confidence: float
    sources: tuple[str, ...]
    popularity: float | None = None
    explicit: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    source: str
    place: int
    candidate: Candidate
    confidence: float

    @property
    def points(self) -> float:
        return self.confidence - _PER_PLACE * self.place


def words_of(query: LookupQuery) -> str:
    """Return what a source is to search for: the typed words, else title and first artist."""
    return query.text.strip() or " ".join([query.identity.title, *query.identity.artists[:1]]).strip()


def typed_match(text: str, found: Identity) -> float:
    """Return how surely ``found`` is what somebody typed as ``text``, 0 to 1; artist and title in any order.

    How many of the typed letters the names explain, times how much of the title was typed, lowered where the artist
    was not, and where ``found`` is a version (live, karaoke ...) that the words do not ask for.
    """
    words = query_words(text)
    if not words or not found.title:
        return 0.0
    typed, version = " ".join(words), version_of(found.title, found.artists)
    explained, complete = coverage(words, normalise(found.title), normalise(" ".join(found.artists)))
    named = version.name.split()
    sure = explained**2 * (coverage(named, typed, "")[0] ** 2 if named else 0.0)
    artists = (normalise(artist).split() for artist in found.artists)
    if max((coverage(artist, typed, "")[0] for artist in artists if artist), default=0.0) < _ARTIST_NAMED:
        sure *= _TITLE_ALONE
    if version.kinds - said_kinds(typed):
        sure *= _UNASKED_VERSION
    return sure if complete else sure * _LEFT_OVER


def choices(query: LookupQuery, answers: Sequence[Answer]) -> tuple[Choice, ...]:
    """Return the recordings that the search ``answers`` (best source first) hold, the most likely one first."""
    groups: list[list[_Listed]] = []
    for listed in sorted(_listed(query, answers), key=lambda one: -one.points):
        home = (group for group in groups if _same(group[0].candidate.identity, listed.candidate.identity))
        group = next(home, None)
        if group is not None:
            group.append(listed)
        elif listed.confidence >= _POSSIBLE:
            groups.append([listed])
    order = [answer.source for answer in answers]
    found = [_choice(group, order) for group in groups]
    return tuple(choice for _, choice in sorted(found, key=lambda one: -one[0]))


def _listed(query: LookupQuery, answers: Iterable[Answer]) -> Iterator[_Listed]:
    for answer in answers:
        if answer.status is Status.FOUND:
            for place, candidate in enumerate(cast(tuple[Candidate, ...], answer.value)[:_LOOKED_AT]):
                # Words typed into two fields are typed words all the same: they may have slips.
                sure = max(
                    same_recording(query.identity, candidate.identity), typed_match(query.text, candidate.identity)
                )
                yield _Listed(source=answer.source, place=place, candidate=candidate, confidence=sure)


def _same(one: Identity, other: Identity) -> bool:
    return same_recording(one, other) >= SAME


def _choice(group: Sequence[_Listed], order: Sequence[str]) -> tuple[float, Choice]:
    """Put together what the sources said of one recording; the surest names it, the order decides among equals."""
    ranked = sorted(group, key=lambda one: (-one.confidence, order.index(one.source), one.place))
    sources = sorted({listed.source for listed in group}, key=order.index)
    sure = ranked[0].confidence
    sure += (1.0 - sure) * _AGREEMENT * (len(sources) > 1)
    candidates = [listed.candidate for listed in ranked]
    identity = reduce(merge, (candidate.identity for candidate in candidates))
    choice = Choice(
        identity=replace(
            identity,
            artists=_one_by_one([candidate.identity.artists for candidate in candidates]),
            ids={**identity.ids, **_agreed_isrc(candidates)},
        ),
        confidence=min(1.0, sure),
        sources=tuple(sources),
        popularity=next((one.popularity for one in candidates if one.popularity is not None), None),
        explicit=next((one.explicit for one in candidates if one.explicit is not None), None),
    )
    return max(listed.points for listed in group) + sure - ranked[0].confidence, choice


def _one_by_one(credits: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the first credit, or one that names its first artist alone where it says "A & B" in one name."""
    first = next(filter(None, credits), ())
    joined = credited(first[:1])
    if len(joined) < 2:
        return first
    return next((names for names in credits if names and credited(names[:1]) == joined[:1]), first)


def _agreed_isrc(candidates: Iterable[Candidate]) -> dict[str, str]:
    """Return the ISRC that most candidates carry, of equals the first: one that stands alone may be a wrong one."""
    isrcs = Counter(filter(None, (clean_isrc(candidate.identity.ids.get("isrc")) for candidate in candidates)))
    return {"isrc": isrcs.most_common(1)[0][0]} if isrcs else {}
