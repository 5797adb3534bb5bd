"""The families of genres that a track is in, and where each comes from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ml.genre.encoder import Floats
from ml.genre.model import GenrePredictor
from ml.taxonomy.model import Taxonomy
from services.container import Services
from services.subject.lookup import SourceGenres, genres_by_source, known_genres
from services.subject.model import Subject

# The model's guess of families, for a track without a known genre: at least this share each, three at most.
LEAST_SHARE, MOST_GUESSED = 0.15, 3

By = Literal["track", "artist", "model"]


@dataclass(frozen=True, slots=True)
class TrackFamily:
    """A family of a track: of a genre that ``source`` gives the track or its artist, or else the model's guess."""

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
    """Return the known genres of a track; for a track found at sources, the first source is named as theirs."""
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


def families_of(model: GenrePredictor, known: KnownGenres, genre: Floats | None) -> tuple[TrackFamily, ...]:
    """Return the families of a track: that of its headline first, then those of its own genres, then of its artist's.

    ``genre`` (114,) are the revised probabilities of the headline, None where no model knows the track. Families of
    the same origin are ordered by the number of genres that name them, then by probability. Where no genre is known,
    the likeliest families are returned as a guess.
    """
    shares = dict.fromkeys(model.families, 0.0)
    main = None
    if genre is not None:
        shares = dict(zip(model.families, model.family_probabilities(genre[None])[0].tolist(), strict=True))
        main = model.taxonomy.family_of(model.genres[int(genre.argmax())])
    found = _named(model.taxonomy, known, shares)
    if not found and genre is not None:
        ranked = sorted(shares, key=lambda name: -shares[name])[:MOST_GUESSED]
        found = [_guess(name) for name in ranked if shares[name] >= LEAST_SHARE]
    if main is None:
        return tuple(found)
    first = next((family for family in found if family.family == main), _guess(main))
    return (first, *(family for family in found if family.family != main))


def _named(taxonomy: Taxonomy, known: KnownGenres, shares: Mapping[str, float]) -> list[TrackFamily]:
    """Return the families that genres of the track and of its artist name."""
    found: dict[str, TrackFamily] = {}
    known_by: Sequence[tuple[By, Sequence[str], str | None]] = (
        ("track", known.track, known.track_source),
        ("artist", known.artist, known.source),
    )
    for by, genres, source in known_by:
        counts = Counter(family for genre in genres if (family := taxonomy.family_of(genre)))
        for name in sorted(counts, key=lambda family: (-counts[family], -shares[family])):
            found.setdefault(name, TrackFamily(name, by, source, guessed=False))
    return list(found.values())


def _guess(family: str) -> TrackFamily:
    return TrackFamily(family, "model", None, guessed=True)
