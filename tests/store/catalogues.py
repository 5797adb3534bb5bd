"""Small catalogues for tests."""

from pathlib import Path

from store.catalogue.builder import build_collection
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import AUDIO_FEATURES, AudioFeatures, Track

FEATURES = AudioFeatures(
    values=dict(
        zip(AUDIO_FEATURES, (0.5, 0.8, 6, -8.5, 0, 0.03, 0.002, 0.01, 0.06, 0.6, 123.0, 331_000, 4), strict=True)
    ),
    source="test",
)


def a_track(number: int, title: str, *artists: str, popularity: float | None = 50.0, **more: object) -> Track:
    """Return a track whose id ends in ``number``, with features unless told otherwise."""
    values: dict = {"features": FEATURES, "source": "test", "duration_ms": 331_000} | more
    return Track(id=f"id{number:020d}", title=title, artists=artists, popularity=popularity, **values)


def catalogue_of(root: Path, *tracks: Track) -> Snapshot:
    """Build the collection segment of ``tracks`` and open it."""
    build_collection(root, tracks)
    return Catalogue(root).current()


def titles(snapshot: Snapshot, query: str, limit: int = 5) -> list[str]:
    """Return what a search finds as "title / first artist"."""
    found = (snapshot.track(hit.ref) for hit in snapshot.search(query, limit))
    return [f"{track.title} / {track.artists[0]}" for track in found]
