"""What the genre network reads: audio features as scaled numbers with masks, names as bags of word pieces.

Training fits these two and writes their numbers; serving reads them with numpy alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.text_features import PARTS, Name, Vocabulary, name_hashes, word_hashes
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS

Floats = npt.NDArray[np.float32]

_KEY = AUDIO_FEATURES.index("key")
_KEYS = 12
_PER_FEATURE = 3  # scaled value, quantile, known or not
YEAR_COLUMN = _PER_FEATURE * len(AUDIO_FEATURES) + _KEYS
AUDIO_WIDTH = YEAR_COLUMN + 2
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def feature_vector(features: Mapping[str, float]) -> list[float]:
    """Return the 13 values in the order of ``AUDIO_FEATURES``; NaN where absent or outside ``FEATURE_BOUNDS``."""
    vector = []
    for name in AUDIO_FEATURES:
        value = features.get(name)
        low, high = FEATURE_BOUNDS[name]
        vector.append(float(value) if value is not None and low <= value <= high else math.nan)
    return vector


def columns_of(feature: str) -> list[int]:
    """Return the columns of the audio input that a feature (or "year") fills: zero them, and it is left out."""
    if feature == "year":
        return [YEAR_COLUMN, YEAR_COLUMN + 1]
    index = AUDIO_FEATURES.index(feature)
    own = [_PER_FEATURE * index + i for i in range(_PER_FEATURE)]
    return own + (list(range(YEAR_COLUMN - _KEYS, YEAR_COLUMN)) if index == _KEY else [])


class AudioScaler:
    """Scale the 13 features twice, linearly and by rank, each with a mask; the key also one-hot; and the year.

    Rank opens up what is squeezed against an end of its range (instrumentalness, speechiness, liveness).

    Attributes
    ----------
    knots_ : list of float arrays
        Per feature the distinct values of 129 equally spaced quantiles of the training tracks.
    """

    def __init__(self, knots: Sequence[Sequence[float]] = ()) -> None:
        self.knots_: list[npt.NDArray[np.float64]] = [np.asarray(k, float) for k in knots]

    def fit(self, values: npt.NDArray[np.floating]) -> AudioScaler:
        """Learn from an (n, 13) array with NaN where unknown; a feature never known keeps one knot at 0."""
        grid = np.linspace(0.0, 1.0, 129)
        known = [column[~np.isnan(column)] for column in values.T]
        self.knots_ = [np.unique(np.quantile(c, grid).round(6)) if len(c) else np.zeros(1) for c in known]
        return self

    def transform(self, values: npt.NDArray[np.floating], years: npt.NDArray[np.floating]) -> Floats:
        """Return the (n, AUDIO_WIDTH) input for (n, 13) values and (n,) years, NaN where unknown; all within -1..1."""
        out = np.zeros((len(values), AUDIO_WIDTH), np.float32)
        for index, knots in enumerate(self.knots_):
            column = values[:, index]
            known = ~np.isnan(column)
            if not known.any():
                continue
            at = _PER_FEATURE * index
            ranks = np.linspace(-1.0, 1.0, len(knots)) if len(knots) > 1 else np.zeros(1)
            span = (knots[-1] - knots[0]) or 1.0
            out[known, at] = np.clip((column[known] - knots[0]) / span, 0.0, 1.0) * 2.0 - 1.0
            out[known, at + 1] = np.interp(column[known], knots, ranks)
            out[known, at + 2] = 1.0
        key = values[:, _KEY]
        rows = np.flatnonzero(~np.isnan(key))
        out[rows, YEAR_COLUMN - _KEYS + key[rows].astype(int) % _KEYS] = 1.0
        plausible = (years >= _FIRST_YEAR) & (years <= _LAST_YEAR)
        out[plausible, YEAR_COLUMN] = np.clip((years[plausible] - 1990.0) / 35.0, -1.5, 1.5)
        out[plausible, YEAR_COLUMN + 1] = 1.0
        return out

    def save(self, path: Path) -> None:
        """Write the knots as JSON."""
        knots = {name: k.tolist() for name, k in zip(AUDIO_FEATURES, self.knots_, strict=True)}
        path.write_text(json.dumps({"knots": knots}) + "\n")

    @classmethod
    def load(cls, path: Path) -> AudioScaler:
        """Read what :meth:`save` wrote."""
        knots = json.loads(path.read_text())["knots"]
        return cls([knots[name] for name in AUDIO_FEATURES])


class NameEmbedding:
    """A vector per known word piece, kept as int8 with one scale per row; a part's names are their weighted mean.

    A bag is ``sum(vectors) / sqrt(sum(weights ** 2))`` over the pieces known, weights (rarity) already multiplied
    into the vectors: long names neither drown nor outshout short ones. No known piece: zeros.
    """

    def __init__(
        self, vocabulary: Vocabulary, table: npt.NDArray[np.int8], scale: Floats, weight: Floats, remembered: int = 4096
    ) -> None:
        self.vocabulary, self.table, self.scale, self.weight = vocabulary, table, scale, weight
        self._word: Callable[[str, int], tuple[Floats, float]] = lru_cache(remembered)(self._embed_word)

    @classmethod
    def quantised(cls, vocabulary: Vocabulary, vectors: Floats, weight: Floats) -> NameEmbedding:
        """Round (V, D) float vectors to 1/127 of each row's largest entry."""
        scale = (np.abs(vectors).max(axis=1, initial=0.0) / 127.0).astype(np.float32)
        table = np.rint(vectors / np.where(scale > 0, scale, 1.0)[:, None]).astype(np.int8)
        return cls(vocabulary, table, scale, weight)

    @property
    def width(self) -> int:
        """Numbers per part."""
        return self.table.shape[1]

    def vectors(self) -> Floats:
        """Return the whole table as floats, (V, D)."""
        return self.table.astype(np.float32) * self.scale[:, None]

    def _sum(self, hashes: Sequence[int]) -> tuple[Floats, float]:
        rows = self.vocabulary.rows(hashes)
        rows = rows[rows >= 0]
        return self.scale[rows] @ self.table[rows], float(np.square(self.weight[rows]).sum())

    def _embed_word(self, word: str, part: int) -> tuple[Floats, float]:
        return self._sum(word_hashes(word, part))

    def knows(self, word: str, part: int) -> bool:
        """Tell whether training kept the word or any n-gram of it."""
        return self._word(word, part)[1] > 0

    def bag(self, names: Sequence[Name], part: int) -> Floats:
        """Return the (D,) vector of one part's names."""
        total, mass = np.zeros(self.width, np.float32), 0.0
        for name in names:
            if not name:
                continue
            terms = [self._sum(name_hashes(name, part)), *(self._word(word, part) for word in name)]
            total = total + np.sum([vector for vector, _ in terms], axis=0)
            mass += sum(square for _, square in terms)
        return total / math.sqrt(mass) if mass else total

    def bags(self, parts: Sequence[Sequence[Name]]) -> Floats:
        """Return the (3 * D,) vector of all parts, in the order of ``PARTS``."""
        return np.concatenate([self.bag(names, part) for part, names in enumerate(parts)])

    def save(self, folder: Path) -> list[Path]:
        """Write ``pieces.npz`` and the memory-mappable ``pieces.npy``; return their paths."""
        numbers, table = folder / "pieces.npz", folder / "pieces.npy"
        np.savez(numbers, known=self.vocabulary.known, scale=self.scale, weight=self.weight)
        np.save(table, self.table)
        return [numbers, table]

    @classmethod
    def load(cls, folder: Path) -> NameEmbedding:
        """Read what :meth:`save` wrote; the table stays on disk and is shared by all workers."""
        with np.load(folder / "pieces.npz") as numbers:
            vocabulary = Vocabulary(numbers["known"])
            scale, weight = numbers["scale"], numbers["weight"]
        return cls(vocabulary, np.load(folder / "pieces.npy", mmap_mode="r"), scale, weight)


assert len(PARTS) == 3  # the network's second input is three bags side by side
