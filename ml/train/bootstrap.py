"""Bootstrap intervals of means and of their ratios: groups or tracks are drawn again, with replacement."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.feature_rows import Floats

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean or ratio, its 95 % bootstrap interval, and the number of groups or tracks behind it."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f}-{self.high:.3f})"


def interval(means: Floats, seed: int = 1) -> Interval:
    """Return the mean of (n,) values, one for each group or track, with its interval."""
    drawn = _drawn(len(means), seed)
    low, high = np.percentile(means[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(float(means.mean()), float(low), float(high), len(means))


def ratio(ours: Floats, theirs: Floats, seed: int = 1) -> Interval:
    """Return the ratio of the means of two (n,) values of the same groups or tracks, with its paired interval."""
    drawn = _drawn(len(ours), seed)
    ratios = ours[drawn].mean(axis=1) / np.maximum(theirs[drawn].mean(axis=1), 1e-12)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Interval(float(ours.mean() / max(theirs.mean(), 1e-12)), float(low), float(high), len(ours))


def _drawn(count: int, seed: int) -> npt.NDArray[np.intp]:
    return np.random.default_rng(seed).integers(0, count, (_RESAMPLES, count))
