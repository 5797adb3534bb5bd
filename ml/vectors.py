"""Vectors of length 1, whose products are cosines."""

from typing import Any

import numpy as np
import numpy.typing as npt


def unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
    """Return (..., d) vectors divided by their lengths, in their own type; vectors of zeros stay zeros."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
