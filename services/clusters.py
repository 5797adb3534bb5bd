"""The clusters of sound: which genres fill each, how their number was chosen, and where a track falls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.clusters.model import Clusters
from services.container import Services
from services.errors import ServiceError
from services.genre import as_input
from services.subject.resolve import resolve
from services.views import track_summary
from store.domain import AudioFeatures

NAMED = 5  # genres named per cluster
_LEAST_SHARE = 0.02  # of a genre's tracks, below which its lift says nothing


def describe_clusters(services: Services) -> dict[str, Any]:
    """Return the clusters with the genres that fill each, the heat maps and how their number was chosen."""
    model = services.clusters
    snapshot = services.catalogue.current()
    seen = model.in_catalogue(snapshot, services.neighbours.sound)
    genre_lifts, family_lifts = model.lifts("genre"), model.lifts("family")
    told = []
    for number in range(len(model)):
        found = seen.nearest[number]
        told.append(
            {
                "cluster": number + 1,
                "share": round(float(model.shares("genre")[:, number].mean()), 4),
                "tracks_here": seen.counts[number],
                "exemplar": {
                    "features": model.features(number),
                    "track": track_summary(snapshot.track(found[0])) if found else None,
                    "distance": round(found[1], 3) if found else None,
                },
                "genres": _named(model, "genre", genre_lifts, number),
                "families": _named(model, "family", family_lifts, number),
            }
        )
    return {
        "version": model.version,
        "clusters": told,
        "sweep": model.settings["sweep"],
        "subsample": model.settings["heard"],
        "heatmap": {of: _heat(model, of) for of in ("family", "genre")},
    }


def predict_cluster(services: Services, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clusters that a track is nearest to; raises ServiceError as `resolve` does, 422 without features."""
    subject = resolve(services, query)
    fall = _fall(services, AudioFeatures(values=as_input(subject.track).features, source="usable"))
    return {
        "track": track_summary(subject.track),
        "match": subject.match(),
        "cluster": fall[0]["cluster"],
        "nearest": fall,
        "model": {"task": "clusters", "version": services.clusters.version},
    }


def _fall(services: Services, features: AudioFeatures) -> list[dict[str, Any]]:
    model = services.clusters
    fall = model.predict(features)
    if fall is None:
        raise ServiceError(
            422,
            "no_features",
            "Too few audio features of this track are known to tell its cluster.",
            "Import a file that has audio features for it, or give them in the question.",
        )
    lifts = model.lifts("genre")
    return [
        {
            "cluster": number + 1,
            "distance": round(distance, 3),
            "genres": _named(model, "genre", lifts, number),
        }
        for number, distance in zip(fall.clusters, fall.distances, strict=True)
    ]


def _rows(model: Clusters, of: str) -> list[str]:
    rows: list[str] = model.settings["families" if of == "family" else "genres"]
    return rows


def _heat(model: Clusters, of: str) -> dict[str, Any]:
    counts = model.family_counts if of == "family" else model.genre_counts
    return {
        "rows": _rows(model, of),
        "tracks": counts.sum(axis=1).tolist(),
        "shares": np.round(model.shares(of), 4).tolist(),
    }


def _named(model: Clusters, of: str, lifts: np.ndarray, number: int) -> list[dict[str, Any]]:
    """Return the genres (or families) that are most over-represented in a cluster, the most so first."""
    shares = model.shares(of)[:, number]
    order = np.argsort(-np.where(shares >= _LEAST_SHARE, lifts[:, number], 0.0), kind="stable")[:NAMED]
    rows = _rows(model, of)
    return [
        {"name": rows[at], "share": round(float(shares[at]), 4), "lift": round(float(lifts[at, number]), 2)}
        for at in order
        if lifts[at, number] > 1.0
    ]
