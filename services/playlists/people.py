"""The people of a playlist compared: what each adds, what two of them share, and who is most unlike the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np

from ml.sound import coordinates
from services.playlists.playlists import Contributor, contributors
from store.domain import AUDIO_FEATURES, Playlist, PlaylistItem, Track
from store.feature_rows import feature_rows

MOST_PEOPLE = 20
_MOST_ARTISTS = 5
# The features of the radar plot, each 0 to 1.
RADAR = ("danceability", "energy", "valence", "acousticness", "instrumentalness", "liveness", "speechiness")

Rows = Sequence[tuple[PlaylistItem, Track]]


@dataclass(frozen=True, kw_only=True)
class PersonTaste(Contributor):
    """What a person's tracks are like.

    ``features`` are the means of those of :data:`RADAR` that are known, ``artists`` are the most frequent ones;
    ``with_features`` tracks have audio features.
    """

    features: dict[str, float]
    with_features: int
    artists: list[str]


@dataclass(frozen=True)
class TastePair:
    """Two people by id: how many ``artists`` both have added, and which share of all their artists (0 to 1) that is.

    ``distance`` is the distance between the means of their tracks' sound, in standard deviations of a feature over a
    large catalogue; null where one of them has no track with audio features.
    """

    one: str
    other: str
    artists: int
    overlap: float
    distance: float | None


def tastes(playlist: Playlist, rows: Rows) -> list[PersonTaste]:
    """Return the people with most rows, at most 20, the busiest first."""
    found = []
    for person in contributors(playlist)[:MOST_PEOPLE]:
        tracks = _of(rows, person.id)
        values = _values(tracks)
        known = {name: values[:, AUDIO_FEATURES.index(name)] for name in RADAR} if len(values) else {}
        artists = Counter(artist for track in tracks for artist in track.artists)
        found.append(
            PersonTaste(
                **vars(person),
                features={
                    name: round(float(np.nanmean(column)), 3)
                    for name, column in known.items()
                    if not np.isnan(column).all()
                },
                with_features=len(values),
                artists=[artist for artist, _ in artists.most_common(_MOST_ARTISTS)],
            )
        )
    return found


def compared(people: Sequence[Contributor], rows: Rows) -> tuple[list[TastePair], str | None]:
    """Return each pair of people, and the id of the person most unlike the others: by sound, else by artists.

    The id is None for fewer than three people.
    """
    pairs = [_pair(one, other) for one, other in combinations([_Taste.of(person.id, rows) for person in people], 2)]
    if len(people) < 3:
        return pairs, None
    return pairs, max((person.id for person in people), key=lambda id_: _unlikeness(pairs, id_))


@dataclass(frozen=True)
class _Taste:
    """A person's artists, and the (12,) mean coordinates of the sound of their tracks, None where it is unknown."""

    id: str
    artists: set[str]
    middle: np.ndarray | None

    @classmethod
    def of(cls, person: str, rows: Rows) -> Self:
        tracks = _of(rows, person)
        return cls(person, {artist for track in tracks for artist in track.artists}, _middle(tracks))


def _pair(one: _Taste, other: _Taste) -> TastePair:
    both, either = one.artists & other.artists, one.artists | other.artists
    distance = None
    if one.middle is not None and other.middle is not None:
        apart = one.middle - other.middle
        known = apart[~np.isnan(apart)]
        distance = round(float(np.sqrt((known**2).sum())), 3) if len(known) else None
    return TastePair(one.id, other.id, len(both), round(len(both) / max(len(either), 1), 3), distance)


def _unlikeness(pairs: Sequence[TastePair], person: str) -> tuple[float, float]:
    """Return the mean distance to the others (-1 if unknown), then the negative overlap of artists with them."""
    mine = [pair for pair in pairs if person in (pair.one, pair.other)]
    distances = [pair.distance for pair in mine if pair.distance is not None]
    return float(np.mean(distances)) if distances else -1.0, -sum(pair.overlap for pair in mine)


def _of(rows: Rows, person: str) -> list[Track]:
    return list({track.id: track for item, track in rows if item.added_by == person}.values())


def _values(tracks: Sequence[Track]) -> np.ndarray:
    return feature_rows([track.features for track in tracks if track.features])


def _middle(tracks: Sequence[Track]) -> np.ndarray | None:
    """Return the (12,) mean coordinates of the tracks' sound, NaN if unknown; None where no track has features."""
    values = _values(tracks)
    if not len(values):
        return None
    places = coordinates(values)
    known = ~np.isnan(places)
    sums = np.where(known, places, 0).sum(axis=0)
    return np.divide(sums, known.sum(axis=0), out=np.full(places.shape[1], np.nan, np.float32), where=known.any(axis=0))
