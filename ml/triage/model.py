"""The triage model: the probability that a track belongs in each of a person's playlists, or in none of them.

It is a conditional logit (McFadden, 1974). The score of a playlist is a weighted sum of its evidence
(:data:`ml.triage.evidence.EVIDENCE`), the score of "none of them" a weighted sum of :data:`NONE_EVIDENCE`. The same few
weights serve everybody, however many playlists there are.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from ml.artefacts import verified_json
from ml.triage.evidence import EVIDENCE
from store.feature_rows import Floats

# The evidence for "none of them", see :func:`none_evidence`.
NONE_EVIDENCE = ("always", "playlists", "decided_none", "decided_some")
_FILE = "triage.json"


def none_evidence(playlists: int, decided_none: int, decided_some: int) -> Floats:
    """Return (:data:`NONE_EVIDENCE`,): 1, and log(1 + n) of playlists, tracks put into none, tracks put into some."""
    return np.array([1.0, np.log1p(playlists), np.log1p(decided_none), np.log1p(decided_some)])


class Triage:
    """The weights.

    Attributes
    ----------
    version : str
    weights : dict of str to float
        One for each of :data:`EVIDENCE` and :data:`NONE_EVIDENCE`.
    """

    def __init__(self, version: str, weights: Mapping[str, float]) -> None:
        self.version, self.weights = version, dict(weights)
        self._playlist = np.array([self.weights[name] for name in EVIDENCE])
        self._none = np.array([self.weights[name] for name in NONE_EVIDENCE])

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/triage/<version>``; raises ml.artefacts.ArtefactError if the file is absent or changed."""
        content = verified_json(directory / _FILE)
        return cls(directory.name, content["weights"])

    def save(self, directory: Path) -> list[Path]:
        """Write the file that :meth:`load` reads, and return it in a list (not yet listed in the manifest)."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / _FILE
        path.write_text(json.dumps({"weights": self.weights}, indent=1) + "\n", encoding="utf-8")
        return [path]

    def predict(self, evidence: Floats, none: Floats, ruled_out: Any = False) -> Floats:
        """Return (n, playlists + 1) probabilities; the last column is "none of them"; rows sum to 1.

        Parameters
        ----------
        evidence : np.ndarray
            (n, playlists, :data:`EVIDENCE`).
        none : np.ndarray
            The result of :func:`none_evidence`.
        ruled_out : np.ndarray of bool
            (n, playlists): the playlists refused for a track, which get probability 0.
        """
        scores = np.where(ruled_out, -np.inf, evidence @ self._playlist)
        scores = np.hstack([scores, np.full((len(scores), 1), none @ self._none)])
        odds: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)
