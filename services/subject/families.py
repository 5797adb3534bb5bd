"""The families of genres that a track is in, and who says so: one answer for everything the page tells of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from ml.taxonomy.model import Taxonomy
from services.container import Services
from services.subject.lookup import genres_by_source, known_genres
from services.subject.model import Subject

# Families of a track without a known genre: those that the genre model gives at least this share, three at the most.
LEAST_SHARE, MOST_GUESSED = 0.15, 3

By = Literal["track", "artist", "model"]


@dataclass(frozen=True, slots=True)
class TrackFamily:
    """A family of a track: told by a genre of the track itself or of its artist, in the words of ``source``, or
    guessed by the genre model."""

    name: str
    by: By
    source: str | None

    @property
    def guessed(self) -> bool:
        return self.by == "model"

    def told(self) -> dict[str, Any]:
        return {"family": self.name, "by": self.by, "source": self.source, "guessed": self.guessed}


@dataclass(frozen=True, slots=True)
class KnownGenres:
    """The genres given to a track and to its artist, most telling first, and whose word each of the two is."""

    track: tuple[str, ...]
    artist: tuple[str, ...]
    track_source: str | None
    source: str | None
    by_source: list[dict[str, Any]]


def genres_of(services: Services, subject: Subject) -> KnownGenres:
    """Return what is known of a track's genres; what sources have just told stands in front for one of theirs."""
    of_track, of_artist, source = known_genres(services, subject.snapshot, subject.track)
    of_track_source = subject.track.source
    told = genres_by_source(services, subject)
    if told and subject.ref is None:
        source = of_track_source = told[0]["source"]
    return KnownGenres(
        track=of_track,
        artist=of_artist,
        track_source=of_track_source if of_track else None,
        source=source if of_track or of_artist else None,
        by_source=told,
    )


def families_of(taxonomy: Taxonomy, known: KnownGenres, shares: Mapping[str, float]) -> tuple[TrackFamily, ...]:
    """Return the families of a track, the main one first: by its own genres, then by its artist's, else guessed.

    ``shares`` are the genre model's probabilities by family. Of known families the one that most genres name comes
    first, of equals the likelier; there is no guess beside them.
    """
    found: dict[str, TrackFamily] = {}
    told: Sequence[tuple[By, Sequence[str], str | None]] = (
        ("track", known.track, known.track_source),
        ("artist", known.artist, known.source),
    )
    for by, genres, source in told:
        counts = Counter(_families(taxonomy, genres))
        for name in sorted(counts, key=lambda one: (-counts[one], -shares.get(one, 0.0))):
            found.setdefault(name, TrackFamily(name, by, source))
    if found:
        return tuple(found.values())
    ranked = sorted(shares, key=lambda name: -shares[name])[:MOST_GUESSED]
    return tuple(
        TrackFamily(name, "model", None) for name in ranked if shares[name] >= LEAST_SHARE or name == ranked[0]
    )


def _families(taxonomy: Taxonomy, genres: Iterable[str]) -> Iterable[str]:
    return filter(None, (_family_of(taxonomy, one) for one in genres))


# A name that nobody has listed is compared with all that are.
_family_of = lru_cache(4096)(Taxonomy.family_of)
