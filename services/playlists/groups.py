"""Groups of tracks other than by person: by family of genres and by cluster of sound."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.artists.model import ArtistEmbedding
from ml.taxonomy.model import Taxonomy
from services.container import Services
from services.errors import ServiceError
from services.sound.cluster_names import cluster_names
from store.domain import Track


def best_known_genres(artists: ArtistEmbedding, track: Track) -> Sequence[str]:
    """Return a track's own genres, or its artist's, or two genres of its first artist that the embedding knows.

    Artists are found by exact name: in a playlist, a name that resembles a known one is mostly another artist's.
    """
    genres = track.labels or track.artist_genres
    if genres:
        return genres
    found = (artists.find_exact(name) for name in track.artists)
    return next((artists.genres(artist)[:2] for artist in found if artist is not None), ())


def main_families(services: Services, tracks: Sequence[Track]) -> list[str | None]:
    """Return the family that most genres of each track name, ``None`` for all where a model is missing."""
    try:
        taxonomy, artists = services.genre.taxonomy, services.artists
        return [_family(taxonomy, best_known_genres(artists, track)) for track in tracks]
    except ServiceError:
        return [None for _ in tracks]


def _family(taxonomy: Taxonomy, genres: Sequence[str]) -> str | None:
    counts = Counter(family for genre in genres if (family := taxonomy.family_of(genre)))
    return counts.most_common(1)[0][0] if counts else None


def clusters_of(services: Services, sound: npt.NDArray[np.float32]) -> list[str | None]:
    """Return the cluster of each row of (n, 13) features, by its name.

    It is None for a row with too few known features, and for all rows if the model is missing.
    """
    try:
        model = services.clusters
    except ServiceError:
        return [None for _ in sound]
    numbers = model.assign(sound)
    names = cluster_names(model)
    return [names[number] if number >= 0 else None for number in numbers.tolist()]
