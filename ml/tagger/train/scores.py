"""How often recordings that sound alike are of one album, by musicnn and by statistics of MFCCs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.tagger.alike import SoundSpace
from ml.tagger.mel import filters
from ml.tagger.model import MusicTagger, Sound
from ml.train.card import markdown_table
from ml.vectors import unit
from store.feature_rows import Floats

LEAST_OF_ALBUM = 4
AT = 5
OURS = "musicnn, both, whitened within recordings"
BASELINE = "MFCC mean, deviation and steps"
SCALED = f"{BASELINE}, standardised"
_COEFFICIENTS, _BANDS, _WINDOW, _HOP = 20, 128, 1024, 512


@dataclass(frozen=True)
class Excerpt:
    """Thirty seconds from the middle of a recording: mono ``samples`` at 16 kHz."""

    album: str
    name: str
    samples: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Shares (0 to 1) of neighbours of the same album.

    ``album_p5`` is among the five nearest, ``album_first`` that of the nearest, ``album_p5_macro`` the mean over albums
    of the first.
    """

    album_p5: float
    album_first: float
    album_p5_macro: float


def read_excerpts(data: Path) -> list[Excerpt]:
    """Return the excerpts ``data/excerpts/ALBUM/NAME.npy``, float16, of the albums with four or more.

    Raises FileNotFoundError if there are none; the message says how to make them.
    """
    paths = sorted((data / "excerpts").glob("*/*.npy"))
    if not paths:
        raise FileNotFoundError(f"{data} has no excerpts: python -m bench.sound_alikes {data} --fetch")
    albums = [path.parent.name for path in paths]
    return [
        Excerpt(path.parent.name, path.stem, np.load(path, allow_pickle=False).astype(np.float32))
        for path in paths
        if albums.count(path.parent.name) >= LEAST_OF_ALBUM
    ]


def listen(excerpts: Sequence[Excerpt], tagger: MusicTagger, data: Path) -> list[Sound]:
    """Return the tagger's vectors and tags of each excerpt; they are cached in ``data``."""
    found = []
    for excerpt in excerpts:
        path = data / "heard" / tagger.version / excerpt.album / f"{excerpt.name}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, **vars(tagger.predict([excerpt.samples])))
        with np.load(path) as kept:
            found.append(Sound(**kept))
    return found


def score(albums: Sequence[str], vectors: Floats) -> Scores:
    """Score (n, d) vectors by cosine, with each recording in turn as the query."""
    units = unit(vectors)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    labels = np.asarray(albums)
    right = labels[np.argsort(-cosines, axis=1, kind="stable")[:, :AT]] == labels[:, None]
    share = right.mean(axis=1)
    return Scores(
        album_p5=float(share.mean()),
        album_first=float(right[:, 0].mean()),
        album_p5_macro=float(np.mean([share[labels == album].mean() for album in np.unique(labels)])),
    )


def compare(excerpts: Sequence[Excerpt], sounds: Sequence[Sound]) -> dict[str, Scores]:
    """Return the scores of the served vectors, of plainer ones and of baselines, by name."""
    mfcc = np.stack([mfcc_statistics(excerpt.samples) for excerpt in excerpts])
    vectors = vectors_of(sounds) | {BASELINE: mfcc, SCALED: (mfcc - mfcc.mean(axis=0)) / (mfcc.std(axis=0) + 1e-9)}
    return {name: score([excerpt.album for excerpt in excerpts], rows) for name, rows in vectors.items()}


def vectors_of(sounds: Sequence[Sound]) -> dict[str, Floats]:
    """Return (n, d) vectors of recordings by name: the served ones, and plainer ones."""
    means = np.stack([sound.parts.mean(axis=0) for sound in sounds])
    space = SoundSpace.of([str(at) for at in range(len(sounds))], [sound.parts for sound in sounds])
    half = means.shape[1] // 2
    return {
        OURS: space.vectors,
        "musicnn, both": means,
        "musicnn, MagnaTagATune": means[:, :half],
        "musicnn, Million Song Dataset": means[:, half:],
        "musicnn, tags": np.stack([sound.tags for sound in sounds]),
    }


def mfcc_statistics(samples: npt.NDArray[np.float32]) -> Floats:
    """Return the mean and the standard deviation of 20 MFCCs and of their steps from frame to frame: (80,).

    The MFCCs are librosa's by default (128 bands of Slaney's, 80 dB, orthonormal DCT), in windows of 64 ms.
    """
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(samples, _WINDOW // 2), _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW + 1)[:-1], axis=1)) ** 2 @ filters(_WINDOW, _BANDS)
    decibels = 10.0 * np.log10(np.maximum(power, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80.0)
    at = np.arange(_COEFFICIENTS)[:, None] * (np.arange(_BANDS) + 0.5) * np.pi / _BANDS
    cosines = np.cos(at) * np.sqrt(np.where(np.arange(_COEFFICIENTS) == 0, 1.0, 2.0) / _BANDS)[:, None]
    mfcc = decibels @ cosines.T
    steps = np.diff(mfcc, axis=0)
    return np.concatenate([part(values, axis=0) for values in (mfcc, steps) for part in (np.mean, np.std)])


def format_table(results: Mapping[str, Scores]) -> str:
    """Return the scores as a Markdown table, with the ratio to the better MFCC baseline."""
    best = max(results[name].album_p5 for name in (BASELINE, SCALED))
    headings = ("", "album P@5", "nearest", "albums alike", "times MFCC")
    rows: Iterable[tuple[object, ...]] = (
        (name, row.album_p5, row.album_first, row.album_p5_macro, row.album_p5 / best) for name, row in results.items()
    )
    return markdown_table(headings, rows)
