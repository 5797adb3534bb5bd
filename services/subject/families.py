"""The families of genres that a track is in, and where each comes from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ml.taxonomy.model import Taxonomy
from services.container import Services
from services.subject.lookup import SourceGenres, genres_by_source, known_genres
from services.subject.model import Subject

# Families of a track without a known genre: those that the genre model gives at least this share, three at the most.
LEAST_SHARE, MOST_GUESSED = 0.15, 3

By = Literal["track", "artist", "model"]


@dataclass(frozen=True, slots=True)
class TrackFamily:
    """A family of a track: that of a genre which ``source`` gives the track or its artist, or the model's guess."""

    family: str
    by: By
    source: str | None
    guessed: bool


@dataclass(frozen=True, slots=True)
class KnownGenres:
    """The genres of a track and of its artist, the most important first, and where each of the two comes from."""

    track: tuple[str, ...]
    artist: tuple[str, ...]
    track_source: str | None
    source: str | None
    by_source: list[SourceGenres]


def genres_of(services: Services, subject: Subject) -> KnownGenres:
    """Return what is known of a track's genres; what sources answered just now goes first for a track of theirs."""
    of_track, of_artist, source = known_genres(services, subject.snapshot, subject.track)
    of_track_source = subject.track.source_of("labels")
    by_source = genres_by_source(services, subject)
    if by_source and subject.ref is None:
        source = of_track_source = by_source[0].source
    return KnownGenres(
        track=of_track,
        artist=of_artist,
        track_source=of_track_source if of_track else None,
        source=source if of_track or of_artist else None,
        by_source=by_source,
    )


def families_of(taxonomy: Taxonomy, known: KnownGenres, shares: Mapping[str, float]) -> tuple[TrackFamily, ...]:
    """Return the families of a track, the main one first: by its own genres, then by its artist's, else guessed.

    ``shares`` are the genre model's probabilities by family. Of known families the one that most genres name comes
    first, of equals the likelier; there is no guess beside them.
    """
    found: dict[str, TrackFamily] = {}
    known_by: Sequence[tuple[By, Sequence[str], str | None]] = (
        ("track", known.track, known.track_source),
        ("artist", known.artist, known.source),
    )
    for by, genres, source in known_by:
        counts = Counter(family for genre in genres if (family := _family_of(taxonomy, genre)))
        for name in sorted(counts, key=lambda family: (-counts[family], -shares.get(family, 0.0))):
            found.setdefault(name, TrackFamily(name, by, source, guessed=False))
    if found:
        return tuple(found.values())
    ranked = sorted(shares, key=lambda name: -shares[name])[:MOST_GUESSED]
    return tuple(
        TrackFamily(name, "model", None, guessed=True)
        for name in ranked
        if shares[name] >= LEAST_SHARE or name == ranked[0]
    )


def with_main(families: tuple[TrackFamily, ...], main: str | None) -> tuple[TrackFamily, ...]:
    """Return the families with ``main``, that of the track's headline, in front, the model's where nobody names it."""
    if main is None:
        return families
    first = next((one for one in families if one.family == main), TrackFamily(main, "model", None, guessed=True))
    return (first, *(one for one in families if one.family != main))


# A name that nobody has listed is compared with all that are.
_family_of = lru_cache(4096)(Taxonomy.family_of)
