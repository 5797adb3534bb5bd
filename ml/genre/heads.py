"""What the genre network tells beside the 114 genres: the broad genres of playlists, and likely microgenres.

``broad`` are a few wide genres of which one is right (tidytuesday's six); ``micro`` are many names of which several may
be right at once, so each has a probability of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.genre.encoder import Floats

HEADS = ("broad", "micro")
TINY = 1e-30  # below what a float32 softmax can tell from nothing
Bases = npt.NDArray[np.intp]


def combine(probabilities: Floats, weights: Floats) -> Floats:
    """Return the weighted product of the experts' (n, experts, k) probabilities, rows summing to 1.

    A logarithmic pool (Genest and Zidek, 1986) with ``weights`` (n, experts): names alone are surer of themselves
    than they should be, and deserve less beside a sound than without one. Their sum is the inverse of a temperature.
    """
    logits = np.einsum("nek,ne->nk", np.log(np.maximum(probabilities, TINY)), weights)
    return softmax(logits)


def softmax(logits: npt.NDArray[np.floating]) -> Floats:
    """Return the (n, k) probabilities that ``logits`` (n, k) stand for, rows summing to 1."""
    powers: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class BroadHead:
    """Experts of numbers, names, both, and of the artist's genres where they are known, multiplied."""

    def __init__(self, settings: Mapping[str, Any], bases: Sequence[str]) -> None:
        self.names: tuple[str, ...] = tuple(settings["names"])
        self.experts = len(settings["weights"][bases[0]])
        self._weights = np.array([settings["weights"][basis] for basis in bases], np.float32)
        self._with_artist = np.array([settings["weights_with_artist"][basis] for basis in bases], np.float32)
        self._row = {name: row for row, name in enumerate(settings["artist_genres"])}
        self._coefficients = np.array(settings["coefficients"], np.float32).reshape(-1, len(self.names))

    def by_artist(self, artist_genres: Sequence[str]) -> Floats | None:
        """Return (k,) probabilities that the genres of an artist alone tell, ``None`` where none of them is known."""
        rows = [self._row[name] for name in artist_genres if name in self._row]
        if not rows:
            return None
        evidence = self._coefficients[rows].sum(axis=0) / np.sqrt(len(rows)) + self._coefficients[-1]
        return softmax(evidence[None])[0]

    def probabilities(self, told: Floats, bases: Bases, artist_genres: Sequence[Sequence[str]]) -> Floats:
        """Return calibrated (n, k) for the experts' (n, experts, k) and what is known of each row's artist."""
        weights = np.concatenate([self._weights[bases], np.zeros((len(told), 1), np.float32)], axis=1)
        of_artist = np.full((len(told), 1, len(self.names)), 1.0 / len(self.names), np.float32)
        for row, names in enumerate(artist_genres):
            known = self.by_artist(names)
            if known is not None:
                of_artist[row, 0], weights[row] = known, self._with_artist[bases[row]]
        return combine(np.concatenate([told, of_artist], axis=1), weights)


class MicroHead:
    """Microgenres, each with a probability of its own."""

    def __init__(self, settings: Mapping[str, Any], bases: Sequence[str]) -> None:
        self.names: tuple[str, ...] = tuple(settings["names"])
        self._calibration = np.array([settings["calibration"][basis] for basis in bases], np.float32)

    def probabilities(self, told: Floats, bases: Bases) -> Floats:
        """Return (n, k) probabilities for the network's shares (n, k), whose rows sum to 1.

        Platt's sigmoid (1999) of the shares' logarithm, fitted for each basis on tracks whose artists' genres are
        known.
        """
        scale, shift = self._calibration[bases].T
        logits = np.log(np.maximum(told, TINY)) * scale[:, None] + shift[:, None]
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))
