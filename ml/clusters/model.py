"""Clusters of sound found by affinity propagation: which one a track falls into, and which genres fill each.

A cluster is known by its exemplar, a real track's feature values; a track belongs to the nearest one. The distance is
that of :mod:`ml.sound`. Serving side: numpy alone. ``ml.clusters.train.train`` finds the exemplars (Frey and Dueck,
*Science* 315, 2007).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified
from ml.sound import Floats, SoundIndex, coordinates, squared_distances
from store.catalogue.catalogue import Ref, Segment, Snapshot
from store.domain import AUDIO_FEATURES, AudioFeatures
from store.feature_rows import feature_rows

Counts = npt.NDArray[np.int32]

# A track of the catalogue stands for an exemplar up to this distance (spreads); most pairs of tracks are 1.3 apart.
NEAR = 0.5


@dataclass(frozen=True, slots=True)
class ClusterMembership:
    """The clusters of one track: numbers from 0, nearest first, with the distance of each exemplar in spreads."""

    clusters: tuple[int, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CatalogueClusters:
    """The clusters in one catalogue: ``counts`` of its tracks, and for each exemplar the nearest track (or ``None``)
    with its distance in spreads."""

    counts: tuple[int, ...]
    nearest: tuple[tuple[Ref, float] | None, ...]


class Clusters:
    """One version's exemplars with what was counted around them.

    Attributes
    ----------
    exemplars : np.ndarray
        (k, 13) feature values in Spotify's units, the largest cluster first.
    genre_counts, family_counts : np.ndarray
        (genres, k) and (families, k) training tracks; a track counts once per genre (family) that it carries.
    settings : Mapping
        ``version``, ``genres``, ``families``, ``sweep`` and how the number of clusters was chosen.
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
    def load(cls, directory: Path) -> Clusters:
        """Read ``models/clusters/<version>``.

        Raises
        ------
        ml.artefacts.ArtefactError
            A file is absent, unlisted or changed.
        """
        settings = json.loads(verified(directory / "clusters.json").read_text(encoding="utf-8"))
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
        """Return (n, k) squared distances of (n, 13) feature rows, NaN where too little is known to compare."""
        places = coordinates(features)
        return np.stack([squared_distances(places, exemplar) for exemplar in self.places], axis=1)

    def assign(self, features: Floats) -> npt.NDArray[np.intp]:
        """Return (n,) clusters of (n, 13) feature rows, -1 where too little is known."""
        squared = self.distances(features)
        known = ~np.isnan(squared[:, 0])
        return np.where(known, np.argmin(np.nan_to_num(squared, nan=np.inf), axis=1), -1)

    def predict(self, features: AudioFeatures, limit: int = 3) -> ClusterMembership | None:
        """Return the nearest clusters of a track, ``None`` where too few of its features are known to tell."""
        squared = self.distances(feature_rows([features]))[0]
        if np.isnan(squared).any():
            return None
        order = np.argsort(squared, kind="stable")[:limit]
        return ClusterMembership(tuple(map(int, order)), tuple(float(np.sqrt(squared[at])) for at in order))

    def in_catalogue(self, snapshot: Snapshot, sound: Callable[[Segment], SoundIndex]) -> CatalogueClusters:
        """Return the clusters of a catalogue's tracks; worked out once per generation.

        Takes about a millisecond per exemplar and 200,000 tracks; ``sound`` gives a segment's distances.
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
                nearest[number] = _nearer(nearest[number], segment, squared)
            counts += np.bincount(cluster[cluster >= 0], minlength=len(self))
        return CatalogueClusters(tuple(counts.tolist()), tuple(nearest))

    def shares(self, of: str) -> npt.NDArray[np.float64]:
        """Return the heat map: (rows, k) share of each genre's (or with ``of="family"`` family's) tracks by cluster."""
        counts = self.family_counts if of == "family" else self.genre_counts
        return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def lifts(self, of: str) -> npt.NDArray[np.float64]:
        """Return (rows, k) how many times more frequent a genre (or family) is in a cluster than on average.

        Each genre weighs the same, however many tracks carry it.
        """
        shares = self.shares(of)
        return shares / np.maximum(shares.mean(axis=0), 1e-9)

    def features(self, number: int) -> dict[str, float]:
        """Return an exemplar's features by name."""
        return {name: round(float(v), 4) for name, v in zip(AUDIO_FEATURES, self.exemplars[number], strict=True)}


def _nearer(known: tuple[Ref, float] | None, segment: Segment, squared: Floats) -> tuple[Ref, float] | None:
    if not len(squared):
        return known
    row = int(np.argmin(squared))
    distance = float(np.sqrt(squared[row]))
    if distance > NEAR or (known is not None and known[1] <= distance):
        return known
    return Ref(segment.name, row), distance


def elbow(across: Sequence[float], down: Sequence[float]) -> int:
    """Return where a falling curve bends: the point farthest below the chord of its ends, both axes scaled to 0..1.

    The rule of Satopaa et al., *Finding a "Kneedle" in a haystack* (2011), without smoothing. ``across`` ascends.
    """
    x, y = np.asarray(across, float), np.asarray(down, float)
    x, y = (x - x[0]) / max(x[-1] - x[0], 1e-12), (y - y[-1]) / max(y[0] - y[-1], 1e-12)
    return int(np.argmax(1.0 - x - y))
