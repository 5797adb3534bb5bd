"""Timbre of a track from the segments of its analysis: a vector to find sound-alikes, and a point on a map.

``ml.timbre.train.train`` trains it; serving needs numpy and LiteRT. A segment's timbre is twelve numbers (loudness,
brightness, flatness, attack, and eight without a name) of the Echo Nest's analyser, now Spotify's. Timbres of another
analyser have other axes and must not be mixed with these.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.litert import LiteRTNetwork
from ml.vectors import unit
from store.facts import TIMBRES
from store.feature_rows import Floats

LEAST_SEGMENTS = 40  # about ten seconds; fewer are too few for covariances
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_LAGS = (1, 2, 4, 8)
_CLIP = 5.0  # standard deviations; the first segment of a track is often silence, an outlier
_UPPER = np.triu_indices(TIMBRES, 1)

Network = Callable[[Floats], Floats]


def middle(timbre: Floats, length: int) -> Floats:
    """Return the middle ``length`` rows of (n, 12), padded with zeros on both sides if there are fewer."""
    extra = len(timbre) - length
    if extra >= 0:
        return timbre[extra // 2 : extra // 2 + length]
    before = -extra // 2
    return np.pad(timbre, ((before, -extra - before), (0, 0)))


def moments(timbre: Floats) -> Floats:
    """Return (24,) the mean and the variance of each column of (n, 12), as is common for MFCCs."""
    return np.concatenate([timbre.mean(axis=0), timbre.var(axis=0)])


def covariances(timbre: Floats) -> Floats:
    """Return the means and the 78 variances and covariances of the columns of (n, 12): (90,)."""
    return np.concatenate([timbre.mean(axis=0), np.cov(timbre.T)[np.triu_indices(TIMBRES)]])


def extended_statistics(timbre: Floats) -> Floats:
    """Return (210,) means, log deviations, correlations, log deviations of steps, quantiles, autocorrelations."""
    centre, spread = timbre.mean(axis=0), timbre.std(axis=0)
    apart = timbre - centre
    scale = np.maximum(np.outer(spread, spread), 1e-6)
    alike = [(apart[lag:] * apart[:-lag]).mean(axis=0) / (spread**2 + 1.0) for lag in _LAGS]
    parts = (
        centre,
        np.log1p(spread),
        (apart.T @ apart / len(timbre) / scale)[_UPPER],
        np.log1p(np.diff(timbre, axis=0).std(axis=0)),
        np.quantile(timbre, _QUANTILES, axis=0).ravel(),
        *alike,
    )
    return np.concatenate(parts)


STATISTICS: Mapping[str, Callable[[Floats], Floats]] = {
    "moments": moments,
    "covariances": covariances,
    "described": extended_statistics,
}


@dataclass(frozen=True, eq=False)
class TwoStepScaler:
    """Scales timbre to -1..1: standardises each column, clips at five deviations, then scales to the range seen.

    All four arrays are (12,).
    """

    mean: Floats
    deviation: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, timbres: Sequence[Floats]) -> Self:
        """Learn from the segments (n, 12) of all tracks together."""
        rows = np.concatenate(timbres).astype(float)
        mean, deviation = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
        steps = np.clip((rows - mean) / deviation, -_CLIP, _CLIP)
        return cls(mean, deviation, steps.min(axis=0), steps.max(axis=0))

    def transform(self, timbre: Floats) -> npt.NDArray[np.float32]:
        """Return (n, 12) float32, within -1 to 1 for values in the range of the training tracks."""
        steps = np.clip((timbre - self.mean) / self.deviation, -_CLIP, _CLIP)
        return (2.0 * (steps - self.low) / np.maximum(self.high - self.low, 1e-6) - 1.0).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Projection:
    """Maps statistics of a track to a unit vector: standardised, then multiplied by a matrix.

    Attributes
    ----------
    statistics : str
        Name in :data:`STATISTICS`.
    mean, deviation : np.ndarray
        (s,) of the statistics.
    matrix : np.ndarray
        (s, d)
    """

    statistics: str
    mean: Floats
    deviation: Floats
    matrix: Floats

    def __call__(self, rows: Floats) -> Floats:
        """Return (n, d) rows of length 1 for (n, s) statistics."""
        made = ((rows - self.mean) / self.deviation) @ self.matrix
        return unit(made)

    def embed(self, timbre: Floats) -> Floats:
        """Return the (d,) unit vector of a track's (n, 12) segments."""
        return self.embed_all([timbre])[0]

    def embed_all(self, timbres: Sequence[Floats]) -> Floats:
        """Return (n, d) unit vectors of n tracks or parts of tracks."""
        return self(np.array([STATISTICS[self.statistics](timbre.astype(float)) for timbre in timbres]))


@dataclass(frozen=True, eq=False)
class TimbrePlacement:
    """A track's unit ``vector`` (d,), its point ``spot`` (2,) on the map, and its ``cluster``, from 0."""

    vector: Floats
    spot: Floats
    cluster: int


class TimbreModel:
    """Sound-alikes, map and clusters.

    Attributes
    ----------
    version : str
    scores : dict
        Recall of the served embedding and of the baselines, from the training run.
    clusters : np.ndarray
        (k, 2) centres of the clusters on the map.
    """

    def __init__(
        self, settings: Mapping[str, Any], scaler: TwoStepScaler, projection: Projection, clusters: Floats, net: Network
    ) -> None:
        self.version: str = settings["version"]
        self.length: int = settings["length"]
        self.scores: dict[str, Any] = settings["scores"]
        self.settings = settings
        self.scaler, self.projection, self.clusters, self.network = scaler, projection, clusters, net

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/timbre/<version>``; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        settings = verified_json(directory / "timbre.json")
        with np.load(verified(directory / "timbre.npz"), allow_pickle=False) as kept:
            scaler = TwoStepScaler(*(kept[name] for name in ("mean", "deviation", "low", "high")))
            parts = (kept[name] for name in ("stat_mean", "stat_deviation", "matrix"))
            projection = Projection(settings["statistics"], *parts)
            clusters = kept["clusters"]
        network = LiteRTNetwork(verified(directory / "timbre.tflite").read_bytes())
        return cls(settings, scaler, projection, clusters, lambda rows: network(rows[None])[0])

    def arrays(self) -> dict[str, Floats]:
        """Return the arrays of ``timbre.npz``, float32."""
        arrays = {"mean": self.scaler.mean, "deviation": self.scaler.deviation, "clusters": self.clusters}
        arrays |= {"low": self.scaler.low, "high": self.scaler.high, "matrix": self.projection.matrix}
        arrays |= {"stat_mean": self.projection.mean, "stat_deviation": self.projection.deviation}
        return {name: value.astype(np.float32) for name, value in arrays.items()}

    def predict(self, timbre: Floats) -> TimbrePlacement:
        """Return vector, point and cluster of a track of (n, 12) segments.

        Raises ValueError if it has fewer than LEAST_SEGMENTS segments.
        """
        if len(timbre) < LEAST_SEGMENTS:
            raise ValueError(f"{len(timbre)} segments are too few: {LEAST_SEGMENTS} are needed")
        vector = self.projection.embed(timbre)
        spot = self.network(self.scaler.transform(middle(timbre, self.length)))
        return TimbrePlacement(vector, spot, int(np.argmin(((self.clusters - spot) ** 2).sum(axis=1))))


class TimbreLibrary:
    """The placements of an installation's analysed tracks, each computed once; thread-safe."""

    def __init__(self, model: TimbreModel) -> None:
        self.model = model
        self._placed: dict[str, tuple[Any, TimbrePlacement | None]] = {}
        self._busy = threading.Lock()

    def update(self, stamps: Mapping[str, Any], read: Callable[[str], Floats | None]) -> dict[str, TimbrePlacement]:
        """Return the placements, by id, of the tracks with enough segments.

        Parameters
        ----------
        stamps : mapping
            Track id -> a value that changes with the track's analysis.
        read : callable
            Returns the segments (n, 12) of a new or changed track by id, ``None`` where there are none.
        """
        with self._busy:
            for name, stamp in stamps.items():
                if name not in self._placed or self._placed[name][0] != stamp:
                    timbre = read(name)
                    placed = None if timbre is None or len(timbre) < LEAST_SEGMENTS else self.model.predict(timbre)
                    self._placed[name] = (stamp, placed)
            self._placed = {name: kept for name, kept in self._placed.items() if name in stamps}
            return {name: placed for name, (_, placed) in self._placed.items() if placed is not None}


def alike(placed: Mapping[str, TimbrePlacement], track_id: str, limit: int) -> list[tuple[str, float]]:
    """Return at most ``limit`` other tracks with their cosine (-1 to 1) to ``track_id``, closest first."""
    vector = placed[track_id].vector
    scored = [(name, float(other.vector @ vector)) for name, other in placed.items() if name != track_id]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]
