"""The probability that each contributor of a playlist added a track; numpy and LiteRT.

``ml.contributors.train.train`` trains it, one model per playlist.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.artists.model import ArtistEmbedding
from ml.genre.encoder import Floats, feature_vector
from ml.genre.heads import softmax
from ml.genre.model import GenreInput, GenrePredictor
from ml.litert import LiteRTNetwork
from ml.sound import AXES
from store.domain import AUDIO_FEATURES

INPUTS = ("audio", "genre", "artist")
SCALINGS = ("standard", "minmax", "none")
TASK = "contributors"
# Values with a one-hot column each; other values have 0 in all these columns.
_CATEGORIES = {"key": tuple(range(12)), "time_signature": (3, 4, 5)}
HARD_TO_SAY = -1
_TINY = 1e-6
_CLIP = 5.0  # bound of the scaled inputs, so that no outlier dominates
_BATCH = 512

Blocks = Mapping[str, Floats]


def task_of(playlist_id: str) -> str:
    """Return the task name of a playlist's models; each playlist is its own task and has its own served version.

    The name holds a digest of the id, not the id: versions are listed publicly, and the id gives access to the
    playlist.
    """
    return f"{TASK}-{hashlib.sha256(playlist_id.encode()).hexdigest()[:12]}"


def is_of_playlist(task: str) -> bool:
    """Return whether a task's models are those of one playlist; only who sees the playlist may see them."""
    return task.startswith(f"{TASK}-")


class TrackInputs:
    """The network's inputs in blocks.

    Parameters
    ----------
    inputs : sequence of str
        Names of the blocks, of :data:`INPUTS`.
    genre, artists
        The models that compute the blocks "genre" and "artist"; needed only for these.
    """

    def __init__(
        self, inputs: Sequence[str], genre: GenrePredictor | None = None, artists: ArtistEmbedding | None = None
    ) -> None:
        self.inputs, self.genre, self.artists = tuple(inputs), genre, artists

    def blocks(self, tracks: Sequence[GenreInput]) -> dict[str, Floats]:
        """Return a (n, width) float32 array for each block, NaN where unknown."""
        make = {"audio": _audio, "genre": self._genre, "artist": self._artist}
        return {name: make[name](tracks).astype(np.float32) for name in self.inputs}

    def _genre(self, tracks: Sequence[GenreInput]) -> npt.NDArray[Any]:
        assert self.genre is not None
        parts = [self.genre.predict(tracks[at : at + _BATCH]) for at in range(0, len(tracks), _BATCH)]
        logs = np.log(np.maximum(np.vstack(parts), _TINY))
        logs[[not self.genre.knows(track) for track in tracks]] = np.nan
        return logs

    def _artist(self, tracks: Sequence[GenreInput]) -> npt.NDArray[Any]:
        assert self.artists is not None
        rows = np.full((len(tracks), self.artists.vectors.shape[1]), np.nan)
        for row, track in zip(rows, tracks, strict=True):
            found = [index for name in track.artists if (index := self.artists.find(name)) is not None]
            if found:
                row[:] = np.mean([self.artists.unit(index) for index in found], axis=0)
        return rows


def _audio(tracks: Sequence[GenreInput]) -> npt.NDArray[Any]:
    width = len(AUDIO_FEATURES)
    return np.array([feature_vector(track.features)[:width] for track in tracks]).reshape(-1, width)


def calibrate(probabilities: Floats, temperature: float) -> Floats:
    """Divide the logits behind (n, k) probabilities by ``temperature`` (Guo et al., 2017); rows sum to 1 again."""
    return softmax(np.log(np.maximum(probabilities, _TINY)) / temperature)


class InputScaler:
    """Scales the columns of the blocks and joins them, with a column per block that says whether the block is known.

    Unknown numbers become 0. Skewed audio features are first transformed as in :mod:`ml.sound`.

    Attributes
    ----------
    shift_, factor_ : dict of (width,) arrays by block
    """

    def __init__(self, *, one_hot: bool, scaling: str) -> None:
        self.one_hot, self.scaling = one_hot, scaling
        self.shift_: dict[str, Floats] = {}
        self.factor_: dict[str, Floats] = {}

    def fit(self, blocks: Blocks) -> Self:
        """Learn shifts and factors from the blocks of a training set; a constant column gets factor 0."""
        for name, block in blocks.items():
            columns = self._columns(name, block)
            known = [column[~np.isnan(column)] for column in columns.T]
            pairs = [self._of(column) if len(column) else (0.0, 0.0) for column in known]
            self.shift_[name] = np.array([shift for shift, _ in pairs], np.float32)
            self.factor_[name] = np.array([factor for _, factor in pairs], np.float32)
        return self

    def _of(self, column: Floats) -> tuple[float, float]:
        if self.scaling == "none":
            return 0.0, 1.0
        low, high = float(column.min()), float(column.max())
        if high - low < _TINY:
            return low, 0.0
        if self.scaling == "minmax":
            return (low + high) / 2, 2 / (high - low)
        return float(column.mean()), 1 / float(column.std())

    def _columns(self, name: str, block: Floats) -> Floats:
        if name != "audio":
            return block
        columns = []
        for feature, column in zip(AUDIO_FEATURES, block.T, strict=True):
            if self.one_hot and feature in _CATEGORIES:
                columns += [np.where(np.isnan(column), np.nan, column == value) for value in _CATEGORIES[feature]]
            else:
                columns.append(AXES[feature].scale(column) if feature in AXES else column)
        return np.stack(columns, axis=1).astype(np.float32)

    @property
    def width(self) -> int:
        """The number of inputs per track."""
        return sum(len(shift) + 1 for shift in self.shift_.values())

    def transform(self, blocks: Blocks) -> Floats:
        """Return (n, width) float32 without NaN."""
        parts = []
        for name, shift in self.shift_.items():
            scaled = (self._columns(name, blocks[name]) - shift) * self.factor_[name]
            parts += [np.nan_to_num(scaled), ~np.isnan(blocks[name]).all(axis=1, keepdims=True)]
        whole = np.hstack(parts).astype(np.float32)
        return whole if self.scaling == "none" else whole.clip(-_CLIP, _CLIP)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON that :meth:`from_json` reads."""
        arrays = {name: (shift, self.factor_[name]) for name, shift in self.shift_.items()}
        numbers = {name: [array.astype(float).tolist() for array in pair] for name, pair in arrays.items()}
        return {"one_hot": self.one_hot, "scaling": self.scaling, "numbers": numbers}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        scaler = cls(one_hot=written["one_hot"], scaling=written["scaling"])
        for name, (shift, factor) in written["numbers"].items():
            scaler.shift_[name] = np.array(shift, np.float32)
            scaler.factor_[name] = np.array(factor, np.float32)
        return scaler


class Contributors:
    """The model of one playlist.

    Attributes
    ----------
    people : tuple of str
        Ids of the contributors, in the order of the columns of :meth:`predict`.
    threshold : float or None
        A contributor "probably" added a track from this probability on; ``None``: nobody ever "probably" did.
    genre_version, artists_version : str or None
        The versions of the models that gave its inputs in training, and must give them in serving.
    """

    def __init__(self, settings: Mapping[str, Any], network: LiteRTNetwork) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self.people: tuple[str, ...] = tuple(settings["people"])
        self.inputs: tuple[str, ...] = tuple(settings["inputs"])
        self.threshold: float | None = settings["threshold"]
        self.genre_version: str | None = settings["genre"]
        self.artists_version: str | None = settings["artists"]
        self._temperature: float = settings["temperature"]
        self._scaler = InputScaler.from_json(settings["scaler"])
        self._network = network

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/contributors-.../<version>``.

        Raises ml.artefacts.ArtefactError if a file is absent, unlisted or changed.
        """
        settings = verified_json(directory / "contributors.json")
        return cls(settings, LiteRTNetwork(verified(directory / "contributors.tflite").read_bytes()))

    def predict(self, blocks: Blocks) -> Floats:
        """Return calibrated probabilities (n, people) for the blocks of :meth:`TrackInputs.blocks`; rows sum to 1."""
        return calibrate(self._network(self._scaler.transform(blocks)), self._temperature)

    def answer(self, odds: Floats) -> int | None:
        """Return who "probably" added a track: the index of the highest of (people,) ``odds``, or ``None``."""
        answer = int(probably(odds[None], self.threshold)[0])
        return answer if answer >= 0 else None


def probably(odds: Floats, threshold: float | None) -> npt.NDArray[np.intp]:
    """Return the column of the highest of (n, people) ``odds``, -1 where it is below the threshold: (n,)."""
    if threshold is None:
        return np.full(len(odds), HARD_TO_SAY)
    return np.where(odds.max(axis=1) >= threshold, odds.argmax(axis=1), HARD_TO_SAY)


def is_known(blocks: Blocks) -> bool:
    """Return whether the ``blocks`` of one track hold any known number."""
    return any(not np.isnan(block).all() for block in blocks.values())
