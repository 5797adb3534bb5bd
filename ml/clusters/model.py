"""Clusters of sound by affinity propagation: the cluster of a track, and the genres of each cluster; needs only numpy.

A cluster is represented by its exemplar, the feature values of a real track. A track belongs to the nearest exemplar by
the distance of :mod:`ml.sound`. ``ml.clusters.train.train`` finds the exemplars (Frey and Dueck, "Clustering by passing
messages between data points", *Science* 315, 2007).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.sound import Floats, SoundIndex, coordinates, squared_distances
from store.catalogue.catalogue import Ref, Segment, Snapshot
from store.domain import AUDIO_FEATURES, AudioFeatures
from store.feature_rows import feature_rows

Counts = npt.NDArray[np.int32]

# Largest distance (in spreads) of a catalogue track shown as an example of an exemplar; most tracks are 1.3 apart.
NEAR = 0.5


@dataclass(frozen=True, slots=True)
class ClusterMembership:
    """The nearest clusters of one track: numbers from 0, nearest first, and the exemplars' distances in spreads."""

    clusters: tuple[int, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CatalogueClusters:
    """The k clusters in a catalogue.

    ``counts`` are its tracks by cluster, ``nearest`` the nearest track to each exemplar with its distance in spreads,
    or ``None`` where no track is nearer than :data:`NEAR`.
    """

    counts: tuple[int, ...]
    nearest: tuple[tuple[Ref, float] | None, ...]


class Clusters:
    """One version's k exemplars and the counts of training tracks around them.

    Attributes
    ----------
    exemplars : np.ndarray
        (k, 13) feature values in Spotify's units, the largest cluster first.
    genre_counts, family_counts : np.ndarray
        (genres, k) and (families, k) training tracks; a track counts once for each of its genres (families).
    settings : Mapping
        ``version``, ``taxonomy``, ``genres``, ``families`` (names of the rows) and ``sweep`` (scores by preference).
    """

    def __init__(self, settings: Mapping[str, Any], exemplars: Floats, genres: Counts, families: Counts) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self.exemplars = np.asarray(exemplars, np.float32)
        self.genre_counts, self.family_counts = np.asarray(genres, np.int32), np.asarray(families, np.int32)
        self.places = coordinates(self.exemplars)
        self._in_catalogue: tuple[str, CatalogueClusters] | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.exemplars)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/clusters/<version>``; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        settings = verified_json(directory / "clusters.json")
        with np.load(verified(directory / "clusters.npz"), allow_pickle=False) as numbers:
            return cls(settings, numbers["exemplars"], numbers["genres"], numbers["families"])

    def save(self, directory: Path) -> list[Path]:
        """Write ``clusters.json`` and ``clusters.npz`` and return their paths."""
        directory.mkdir(parents=True, exist_ok=True)
        description, numbers = directory / "clusters.json", directory / "clusters.npz"
        description.write_text(json.dumps(self.settings, indent=1) + "\n", encoding="utf-8")
        np.savez_compressed(numbers, exemplars=self.exemplars, genres=self.genre_counts, families=self.family_counts)
        return [description, numbers]

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Return (n, k) squared distances of (n, 13) feature rows in spreads, NaN where too little is known."""
        places = coordinates(features)
        return np.stack([squared_distances(places, exemplar) for exemplar in self.places], axis=1)

    def assign(self, features: Floats) -> npt.NDArray[np.intp]:
        """Return (n,) clusters of (n, 13) feature rows, -1 where too little is known."""
        squared = self.distances(features)
        known = ~np.isnan(squared[:, 0])
        return np.where(known, np.argmin(np.nan_to_num(squared, nan=np.inf), axis=1), -1)

    def predict(self, features: AudioFeatures, limit: int = 3) -> ClusterMembership | None:
        """Return the ``limit`` nearest clusters of a track, ``None`` where too few of its features are known."""
        squared = self.distances(feature_rows([features]))[0]
        if np.isnan(squared).any():
            return None
        order = np.argsort(squared, kind="stable")[:limit]
        return ClusterMembership(tuple(map(int, order)), tuple(float(np.sqrt(squared[at])) for at in order))

    def in_catalogue(self, snapshot: Snapshot, sound: Callable[[Segment], SoundIndex]) -> CatalogueClusters:
        """Return the clusters of a catalogue's tracks, computed once per generation.

        ``sound`` returns a segment's index. An exemplar takes about a millisecond for 200,000 tracks.
        """
        with self._lock:
            if self._in_catalogue is None or self._in_catalogue[0] != snapshot.generation:
                self._in_catalogue = (snapshot.generation, self._count(snapshot, sound))
            return self._in_catalogue[1]

    def _count(self, snapshot: Snapshot, sound: Callable[[Segment], SoundIndex]) -> CatalogueClusters:
        counts = np.zeros(len(self), np.int64)
        nearest: list[tuple[Ref, float] | None] = [None] * len(self)
        for segment in snapshot.segments:
            index = sound(segment)
            best = np.full(len(segment), np.inf, np.float32)
            cluster = np.full(len(segment), -1, np.int16)
            for number, place in enumerate(self.places):
                squared = np.nan_to_num(index.squared_distances(place), nan=np.inf)
                closer = squared < best
                best[closer], cluster[closer] = squared[closer], number
                row, known = int(np.argmin(squared)), nearest[number]
                distance = float(np.sqrt(squared[row]))
                if distance <= NEAR and (known is None or distance < known[1]):
                    nearest[number] = Ref(segment.name, row), distance
            counts += np.bincount(cluster[cluster >= 0], minlength=len(self))
        return CatalogueClusters(tuple(counts.tolist()), tuple(nearest))

    def shares(self, rows_of: str) -> npt.NDArray[np.float64]:
        """Return (rows, k): the share of each genre's (or with "family" each family's) tracks in each cluster."""
        counts = self.family_counts if rows_of == "family" else self.genre_counts
        return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def lifts(self, rows_of: str) -> npt.NDArray[np.float64]:
        """Return (rows, k): :meth:`shares` divided by their mean over all genres (or families).

        Each genre has the same weight in the mean, whatever its number of tracks.
        """
        shares = self.shares(rows_of)
        return shares / np.maximum(shares.mean(axis=0), 1e-9)

    def features(self, number: int) -> dict[str, float]:
        """Return the features of an exemplar by name, in Spotify's units."""
        return {name: round(float(v), 4) for name, v in zip(AUDIO_FEATURES, self.exemplars[number], strict=True)}


def elbow(across: Sequence[float], down: Sequence[float]) -> int:
    """Return the index of the elbow of a falling curve: its point farthest below the chord, both axes scaled to 0..1.

    Satopaa et al., "Finding a 'Kneedle' in a haystack" (2011), without smoothing. ``across`` ascends; both have equal
    lengths.
    """
    x, y = np.asarray(across, float), np.asarray(down, float)
    x, y = (x - x[0]) / max(x[-1] - x[0], 1e-12), (y - y[-1]) / max(y[0] - y[-1], 1e-12)
    return int(np.argmax(1.0 - x - y))
