"""Log-mel patches of a stream of samples, as in musicnn's training, in bounded memory.

Here the mel is float32: musicnn's own code casts it to float16 before multiplying by 10,000, so that loud frames
overflow.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 16_000  # samples a second
MELS = 96
FRAMES = 187  # frames of a patch: three seconds
LEAST_SECONDS = 0.5
_WINDOW, _HOP = 512, 256
_STEP = FRAMES * _HOP
_SPAN = _STEP - _HOP + _WINDOW  # samples of a patch
_LINEAR_TO = 1000.0  # Hz; Slaney's scale is linear up to here, by 200/3 Hz, and then by factors of 6.4 ** (1 / 27)
_PER_MEL, _LOG_STEP = 200.0 / 3.0, np.log(6.4) / 27.0

Floats = npt.NDArray[np.float32]


class TooShort(ValueError):  # noqa: N818 - it is a file, not a fault of the program
    """The sound is shorter than half a second."""


def patches(blocks: Iterable[Floats], most: int) -> Floats:
    """Return at most ``most`` patches (n, 187, 96) of a sound, spread evenly over it.

    A sound shorter than a patch is repeated. At most twice ``most`` patches are in memory at a time.

    Parameters
    ----------
    blocks
        Mono samples at :data:`RATE`, full scale 1, in blocks of any length.
    most
        The number of patches, 1 or more.

    Raises
    ------
    TooShort
    """
    kept: list[Floats] = []
    every, number, length = 1, 0, 0
    rest = np.zeros(_WINDOW // 2, np.float32)  # frames are centred: the first one begins with silence
    for block in _safe(blocks):
        length += len(block)
        rest = np.concatenate([rest, block])
        while len(rest) >= _SPAN:
            if number % every == 0:
                kept.append(log_mel(rest[:_SPAN]))
            if len(kept) == 2 * most:
                kept, every = kept[::2], 2 * every
            rest, number = rest[_STEP:], number + 1
    if length < LEAST_SECONDS * RATE:
        raise TooShort(f"{length / RATE:.2f} s of sound are too short: {LEAST_SECONDS} s are needed")
    end = log_mel(np.concatenate([rest, np.zeros(_WINDOW // 2, np.float32)]))
    if not kept or len(end) == FRAMES:
        kept.append(np.resize(end, (FRAMES, MELS)) if len(end) < FRAMES else end[:FRAMES])
    chosen = np.unique(np.linspace(0, len(kept) - 1, min(most, len(kept))).round().astype(int))
    return np.stack([kept[at] for at in chosen])


def _safe(blocks: Iterable[Floats]) -> Iterable[Floats]:
    for block in blocks:
        for start in range(0, len(block), _SPAN):
            yield np.nan_to_num(block[start : start + _SPAN]).astype(np.float32, copy=False)


def log_mel(samples: Floats) -> Floats:
    """Return log10(1 + 10,000 x mel power), (n, 96) float32, of the complete windows in ``samples``, hop 256."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows * _hann(), axis=1)).astype(np.float32) ** 2
    return np.log10(1.0 + 10_000.0 * (power @ filters()))


@lru_cache(1)
def _hann() -> Floats:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(4)
def filters(window: int = _WINDOW, bands: int = MELS) -> Floats:
    """Return the (window / 2 + 1, bands) triangular filters of Slaney's Auditory Toolbox (1998), each of equal area."""
    top = (_LINEAR_TO / _PER_MEL) + np.log(RATE / 2 / _LINEAR_TO) / _LOG_STEP
    mels = np.linspace(0.0, top, bands + 2)
    bend = _LINEAR_TO / _PER_MEL
    edges = np.where(mels < bend, mels * _PER_MEL, _LINEAR_TO * np.exp(_LOG_STEP * (mels - bend)))
    bins = np.arange(window // 2 + 1) * RATE / window
    rising = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    return (np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (edges[2:] - edges[:-2])).astype(np.float32)
