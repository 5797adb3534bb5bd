"""Chooses the track that was meant among those that sources found."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import cast

from etl.engine import Answer, Status
from etl.identity import SAME, clean_isrc, merge, same_recording
from etl.providers.base import Candidate, Identity, LookupQuery
from store.catalogue.ranking import coverage
from store.catalogue.search import query_words
from store.catalogue.versions import named_kinds, version_of
from store.text import credited, normalise

# How many candidates of a source's list are considered.
_CONSIDERED = 10
# A candidate below this is dropped, unless it is the same recording as a likelier one. A match of one of two words is
# above it.
_POSSIBLE = 0.3
# Factors: the artist is not named, words are left over, the version is not one that the words name.
_TITLE_ALONE, _LEFT_OVER, _OTHER_VERSION = 0.7, 0.6, 0.3
_ARTIST_NAMED = 0.8
# The rank in a list decides between equals; a second source that found the same raises the confidence.
_PER_RANK, _AGREEMENT = 0.01, 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A recording that sources found, with the confidence (0 to 1) that it was meant; ``sources`` best first."""

    identity: Identity
    confidence: float
    sources: tuple[str, ...]
    popularity: float | None = None
    explicit: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    source: str
    rank: int
    candidate: Candidate
    confidence: float

    @property
    def points(self) -> float:
        return self.confidence - _PER_RANK * self.rank


def search_words(identity: Identity) -> str:
    """Return the words to search a track by: its title and first artist."""
    return " ".join([identity.title, *identity.artists[:1]]).strip()


def typed_match(text: str, found: Identity) -> float:
    """Return the confidence (0 to 1) that ``found`` was meant by the typed ``text``, artist and title in any order.

    It is the square of the share of typed letters that occur in the names, times the square of the share of the title
    that was typed. It is lower if the artist was not typed, and if ``found`` is a version (live, karaoke ...) that
    the words do not name.
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
    if version.kinds - named_kinds(typed):
        sure *= _OTHER_VERSION
    return sure if complete else sure * _LEFT_OVER


def choices(query: LookupQuery, answers: Sequence[Answer]) -> tuple[Choice, ...]:
    """Return the recordings in the search ``answers`` (best source first), the most likely one first."""
    groups: list[list[_Listed]] = []
    for listed in sorted(_listed(query, answers), key=lambda listed: -listed.points):
        identity = listed.candidate.identity
        group = next((group for group in groups if same_recording(group[0].candidate.identity, identity) >= SAME), None)
        if group is not None:
            group.append(listed)
        elif listed.confidence >= _POSSIBLE:
            groups.append([listed])
    order = [answer.source for answer in answers]
    found = [_choice(group, order) for group in groups]
    return tuple(choice for _, choice in sorted(found, key=lambda scored: -scored[0]))


def _listed(query: LookupQuery, answers: Iterable[Answer]) -> Iterator[_Listed]:
    for answer in answers:
        if answer.status is Status.FOUND:
            for rank, candidate in enumerate(cast(tuple[Candidate, ...], answer.value)[:_CONSIDERED]):
                # Words typed into two fields may have typing errors too.
                sure = max(
                    same_recording(query.identity, candidate.identity), typed_match(query.text, candidate.identity)
                )
                yield _Listed(source=answer.source, rank=rank, candidate=candidate, confidence=sure)


def _choice(group: Sequence[_Listed], order: Sequence[str]) -> tuple[float, Choice]:
    """Merge the candidates for one recording: the surest names it, the order of sources decides among equals."""
    ranked = sorted(group, key=lambda listed: (-listed.confidence, order.index(listed.source), listed.rank))
    sources = sorted({listed.source for listed in group}, key=order.index)
    sure = ranked[0].confidence
    sure += (1.0 - sure) * _AGREEMENT * (len(sources) > 1)
    candidates = [listed.candidate for listed in ranked]
    identity = reduce(merge, (candidate.identity for candidate in candidates))
    choice = Choice(
        identity=replace(
            identity,
            artists=_separate_artists([candidate.identity.artists for candidate in candidates]),
            ids={**identity.ids, **_agreed_isrc(candidates)},
        ),
        confidence=min(1.0, sure),
        sources=tuple(sources),
        popularity=next((found.popularity for found in candidates if found.popularity is not None), None),
        explicit=next((found.explicit for found in candidates if found.explicit is not None), None),
    )
    return max(listed.points for listed in group) + sure - ranked[0].confidence, choice


def _separate_artists(credits: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the first credit, or one that lists its artists separately if it says "A & B" in one name."""
    first = next(filter(None, credits), ())
    joined = credited(first[:1])
    if len(joined) < 2:
        return first
    return next((names for names in credits if names and credited(names[:1]) == joined[:1]), first)


def _agreed_isrc(candidates: Iterable[Candidate]) -> dict[str, str]:
    """Return the most frequent ISRC of the candidates, the first of equally frequent ones; a rare one may be wrong."""
    isrcs = Counter(filter(None, (clean_isrc(candidate.identity.ids.get("isrc")) for candidate in candidates)))
    return {"isrc": isrcs.most_common(1)[0][0]} if isrcs else {}
