"""Measures the programme loudness of a stream by ITU-R BS.1770-4."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from etl.audio.resampling import Samples

Floats = npt.NDArray[np.float64]

_STEP_S = 0.1  # gating blocks of 0.4 s overlap by three quarters
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_TAPS = 1 << 14  # the filter has decayed by 190 dB after this many samples at 48 kHz
_FFT = 1 << 16
# Front channels count 1, surround channels 1.41, the low-frequency channel nothing (BS.1770-4, table 3).
_WEIGHTS = {
    "5.0": (1.0, 1.0, 1.0, 1.41, 1.41),
    "5.0(side)": (1.0, 1.0, 1.0, 1.41, 1.41),
    "5.1": (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    "5.1(side)": (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    "7.1": (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.0, 1.0),
}


def k_weighting(rate: int, frequencies: Floats) -> npt.NDArray[np.complex128]:
    """Return the response of the K filter at ``frequencies`` in Hz.

    The coefficients for any sample rate are from De Man, "Evaluation of implementations of the EBU R128 loudness
    measurement", AES 145, 2018.
    """
    z = np.exp(-2j * np.pi * frequencies / rate)

    def response(b: tuple[float, ...], a: tuple[float, ...]) -> npt.NDArray[np.complex128]:
        return (b[0] + b[1] * z + b[2] * z**2) / (a[0] + a[1] * z + a[2] * z**2)

    gain, q = 10 ** (3.99984385397 / 20), 0.7071752369554193
    k = np.tan(np.pi * 1681.9744509555319 / rate)
    half = gain**0.499666774155
    shelving = response(
        (gain + half * k / q + k * k, 2 * (k * k - gain), gain - half * k / q + k * k),
        (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k),
    )
    k, q = np.tan(np.pi * 38.13547087613982 / rate), 0.5003270373253953
    return shelving * response((1.0, -2.0, 1.0), (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k))


class LoudnessMeter:
    """Measures (channels, n) blocks at ``rate`` Hz; memory grows by 80 bytes per second."""

    def __init__(self, rate: int, channels: int, layout: str = "") -> None:
        impulse = np.fft.irfft(k_weighting(rate, np.fft.rfftfreq(_FFT, 1 / rate).astype(np.float64)))[:_TAPS]
        self._filter = np.fft.rfft(impulse.astype(np.float32), _FFT)
        self._weights = np.array(_WEIGHTS.get(layout, (1.0,) * channels), np.float32)
        self._held = np.zeros((channels, _TAPS - 1), np.float32)  # filtered by overlap and save
        self._squares = np.zeros(0, np.float32)
        self._step = round(_STEP_S * rate)
        self._powers: list[Floats] = []

    def push(self, block: Samples) -> None:
        """Process a block."""
        held = np.concatenate([self._held, block], axis=1)
        taken = _FFT - _TAPS + 1
        start = 0
        while held.shape[1] - start >= _FFT:
            self._take(held[:, start : start + _FFT], taken)
            start += taken
        self._held = held[:, start:].copy()

    def _take(self, samples: Samples, taken: int) -> None:
        filtered = np.fft.irfft(np.fft.rfft(samples, _FFT) * self._filter, _FFT)[:, _TAPS - 1 : _TAPS - 1 + taken]
        squares = np.concatenate([self._squares, self._weights @ np.square(filtered.astype(np.float32))])
        whole = len(squares) // self._step * self._step
        self._powers.append(squares[:whole].reshape(-1, self._step).mean(axis=1, dtype=np.float64))
        self._squares = squares[whole:]

    def integrated(self) -> float:
        """Return the gated loudness of all blocks in LUFS; -70 if everything is below the gate."""
        rest = self._held.shape[1] - (_TAPS - 1)
        if rest > 0:
            filled = np.pad(self._held, ((0, 0), (0, _FFT - self._held.shape[1])))
            self._take(filled, rest)
            self._held = self._held[:, rest:]
        steps = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if not len(steps):
            return _ABSOLUTE_GATE
        width = min(4, len(steps))
        power = np.convolve(steps, np.full(width, 1 / width), "valid")
        power = power[power > _power(_ABSOLUTE_GATE)]
        if not len(power):
            return _ABSOLUTE_GATE
        return _loudness(float(power[power > power.mean() * 10 ** (_RELATIVE_GATE / 10)].mean()))


def _power(loudness: float) -> float:
    return float(10 ** ((loudness + 0.691) / 10))


def _loudness(power: float) -> float:
    return float(-0.691 + 10 * np.log10(power))
