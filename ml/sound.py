"""The distance of two tracks by sound: audio features as coordinates of comparable scale.

The distance is the weighted root mean square of the differences in *spreads* (standard deviations of a feature over a
large table), over the features that both tracks have.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from store.domain import AUDIO_FEATURES

Floats = npt.NDArray[np.floating[Any]]

# Two tracks are compared only if the features that both have make up at least this share of the weights.
ENOUGH_SHARED = 0.3


@dataclass(frozen=True, slots=True)
class Axis:
    """The ``weight`` of a feature in the distance, the ``scale`` applied to its values, and their ``spread`` then."""

    weight: float
    spread: float
    scale: Callable[[Any], Any]


def _plain(value: Any) -> Any:
    return value


# Weights were chosen on held-out playlists (split `valid`, bench/neighbours.py); spreads are standard deviations
# over 220,000 tracks. Skewed shares are scaled by the root: 0.01 and 0.04 acousticness differ more than 0.81 and 0.84.
AXES: Mapping[str, Axis] = {
    "danceability": Axis(1.0, 0.18, _plain),
    "energy": Axis(1.0, 0.26, _plain),
    "loudness": Axis(0.7, 5.0, _plain),  # correlated with energy
    "mode": Axis(0.3, 0.49, _plain),  # low, because at full weight its two values would halve the catalogue
    "speechiness": Axis(0.7, 0.12, np.sqrt),
    "acousticness": Axis(1.0, 0.32, np.sqrt),
    "instrumentalness": Axis(1.0, 0.35, _plain),
    "liveness": Axis(0.2, 0.17, np.sqrt),  # low, because it describes the recording rather than the music
    "valence": Axis(0.8, 0.26, _plain),
    "tempo": Axis(0.4, 0.7, np.log2),  # octaves around a circle of radius 1: 70 and 140 BPM are one pulse
    "duration_ms": Axis(0.4, 0.55, np.log2),  # octaves; separates interludes and club mixes from songs
}
# Key and time signature are left out: on `valid` the key made no difference, and nine tracks in ten are in 4.

_TOTAL = sum(axis.weight for axis in AXES.values())


_COLUMNS = tuple(name for name in AXES for _ in range(2 if name == "tempo" else 1))
# Share of the whole weight behind each column of :func:`coordinates`.
SHARES = np.array([AXES[name].weight / _COLUMNS.count(name) for name in _COLUMNS], np.float32) / np.float32(_TOTAL)

_FEATURES = [AUDIO_FEATURES.index(name) for name in _COLUMNS]
_FACTORS = np.array([np.sqrt(AXES[name].weight / _TOTAL) / AXES[name].spread for name in _COLUMNS], np.float32)
_TEMPO = _COLUMNS.index("tempo")
# Columns by scale, to scale them all in one call: for a single row the time of numpy's calls dominates.
_SCALED: Mapping[Callable[[Any], Any], list[int]] = {
    scale: [column for column, name in enumerate(_COLUMNS) if AXES[name].scale is scale] for scale in (np.sqrt, np.log2)
}


def coordinates(features: Floats) -> npt.NDArray[np.float32]:
    """Place tracks so that squared Euclidean distance is the weighted mean of squared differences in spreads.

    Parameters
    ----------
    features : np.ndarray
        (n, 13) in the order of :data:`store.domain.AUDIO_FEATURES` and in Spotify's units, NaN = unknown.

    Returns
    -------
    np.ndarray
        (n, 12) float32, NaN = unknown. Tempo takes two columns, a point on a circle; double tempo is the same point.
    """
    places = features[:, _FEATURES].astype(np.float32, order="C")
    for scale, columns in _SCALED.items():
        places[:, columns] = scale(places[:, columns])
    angle = np.float32(2 * np.pi) * places[:, _TEMPO]
    places[:, _TEMPO], places[:, _TEMPO + 1] = np.cos(angle), np.sin(angle)
    places *= _FACTORS
    return places


def factors_of(weights: Mapping[str, float]) -> npt.NDArray[np.float32] | None:
    """Return (12,) factors for the columns of :func:`coordinates`, such that the whole weight stays 1.

    ``weights`` multiply the default weight of a feature of :data:`AXES`; other names are ignored. ``None`` if no weight
    is changed; zeros if all weights are 0.
    """
    if all(weights.get(name, 1.0) == 1.0 for name in AXES):
        return None
    factors = np.array([weights.get(name, 1.0) for name in _COLUMNS], np.float32)
    return factors / max(float(SHARES @ factors), 1e-9)


def squared_distances(
    places: Floats, seed: Floats, factors: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """Return (n,) squared distances of ``places`` (n, 12) from ``seed`` (12,), NaN where too little is shared.

    ``factors`` (12,) are those of :func:`factors_of`.
    """
    scale = np.ones(len(SHARES), np.float32) if factors is None else factors
    difference = places - seed
    known = ~np.isnan(difference)
    shared = known @ (SHARES * scale)
    total = np.square(np.where(known, difference, 0.0)) @ scale
    return np.where(shared >= ENOUGH_SHARED, total / np.maximum(shared, 1e-6), np.nan).astype(np.float32)


class SoundIndex:
    """Distances of one track from all tracks of a segment, in about a millisecond for 200,000.

    Rows with all features are compared by one matrix product, the few others by :func:`squared_distances`.
    """

    def __init__(self, features: Floats) -> None:
        places = coordinates(features)
        gaps = np.isnan(places)
        self.is_unknown: npt.NDArray[np.bool_] = np.asarray(gaps.all(axis=1))
        self.is_partial: npt.NDArray[np.bool_] = gaps.any(axis=1) & ~self.is_unknown
        self.partial, self.unknown = np.flatnonzero(self.is_partial), np.flatnonzero(self.is_unknown)
        self.partial_places = places[self.partial]
        places[gaps] = 0.0
        self.places = places  # 0 = unknown
        self._length = np.einsum("ij,ij->i", self.places, self.places)

    def squared_distances(
        self,
        seed: Floats,
        factors: npt.NDArray[np.float32] | None = None,
        rows: npt.NDArray[Any] | slice = slice(None),
    ) -> npt.NDArray[np.float32]:
        """Return (n,) squared distances from the coordinates ``seed`` (12,), NaN where they cannot be compared.

        ``factors`` are as in :func:`squared_distances`; only ``rows`` are compared.
        """
        known = ~np.isnan(seed)
        scale = np.ones(len(SHARES), np.float32) if factors is None else factors
        share = float(SHARES[known] @ scale[known])
        if share < ENOUGH_SHARED:
            return np.full(len(self.places[rows]), np.nan, np.float32)
        centre = np.where(known, seed, np.float32(0.0)).astype(np.float32)
        if not isinstance(rows, slice):
            return self._of_some(rows, seed, centre, np.where(known, scale, np.float32(0.0)) / share, factors)
        has_defaults = factors is None and known.all()
        squared = self.places @ (-2 * centre * scale)
        squared += self._length if has_defaults else np.square(self.places[:, known]) @ scale[known]
        squared += centre @ (centre * scale)
        np.maximum(squared, 0.0, out=squared)
        squared /= share
        squared[self.partial] = squared_distances(self.partial_places, seed, factors)
        squared[self.unknown] = np.nan
        return squared

    def take(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the (k, 12) coordinates of some ``rows``, NaN = unknown."""
        places = self.places[rows]
        places[self.is_unknown[rows]] = np.nan
        partial = np.flatnonzero(self.is_partial[rows])
        places[partial] = self._partial_at(rows[partial])
        return places

    def _partial_at(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return the (k, 12) coordinates of ``rows`` that are partial, NaN = unknown."""
        return self.partial_places[np.searchsorted(self.partial, rows)]

    def squared_distances_of_all(self, seeds: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return (k, n) squared distances from ``seeds`` (k, 12), for many three times as fast as one by one."""
        found: npt.NDArray[np.float32] = np.asarray(-2 * seeds @ self.places.T, np.float32)
        for seed, squared in zip(seeds, found, strict=True):
            if np.isnan(seed).any():
                squared[:] = self.squared_distances(seed)
                continue
            squared += self._length
            squared += seed @ seed
            np.maximum(squared, 0.0, out=squared)
            squared[self.partial] = squared_distances(self.partial_places, seed)
            squared[self.unknown] = np.nan
        return found

    def _of_some(
        self,
        rows: npt.NDArray[Any],
        seed: Floats,
        centre: Floats,
        weights: Floats,
        factors: npt.NDArray[np.float32] | None,
    ) -> npt.NDArray[np.float32]:
        difference = self.places[rows]
        difference -= centre
        squared: npt.NDArray[np.float32] = np.square(difference, out=difference) @ weights.astype(np.float32)
        if len(self.partial) and len(partial := np.flatnonzero(self.is_partial[rows])):
            squared[partial] = squared_distances(self._partial_at(rows[partial]), seed, factors)
        if len(self.unknown):
            squared[self.is_unknown[rows]] = np.nan
        return squared


def difference(name: str, seed: float, other: float) -> float:
    """Return ``other`` minus ``seed`` in spreads; half and double tempo differ by 0.

    The difference of keys is the number of steps on the circle of fifths (0 to 6), that of time signatures the number
    of beats.
    """
    return DIFFERENCES[name](seed, other)


def _of_keys(seed: float, other: float) -> float:
    steps = abs(round(other) - round(seed)) * 7 % 12
    return float(min(steps, 12 - steps))


def _of_tempi(seed: float, other: float) -> float:
    octaves = math.log2(other) - math.log2(seed)
    return 2 * math.sin(math.pi * (octaves - round(octaves))) / AXES["tempo"].spread


def _of_axis(axis: Axis) -> Callable[[float, float], float]:
    spread = axis.spread
    if axis.scale is _plain:
        return lambda seed, other: (other - seed) / spread
    scale = _OF_ONE[axis.scale]
    return lambda seed, other: (scale(other) - scale(seed)) / spread


# For single numbers, these take a fifth of the time of numpy's functions.
_OF_ONE: Mapping[Callable[[Any], Any], Callable[[float], float]] = {np.sqrt: math.sqrt, np.log2: math.log2}
DIFFERENCES: Mapping[str, Callable[[float, float], float]] = {  # what `difference` returns, by feature
    "time_signature": lambda seed, other: other - seed,
    **{name: _of_axis(axis) for name, axis in AXES.items()},
    "key": _of_keys,
    "tempo": _of_tempi,
}


def squared_distance(differences: Iterable[tuple[str, float]]) -> float:
    """Return the squared distance of two tracks by their :func:`difference` in each feature that both have.

    NaN where too little is shared, as in :func:`squared_distances`.
    """
    shared = total = 0.0
    for name, apart in differences:
        if name in AXES:
            shared += AXES[name].weight
            total += AXES[name].weight * apart**2
    return total / shared if shared >= ENOUGH_SHARED * _TOTAL else math.nan
