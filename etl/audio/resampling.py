"""Converts the sample rate of a stream by windowed sinc interpolation."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]  # of sound, full scale 1.0
_ZEROS = 24  # zero crossings of the sinc on each side, at the lower of the two rates
_ROLLOFF = 0.945  # the cut-off as a share of the lower rate's Nyquist frequency
_BETA = 9.0  # the Kaiser window's parameter: about 90 dB of stop-band attenuation


class Resampler:
    """Converts (n,) blocks at ``source`` Hz into blocks at ``target`` Hz; both are whole numbers.

    It is a polyphase filter (Crochiere and Rabiner, Multirate Digital Signal Processing, 1983): output sample m lies at
    m * source / target, so the windowed sinc has ``target / gcd`` phases. All outputs of a phase are computed by one
    product of a strided view of the input with the phase's taps. The filter is centred, so it adds no delay.
    """

    def __init__(self, source: int, target: int) -> None:
        common = math.gcd(source, target)
        self._down, self._up = source // common, target // common
        self._done = 0  # output samples so far
        self._half = 0
        if self._down == self._up:
            return
        cut = _ROLLOFF * min(1.0, target / source)
        self._half = math.ceil(_ZEROS / min(1.0, target / source))
        offsets = np.arange(-self._half, self._half + 1)
        phases = (np.arange(self._up) * self._down % self._up)[:, None] / self._up
        x = offsets[None, :] - phases
        window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1.0 - (x / (self._half + 1)) ** 2))) / np.i0(_BETA)
        self._taps = (cut * np.sinc(cut * x) * window).astype(np.float32)
        self._tail = np.zeros(self._half, np.float32)  # the input from sample `_start` on
        self._start = -self._half

    def push(self, block: Samples) -> Samples:
        """Take the (n,) ``block`` and return the outputs that can be computed by now."""
        if self._down == self._up:
            return block
        held = np.concatenate([self._tail, block])
        # Output m needs the input up to m * down // up + half.
        last = self._start + len(held) - 1 - self._half
        end = max(self._done, (last * self._up + self._up - 1) // self._down + 1) if last >= 0 else self._done
        while end > self._done and (end - 1) * self._down // self._up > last:
            end -= 1
        out = np.empty(end - self._done, np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(held, 2 * self._half + 1) if end > self._done else held
        for first in range(self._done, min(end, self._done + self._up)):
            # Outputs first, first + up, ... lie `down` input samples apart.
            begin = first * self._down // self._up - self._half - self._start
            count = len(range(first, end, self._up))
            chosen = windows[begin : begin + (count - 1) * self._down + 1 : self._down]
            out[first - self._done :: self._up] = chosen @ self._taps[first % self._up]
        self._done = end
        keep = end * self._down // self._up - self._half
        self._tail, self._start = held[max(0, keep - self._start) :], max(self._start, keep)
        return out

    def finish(self) -> Samples:
        """Return the last samples."""
        return self.push(np.zeros(self._half, np.float32))
