"""Artists that are similar to an artist."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml.artists.model import Alike
from services.container import Services
from services.recommend.answer import SimilarArtist
from services.viewer import Viewer
from services.views import Worked
from store.catalogue.catalogue import Snapshot


@dataclass(frozen=True)
class SimilarArtists:
    """Artists similar to ``artist``, most similar first; none where nobody of that name is known."""

    artist: str
    artists: list[SimilarArtist]


def similar_to(services: Services, query: Mapping[str, Any], viewer: Viewer) -> Worked:
    """Return SimilarArtists for ``artist`` of the query; they are the same for every viewer."""
    alike = similar_artists(services, services.catalogue.current(), [query["artist"]])
    return Worked(SimilarArtists(query["artist"], alike), True)


def similar_artists(services: Services, snapshot: Snapshot, names: Iterable[str]) -> list[SimilarArtist]:
    """Return artists similar to the first of ``names`` that is known, most similar first; none if none is known."""
    alike = next(filter(None, map(services.artists.alike, names)), [])
    # The model ranks them by more than the similarity, but the page shows the similarity: sort by it.
    return [as_shown(snapshot, similar) for similar in sorted(alike, key=lambda similar: -similar.similarity)]


def as_shown(snapshot: Snapshot, similar: Alike) -> SimilarArtist:
    """Return an artist of an answer as the page shows it."""
    return SimilarArtist.of(
        similar, similarity=round(similar.similarity, 3), track_id=snapshot.best_known_of(similar.name)
    )
