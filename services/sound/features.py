"""Distributions of the audio features: histograms of the catalogue, of a playlist or of a family of genres."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ml import histograms
from ml.histograms import EDGES
from services.container import Services
from services.errors import not_found
from services.playlists.playlists import find_playlist
from services.viewer import Viewer
from store.domain import AUDIO_FEATURES, Playlist
from store.feature_rows import feature_rows
from store.library import shown_tracks

ALL = "all"
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class FeatureHistogram:
    """Counts of a feature's values between ``edges``, here and in the reference, and statistics of the values here."""

    feature: str
    edges: list[float]
    counts: list[int]
    reference: list[int]
    known: int
    mean: float | None
    median: float | None
    deviation: float | None


@dataclass(frozen=True, kw_only=True)
class Histograms:
    """The histograms of all audio features.

    ``reference`` is the version of the families model; the reference counts are those of its training tracks.
    """

    tracks: int
    families: list[str]
    reference: str
    features: list[FeatureHistogram]


@dataclass(frozen=True)
class FeatureSource:
    """A source, its title, and the number of ``tracks`` whose audio features are from it."""

    source: str
    title: str
    tracks: int


@dataclass(frozen=True)
class CatalogueSources:
    """The sources of the audio features of the catalogue's ``tracks``, the most frequent source first."""

    tracks: int
    sources: list[FeatureSource]


def sources_of_catalogue(services: Services, viewer: Viewer) -> CatalogueSources:
    """Count the catalogue's tracks by the source of their audio features."""
    catalogue = services.catalogue.current(viewer.owner)
    counts = sum((segment.feature_sources for segment in catalogue.segments), Counter[str]())
    sources = [FeatureSource(name, services.title_of(name), count) for name, count in counts.most_common()]
    return CatalogueSources(len(catalogue), sources)


def histograms_of(services: Services, playlist_id: str, family: str, viewer: Viewer) -> Histograms:
    """Return the histograms of a playlist (or of the catalogue for ""), with those of the reference.

    ``family`` restricts both to a family of genres; "" is all. Raises ServiceError 404 for an unknown playlist or
    family.
    """
    reference = services.families.histograms.get(family or ALL)
    if reference is None:
        raise not_found(f"There is no family {family!r}.", f"There are: {', '.join(services.families.models)}.")
    values = _values(services, playlist_id, family, viewer)
    counts, summary = histograms.count(values), histograms.summary(values)
    return Histograms(
        tracks=len(values),
        families=list(services.families.models),
        reference=services.families.version,
        features=[
            FeatureHistogram(
                feature=name,
                edges=np.round(EDGES[name], 4).tolist(),
                counts=counts[name].tolist(),
                reference=reference[name].tolist(),
                **summary[name],
            )
            for name in AUDIO_FEATURES
        ],
    )


def _values(services: Services, playlist_id: str, family: str, viewer: Viewer) -> np.ndarray:
    """Return (n, 13) features of the tracks of a playlist or of the catalogue."""
    if playlist_id:
        return _of_playlist(services, find_playlist(services, playlist_id, viewer), family)
    segments = services.catalogue.current(viewer.owner).segments
    if family:
        found = [segment.features[services.families.rows(segment, family)] for segment in segments]
    else:
        found = [np.asarray(segment.features) for segment in segments]
    return np.concatenate([np.empty((0, len(AUDIO_FEATURES)), np.float32), *found])


def _of_playlist(services: Services, playlist: Playlist, family: str) -> np.ndarray:
    found = []
    for start in range(0, playlist.item_count, _PAGE):
        items = services.database.playlist_items(playlist.id, start=start, limit=_PAGE)
        ids = {item.track_id for item in items}
        for track in shown_tracks(services.catalogue, services.database, playlist.owner, ids).values():
            families = services.families.families_of((*track.labels, *track.artist_genres)) if family else ()
            if track.features is not None and (not family or family in families):
                found.append(track.features)
    return feature_rows(found)
