"""Audio features as arrays: a row of thirteen numbers per track, NaN where a value is unknown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS, AudioFeatures

Floats = npt.NDArray[np.floating[Any]]
UNKNOWN = (float("nan"),) * len(AUDIO_FEATURES)


def feature_rows(features: Iterable[AudioFeatures | None]) -> npt.NDArray[np.float32]:
    """Return (n, 13) values in the order of :data:`store.domain.AUDIO_FEATURES` and in Spotify's units.

    Unknown values are NaN; the row of None is all NaN.
    """
    rows = [UNKNOWN if known is None else known.vector() for known in features]
    return np.array(rows, np.float32).reshape(-1, len(AUDIO_FEATURES))


def clear_out_of_bounds(
    values: Floats,
    names: Sequence[str] = AUDIO_FEATURES,
    bounds: Mapping[str, tuple[float, float]] = FEATURE_BOUNDS,
) -> None:
    """Set to NaN, in place, each of the (n, k) ``values`` that is outside the inclusive bounds of its column's name."""
    for column, name in enumerate(names):
        low, high = bounds[name]
        values[(values[:, column] < low) | (values[:, column] > high), column] = np.nan
