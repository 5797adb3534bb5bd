"""Histograms of the audio features, in the same bins everywhere."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.sound import Floats
from store.domain import AUDIO_FEATURES

Counts = npt.NDArray[np.int64]

_SHARE = np.linspace(0.0, 1.0, 26)
# Values beyond the ends count in the outer bins; key, mode and time signature have a bin per value.
EDGES: Mapping[str, Floats] = {
    **dict.fromkeys(AUDIO_FEATURES, _SHARE),
    "key": np.arange(-0.5, 12.0),
    "mode": np.arange(-0.5, 2.0),
    "loudness": np.linspace(-40.0, 0.0, 41),
    "tempo": np.linspace(50.0, 210.0, 41),
    "duration_ms": np.linspace(0.0, 600_000.0, 41),
    "time_signature": np.arange(0.5, 8.0),
}


def count(features: Floats) -> dict[str, Counts]:
    """Return the counts of (n, 13) feature rows by feature, in the bins of :data:`EDGES`; NaN counts nowhere."""
    return {name: _count(features[:, at], EDGES[name]) for at, name in enumerate(AUDIO_FEATURES)}


def _count(values: Floats, edges: Floats) -> Counts:
    known = values[~np.isnan(values)]
    return np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0].astype(np.int64)


def summary(features: Floats) -> dict[str, dict[str, Any]]:
    """Return count (``known``), mean, median and standard deviation of each feature of (n, 13) rows.

    The last three are ``None`` if no row knows the feature.
    """
    return {name: _summary(features[:, at]) for at, name in enumerate(AUDIO_FEATURES)}


def _summary(values: Floats) -> dict[str, Any]:
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return {"known": 0, "mean": None, "median": None, "deviation": None}
    return {
        "known": len(known),
        "mean": round(float(known.mean()), 4),
        "median": round(float(np.median(known)), 4),
        "deviation": round(float(known.std()), 4),
    }
