"""The clusters of sound: which genres fill each, how their number was chosen, and where a track falls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.clusters.model import Clusters
from services.container import Services
from services.errors import no_features
from services.sound.cluster_names import ROWS, Lift, cluster_names, named
from services.subject.model import Match, SourceMatch
from services.subject.resolve import resolve
from services.viewer import Viewer
from services.views import ModelVersion, TrackSummary
from store.domain import usable_features


@dataclass(frozen=True, kw_only=True)
class Exemplar:
    """A cluster's exemplar, and the nearest track of the catalogue where one sounds like it."""

    features: dict[str, float]
    track: TrackSummary | None
    distance: float | None


@dataclass(frozen=True, kw_only=True)
class ClusterSummary:
    """A cluster (from 1): its name, its share of all genres' tracks, its tracks in the catalogue, and what fills it."""

    cluster: int
    name: str
    share: float
    tracks_here: int
    exemplar: Exemplar
    genres: list[Lift]
    families: list[Lift]


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """The share of each row's ``tracks`` in each cluster: ``shares`` has a row for each of ``rows``."""

    rows: list[str]
    tracks: list[int]
    shares: list[list[float]]


@dataclass(frozen=True, kw_only=True)
class HeatMaps:
    family: HeatMap
    genre: HeatMap


@dataclass(frozen=True, kw_only=True)
class ClustersAnswer:
    """All clusters, and the ``sweep`` that chose their number, on ``subsample`` tracks."""

    version: str
    clusters: list[ClusterSummary]
    sweep: list[dict[str, Any]]
    subsample: int
    heatmap: HeatMaps


@dataclass(frozen=True, kw_only=True)
class NearCluster:
    """A cluster (from 1) with its name, the distance of the track from its exemplar, and the genres that fill it."""

    cluster: int
    name: str
    distance: float
    genres: list[Lift]


@dataclass(frozen=True, kw_only=True)
class ClusterAnswer:
    """The cluster of a track, and the nearest ones, that one first."""

    track: TrackSummary
    match: Match | SourceMatch
    cluster: int
    nearest: list[NearCluster]
    model: ModelVersion


def describe_clusters(services: Services, viewer: Viewer) -> ClustersAnswer:
    """Return the clusters with the genres that fill each, the heat maps and how their number was chosen."""
    model = services.clusters
    snapshot = services.catalogue.current(viewer.owner)
    seen = model.in_catalogue(snapshot, services.neighbours.sound)
    clusters = []
    for number, name in enumerate(cluster_names(model)):
        found = seen.nearest[number]
        clusters.append(
            ClusterSummary(
                cluster=number + 1,
                name=name,
                share=round(float(model.shares("genre")[:, number].mean()), 4),
                tracks_here=seen.counts[number],
                exemplar=Exemplar(
                    features=model.features(number),
                    track=TrackSummary.of(snapshot.track(found[0])) if found else None,
                    distance=round(found[1], 3) if found else None,
                ),
                genres=named(model, "genre", number),
                families=named(model, "family", number),
            )
        )
    return ClustersAnswer(
        version=model.version,
        clusters=clusters,
        sweep=model.settings["sweep"],
        subsample=model.settings["heard"],
        heatmap=HeatMaps(family=_heat(model, "family"), genre=_heat(model, "genre")),
    )


def predict_cluster(services: Services, query: Mapping[str, Any], viewer: Viewer) -> ClusterAnswer:
    """Return the clusters that a track is nearest to; raises ServiceError as `resolve` does, 422 without features."""
    subject, model = resolve(services, query, viewer), services.clusters
    features = usable_features(subject.track)
    membership = model.predict(features) if features else None
    if membership is None:
        raise no_features(
            "Too few audio features of this track are known to find its cluster.",
            "Import a file that has its audio features, or give them in the request.",
        )
    names = cluster_names(model)
    nearest = [
        NearCluster(
            cluster=number + 1,
            name=names[number],
            distance=round(distance, 3),
            genres=named(model, "genre", number),
        )
        for number, distance in zip(membership.clusters, membership.distances, strict=True)
    ]
    return ClusterAnswer(
        track=TrackSummary.of(subject.track),
        match=subject.match(),
        cluster=nearest[0].cluster,
        nearest=nearest,
        model=ModelVersion("clusters", model.version),
    )


def _heat(model: Clusters, rows_of: str) -> HeatMap:
    counts = model.family_counts if rows_of == "family" else model.genre_counts
    shares = np.round(model.shares(rows_of), 4)
    return HeatMap(rows=model.settings[ROWS[rows_of]], tracks=counts.sum(axis=1).tolist(), shares=shares.tolist())
