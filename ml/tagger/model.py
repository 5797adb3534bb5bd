"""musicnn on LiteRT: two taggers of music (MagnaTagATune, Million Song Dataset) in one network; numpy and LiteRT.

J. Pons and X. Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR 2019 late
breaking. The weights are ISC-licensed; ``ml.tagger.train.train`` converts them.
"""

import lzma
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.litert import LiteRTNetwork
from ml.tagger.mel import RATE, patches
from store.feature_rows import Floats

TASK = "tagger"
WIDTH = 400  # dimensions of a vector: the last hidden layers of both taggers
MOST_PATCHES = 20  # a minute in all, spread over the recording
PARTS = 4  # a recording is divided into this many parts, each with its own vector
_BATCH = 4  # patches at a time; more would take more memory and save no time

Network = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Sound:
    """The vectors and tags of a recording.

    ``parts`` (1 to 4, 400) are the mean vectors of its parts, equally long and in order; ``tags`` (100,) are the
    probabilities of :attr:`MusicTagger.tags`.
    """

    parts: Floats
    tags: Floats


class MusicTagger:
    """The taggers of one version.

    Attributes
    ----------
    version : str
    tags : tuple of str
        The 50 tags of MagnaTagATune, then the 50 of the Million Song Dataset; some are in both.
    rate : int
        The samples per second that :meth:`predict` expects.
    """

    rate = RATE

    def __init__(self, settings: Mapping[str, Any], network: Network) -> None:
        self.version: str = settings["version"]
        self.tags: tuple[str, ...] = tuple(settings["tags"])
        self._network = network

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/tagger/<version>``; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        settings = verified_json(directory / "tagger.json")
        return cls(settings, LiteRTNetwork(lzma.decompress(verified(directory / "musicnn.tflite.xz").read_bytes())))

    def predict(self, blocks: Iterable[npt.NDArray[np.float32]]) -> Sound:
        """Return vectors and tags of mono ``blocks`` of samples, at :data:`RATE` and full scale 1.

        At most a minute is analysed, in pieces of three seconds spread over the whole.

        Raises ml.tagger.mel.TooShort for less than half a second.
        """
        return self.of_patches(patches(blocks, MOST_PATCHES))

    def of_patches(self, mels: npt.NDArray[np.float32]) -> Sound:
        """Return vectors and tags of log-mel patches (n, 187, 96)."""
        found = np.concatenate([self._network(mels[at : at + _BATCH]) for at in range(0, len(mels), _BATCH)])
        parts = np.array_split(found[:, :WIDTH], min(PARTS, len(found)))
        return Sound(parts=np.stack([part.mean(axis=0) for part in parts]), tags=found[:, WIDTH:].mean(axis=0))
