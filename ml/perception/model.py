"""A ridge regression from the descriptors of a file to the audio features that a provider would give."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified_json

Floats = npt.NDArray[np.float64]

TASK = "perception"
_EDGE = 0.01  # shares are clipped this far within 0 and 1, and learnt as logits


def rows_of(descriptors: Iterable[Mapping[str, float]], names: Iterable[str]) -> Floats:
    """Return (n, d) descriptors in the order of ``names``, NaN where missing."""
    order = list(names)
    return np.array([[described.get(name, np.nan) for name in order] for described in descriptors], np.float64).reshape(
        -1, len(order)
    )


def to_line(values: Floats, name: str) -> Floats:
    """Return values of the attribute ``name`` as the model learns them: shares as logits, dB unchanged."""
    if name == "loudness":
        return values
    inner = np.clip(values, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inner / (1 - inner)))


def from_line(line: Floats, name: str) -> Floats:
    """Return the values for results of :func:`to_line`: its inverse, within the attribute's range."""
    if name == "loudness":
        return np.clip(line, -60.0, 10.0)
    share = 1 / (1 + np.exp(-np.clip(line, -30, 30)))
    return np.asarray(share.clip(0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Perception:
    """The regression.

    Attributes
    ----------
    version : str
        The version of the model.
    descriptors : tuple of str
        The names of the d inputs, in order.
    centre, scale : np.ndarray
        (d,) mean and standard deviation of the descriptors; a missing one counts as the mean.
    weights : mapping
        (d + 1,) by attribute; the last is the constant.
    confidence : mapping
        By attribute, the share (0 to 1) of the variance of held-out tracks that it explains.
    """

    version: str
    descriptors: tuple[str, ...]
    centre: Floats
    scale: Floats
    weights: Mapping[str, Floats]
    confidence: Mapping[str, float]

    def predict(self, descriptors: Mapping[str, float]) -> dict[str, float]:
        """Return the attributes that the model predicts, in Spotify's units, by name."""
        found = self.predict_rows(rows_of([descriptors], self.descriptors))
        return {name: round(float(values[0]), 4) for name, values in found.items()}

    def predict_rows(self, rows: Floats) -> dict[str, Floats]:
        """Return (n,) values by attribute for (n, d) descriptors."""
        standard = np.nan_to_num((rows - self.centre) / self.scale)
        # A linear model extrapolates badly: clip the inputs to about the range of the training data.
        inputs = np.column_stack([np.clip(standard, -4.0, 4.0), np.ones(len(rows))])
        return {name: from_line(inputs @ weights, name) for name, weights in self.weights.items()}

    def save(self, folder: Path) -> list[Path]:
        """Write the model into ``folder``; return the paths."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "perception.json"
        document = {
            "version": self.version,
            "descriptors": list(self.descriptors),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "weights": {name: values.tolist() for name, values in self.weights.items()},
            "confidence": dict(self.confidence),
        }
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        return [path]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a version; raise ml.artefacts.ArtefactError if its file is absent or was changed."""
        found: dict[str, Any] = verified_json(folder / "perception.json")
        return cls(
            version=found["version"],
            descriptors=tuple(found["descriptors"]),
            centre=np.array(found["centre"]),
            scale=np.array(found["scale"]),
            weights={name: np.array(values) for name, values in found["weights"].items()},
            confidence=found["confidence"],
        )
