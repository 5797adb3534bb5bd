"""Continues a playlist without tracks by its name: by the genres and artists that occur in it.

Nothing is learnt: genres and artists are those of tracks of the catalogue. ``bench.titles`` scores it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.continuation.model import Among
from ml.taxonomy.segments import GenresOfSegments
from store.catalogue.catalogue import Ref, Snapshot
from store.text import normalise

# Words that are no cue by themselves, though some are names of genres or artists.
_EMPTY = frozenset(
    (
        *("a", "all", "and", "at", "best", "for", "hits", "in", "is", "just", "mix", "music", "my", "new", "now", "of"),
        *("on", "one", "out", "playlist", "radio", "songs", "the", "this", "to", "top", "up", "with"),
    )
)
_LONGEST = 4  # most words of a genre or an artist
_SHORTEST_ARTIST = 6  # least letters of an artist's name of one word
_FEWEST_TRACKS = 3  # least tracks of an artist
_ARTIST = 1.5  # score of a track by a named artist; a named genre gives 1.3
_POPULARITY = 0.001  # per point, to order tracks of otherwise equal scores
_MOST = 5000  # most tracks of a segment that are ranked


@dataclass(frozen=True)
class Cue:
    """Words of a name, normalised, and whether they name an artist or a genre."""

    words: str
    is_artist: bool


def cues_of(name: str, snapshot: Snapshot, genres: GenresOfSegments) -> list[Cue]:
    """Return the genres and artists in a playlist's name, the longest first; each word is used once."""
    words = normalise(name).split()
    free, found = set(range(len(words))), []
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            places = set(range(start, start + length))
            cue = _cue(" ".join(words[start : start + length]), snapshot, genres) if places <= free else None
            if cue is not None:
                found.append(cue)
                free -= places
    return found


def _cue(words: str, snapshot: Snapshot, genres: GenresOfSegments) -> Cue | None:
    if words in _EMPTY or len(words) < 3:
        return None
    if any(genres.named(segment, words) is not None for segment in snapshot.segments):
        return Cue(words, is_artist=False)
    can_be_artist = " " in words or len(words) >= _SHORTEST_ARTIST
    if can_be_artist and sum(len(segment.artist_rows(words)) for segment in snapshot.segments) >= _FEWEST_TRACKS:
        return Cue(words, is_artist=True)
    return None


def ranked_by_name(
    cues: Sequence[Cue], snapshot: Snapshot, genres: GenresOfSegments, among: Among | None = None
) -> list[tuple[Ref, float]]:
    """Return the tracks that match the cues, with scores above 0, best first; of equals the more popular first."""
    found: list[tuple[Ref, float]] = []
    for segment in snapshot.segments:
        scores = np.zeros(len(segment), np.float32)
        for cue in cues:
            if cue.is_artist:
                scores[segment.artist_rows(cue.words)] += np.float32(_ARTIST)
            elif (of_genre := genres.named(segment, cue.words)) is not None:
                scores += of_genre
        if among is not None:
            scores[~among(segment)] = 0.0
        fitting = np.flatnonzero(scores)
        scores = scores[fitting] + np.float32(_POPULARITY) * np.nan_to_num(segment.popularity[fitting])
        best = np.argsort(-scores, kind="stable")[:_MOST]
        found += [(Ref(segment.name, int(fitting[at])), float(scores[at])) for at in best.tolist()]
    return sorted(found, key=lambda match: -match[1])
