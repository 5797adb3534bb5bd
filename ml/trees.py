"""Boosted trees without scikit-learn: a sum of decision trees over plain arrays, read and evaluated with numpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
_ARRAYS = ("feature", "threshold", "left", "right", "value", "baseline")


@dataclass(frozen=True, kw_only=True)
class Trees:
    """T trees of at most N nodes; all arrays are (T, N) but ``baseline`` (1,), which is added to the sum.

    A leaf has ``feature`` -1 and is its own ``left`` and ``right``. An inner node sends a row to the left if the
    feature is at most ``threshold``.
    """

    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int16]
    right: npt.NDArray[np.int16]
    value: npt.NDArray[np.float64]
    baseline: Floats

    def decide(self, columns: Floats) -> Floats:
        """Return (m,) the sum of all trees for the rows of ``columns`` (m, f), none of which may be NaN."""
        rows = np.arange(len(columns))
        total = np.full(len(columns), float(self.baseline[0]))
        for feature, threshold, left, right, value in zip(
            self.feature, self.threshold, self.left, self.right, self.value, strict=True
        ):
            at = np.zeros(len(columns), np.intp)
            while (feature[at] >= 0).any():
                below = columns[rows, np.maximum(feature[at], 0)] <= threshold[at]
                at = np.where(below, left[at], right[at])
            total += value[at]
        return total

    def save(self, path: Path) -> None:
        """Write the arrays."""
        np.savez_compressed(path, **{name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: Path) -> Trees:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**{name: stored[name] for name in _ARRAYS})
