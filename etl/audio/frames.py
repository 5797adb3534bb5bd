"""Computes short-time spectra of a stream at 22,050 Hz, and keeps only what the analysis needs.

| spectrum | window, hop | kept for each frame |
|---|---|---|
| critical bands | 512, 128 (5.8 ms) | 23 levels in dB, the level of all: segments and timbre |
| onsets | 1024, 256 (11.6 ms) | the rise of the level in 4 groups of bands: tempo, beats |
| pitches | 4096, 1024 (46 ms) | the energy by pitch class in 10 cents, and that of the bass: key, pitches |
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from etl.audio.resampling import Samples

Floats = npt.NDArray[np.float32]

RATE = 22_050
BAND_HOP, ONSET_HOP, PITCH_HOP = 128, 256, 1024
BINS = 120  # per octave: 10 cents each
# Zwicker, "Subdivision of the audible frequency range into critical bands", JASA 33, 1961; the last is cut by Nyquist.
_CRITICAL = (0, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400)
CRITICAL_HZ = (*_CRITICAL, 5300, 6400, 7700, 9500, 11_025)
N_BANDS = len(CRITICAL_HZ) - 1
FLOOR_DB = -60.0  # lower levels count as this
_N_MEL, _MEL_FLOOR_DB = 40, -70.0
N_GROUPS = 4
_LOW_HZ, _HIGH_HZ = 100.0, 4200.0  # the range of spectral peaks that count for pitch classes
_BASS_HZ = 55.0
_BASS_TOP_HZ = 260.0


class _Windows:
    """Cuts a stream into overlapping windows; the first is centred on the first sample."""

    def __init__(self, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        self._held = np.zeros(size // 2, np.float32)
        n = np.arange(size)
        self._window = (0.5 - 0.5 * np.cos(2 * np.pi * n / size)).astype(np.float32)
        # A full-scale sine has a peak of amplitude 1 in the spectrum.
        self._window *= np.float32(2.0 / self._window.sum())

    def push(self, block: Samples) -> npt.NDArray[np.complex64]:
        """Return the (k, size / 2 + 1) spectra of the windows that ``block`` completes."""
        held = np.concatenate([self._held, block])
        count = max(0, (len(held) - self._size) // self._hop + 1)
        self._held = held[count * self._hop :].copy()
        if not count:
            return np.zeros((0, self._size // 2 + 1), np.complex64)
        views = np.lib.stride_tricks.sliding_window_view(held, self._size)[: count * self._hop : self._hop]
        return np.fft.rfft(views * self._window).astype(np.complex64, copy=False)


@dataclass(frozen=True, kw_only=True)
class Frames:
    """All frames of a track; times are frame number * hop / RATE, in seconds.

    Attributes
    ----------
    bands : np.ndarray
        (n, 23) float16, level of each critical band above FLOOR_DB, in dB: 0 is silence.
    level : np.ndarray
        (n,) float32, level of the frame in dB, FLOOR_DB at least; a full-scale sine has 0.
    onsets : np.ndarray
        (m, 4) float32, the rise of the level in dB, averaged over the mel bands of each group, low to high.
    pitches : np.ndarray
        (k, 120) float16, amplitude of the spectral peaks by pitch class in 10 cents above C.
    bass : np.ndarray
        (k, 120) float16, the same for peaks below 260 Hz.
    samples : int
        The number of samples at RATE.
    """

    bands: npt.NDArray[np.float16]
    level: Floats
    onsets: Floats
    pitches: npt.NDArray[np.float16]
    bass: npt.NDArray[np.float16]
    samples: int

    @property
    def seconds(self) -> float:
        return self.samples / RATE


class FrameReader:
    """Turns (n,) blocks at RATE into Frames."""

    def __init__(self) -> None:
        self._band, self._onset, self._pitch = _Windows(512, BAND_HOP), _Windows(1024, ONSET_HOP), _Windows(4096, 1024)
        self._band_matrix = _band_matrix()
        self._mel = _mel_matrix()
        self._before = np.full((2, _N_MEL), _MEL_FLOOR_DB, np.float32)
        self._parts: dict[str, list[npt.NDArray[np.floating]]] = {
            name: [] for name in ("bands", "level", "onsets", "pitches", "bass")
        }
        self._samples = 0

    def push(self, block: Samples) -> None:
        """Process a block."""
        self._samples += len(block)
        self._push(block)

    def _push(self, block: Samples) -> None:
        self._push_bands(self._band.push(block))
        self._push_onsets(self._onset.push(block))
        for start in range(0, len(spectra := self._pitch.push(block)), 64):
            high, bass = pitch_classes(np.abs(spectra[start : start + 64]))
            self._parts["pitches"].append(high.astype(np.float16))
            self._parts["bass"].append(bass.astype(np.float16))

    def _push_bands(self, spectra: npt.NDArray[np.complex64]) -> None:
        power = _power(spectra) @ self._band_matrix
        total = power.sum(axis=1)
        self._parts["bands"].append((_decibels(power, FLOOR_DB) - FLOOR_DB).astype(np.float16))
        self._parts["level"].append(_decibels(total, FLOOR_DB))

    def _push_onsets(self, spectra: npt.NDArray[np.complex64]) -> None:
        level = np.concatenate([self._before, _decibels(_power(spectra) @ self._mel, _MEL_FLOOR_DB)])
        # Comparing with the loudest neighbouring band suppresses vibrato (Boeck and Widmer, SuperFlux, DAFx 2013).
        before = level[:-2].copy()
        np.maximum(before[:, 1:], level[:-2, :-1], out=before[:, 1:])
        np.maximum(before[:, :-1], level[:-2, 1:], out=before[:, :-1])
        rise = np.maximum(0.0, level[2:] - before)
        groups = rise.reshape(len(rise), N_GROUPS, _N_MEL // N_GROUPS).mean(axis=2)
        self._parts["onsets"].append(groups.astype(np.float32))
        self._before = level[-2:]

    def finish(self) -> Frames:
        """Return the frames of all blocks."""
        self._push(np.zeros(2048, np.float32))
        n = self._samples
        cut = {"bands": BAND_HOP, "level": BAND_HOP, "onsets": ONSET_HOP, "pitches": PITCH_HOP, "bass": PITCH_HOP}
        whole = {}
        for name, hop in cut.items():
            whole[name] = np.concatenate(self._parts.pop(name))[: n // hop + 1]
        return Frames(**whole, samples=n)


def _power(spectra: npt.NDArray[np.complex64]) -> Floats:
    return np.square(spectra.real) + np.square(spectra.imag)


def _decibels(power: Floats, floor: float) -> Floats:
    return (10.0 * np.log10(np.maximum(power, np.float32(10 ** (floor / 10))))).astype(np.float32)


def _band_matrix() -> Floats:
    """Return a (257, 23) matrix that distributes a bin's power over the critical bands that it overlaps.

    The window spreads a sine over bins whose powers sum to 1.5 times its power; a factor corrects this.
    """
    width = RATE / 512
    centres = np.arange(257) * width
    low, high = np.array(CRITICAL_HZ[:-1]), np.array(CRITICAL_HZ[1:])
    touched = np.minimum(centres[:, None] + width / 2, high) - np.maximum(centres[:, None] - width / 2, low)
    return (np.clip(touched, 0.0, None) / width / 1.5).astype(np.float32)


def _mel_matrix() -> Floats:
    """Return (513, 40) triangular mel filters from 30 Hz to 10 kHz; each has area 1 in bins, or covers one bin."""
    mel = np.linspace(2595 * np.log10(1 + 30 / 700), 2595 * np.log10(1 + 10_000 / 700), _N_MEL + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(513) * RATE / 1024
    up = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(up, down))
    nearest = np.abs(bins[:, None] - edges[1:-1]).argmin(axis=0)
    triangles[nearest, np.arange(_N_MEL)] = np.maximum(triangles[nearest, np.arange(_N_MEL)], 1.0)
    return triangles.astype(np.float32)


def pitch_classes(magnitude: Floats) -> tuple[Floats, Floats]:
    """Return the (k, 120) amplitudes of spectral peaks by pitch class, and those of the bass, from (k, 2049) spectra.

    A peak is a local maximum of the spectrum within 60 dB of the frame's largest. Its frequency is the vertex of a
    parabola through three logarithmic amplitudes (Smith and Serra, PARSHL, ICMC 1987). Square roots of amplitudes are
    summed.
    """
    first, last = round(_BASS_HZ * 4096 / RATE), round(_HIGH_HZ * 4096 / RATE)
    part = magnitude[:, first - 1 : last + 2]
    level = np.log(np.maximum(part, 1e-7))
    middle, left, right = level[:, 1:-1], level[:, :-2], level[:, 2:]
    floor = np.maximum(level.max(axis=1, keepdims=True) - 60 / 8.686, np.log(3e-4))
    frame, at = np.nonzero((middle > left) & (middle >= right) & (middle > floor))
    a, b, c = left[frame, at], middle[frame, at], right[frame, at]
    offset = 0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-6)
    hertz = (at + first + np.clip(offset, -0.5, 0.5)) * (RATE / 4096)
    amplitude = np.exp(0.5 * (b - 0.25 * (a - c) * offset))
    pitch_class = np.floor(np.log2(hertz / 16.351597831287414) * BINS + 0.5).astype(np.intp) % BINS
    cell = frame * BINS + pitch_class
    size = len(magnitude) * BINS

    def added(chosen: npt.NDArray[np.bool_]) -> Floats:
        counted = np.bincount(cell[chosen], amplitude[chosen], size)
        return counted.reshape(-1, BINS).astype(np.float32)

    return added(hertz >= _LOW_HZ), added(hertz < _BASS_TOP_HZ)
