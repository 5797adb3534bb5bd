"""The further heads of the genre network: broad genres of playlists, and microgenres.

``broad`` are a few wide genres of which one is right (tidytuesday's playlists have six). ``micro`` are many genres of
which several may be right, so each has its own probability.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.genre.encoder import Floats

HEADS = ("broad", "micro")
TINY = 1e-30  # floor of probabilities before a logarithm, below what a float32 softmax distinguishes from 0
Bases = npt.NDArray[np.intp]


def combine(probabilities: Floats, weights: Floats) -> Floats:
    """Return (n, k) probabilities, rows summing to 1: the weighted product of the experts' (n, experts, k) ones.

    This is a logarithmic opinion pool (Genest and Zidek, 1986) with ``weights`` (n, experts), whose sum is the inverse
    of a temperature.
    """
    return softmax(np.einsum("nek,ne->nk", logarithms(probabilities), weights))


def logarithms(probabilities: Floats) -> Floats:
    """Return the natural logarithms of ``probabilities``, finite for 0, too."""
    logs: Floats = np.log(np.maximum(probabilities, TINY))
    return logs


def softmax(logits: npt.NDArray[np.floating]) -> Floats:
    """Return the (n, k) softmax of ``logits`` (n, k) over each row."""
    powers: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class BroadHead:
    """Broad genres: the weighted product of two experts, one of numbers and one of all inputs."""

    def __init__(self, settings: Mapping[str, Any], bases: Sequence[str]) -> None:
        self.names: tuple[str, ...] = tuple(settings["names"])
        self.experts = len(settings["weights"][bases[0]])
        self._weights = np.array([settings["weights"][basis] for basis in bases], np.float32)

    def probabilities(self, experts: Floats, bases: Bases) -> Floats:
        """Return calibrated (n, k) probabilities for the experts' (n, experts, k)."""
        return combine(experts, self._weights[bases])


class MicroHead:
    """Microgenres, each with its own probability."""

    def __init__(self, settings: Mapping[str, Any], bases: Sequence[str]) -> None:
        self.names: tuple[str, ...] = tuple(settings["names"])
        self._calibration = np.array([settings["calibration"][basis] for basis in bases], np.float32)

    def probabilities(self, shares: Floats, bases: Bases) -> Floats:
        """Return (n, k) probabilities for the network's shares (n, k), whose rows sum to 1.

        It is Platt's sigmoid (1999) of the shares' logarithm, fitted for each basis on tracks whose artists' genres
        are known.
        """
        scale, shift = self._calibration[bases].T
        logits = logarithms(shares) * scale[:, None] + shift[:, None]
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))
