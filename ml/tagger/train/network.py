"""musicnn in Keras 3, from the weights of its checkpoint."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from ml.tagger.mel import FRAMES, MELS

_EPSILON = 1e-3
_FRONT, _TALL, _HIDDEN, _TAGS = 5, 2, 200, 50
_LEVELS = 127  # steps of a weight on each side of zero, so that the file compresses well

Weights = Mapping[str, npt.NDArray[np.floating[Any]]]


def build(checkpoints: Mapping[str, Weights]) -> keras.Model:
    """Return the network of all ``checkpoints``, from (n, 187, 96) log-mel patches.

    Its output is the taggers' hidden layers (200 each), then their tags (50 each, 0 to 1).
    """
    mels = keras.Input((FRAMES, MELS), name="mels")
    found = [_tagger(weights)(mels) for weights in checkpoints.values()]
    hidden, tags = zip(*found, strict=True)
    return keras.Model(mels, layers.Concatenate()([*hidden, *tags]), name="musicnn")


def _tagger(weights: Weights) -> keras.Model:
    """Return one tagger. Its layers are those of musicnn's ``models.py``, in the order of their numbers."""
    mels = keras.Input((FRAMES, MELS))
    whole = _normalised(weights, 0, layers.Reshape((FRAMES, MELS, 1))(mels))
    padded = layers.ZeroPadding2D(((3, 3), (0, 0)))(whole)
    front = [_front(weights, number, padded if number < _TALL else whole) for number in range(_FRONT)]
    first = layers.Concatenate(axis=2)(front)
    second = _middle(weights, _FRONT, first)
    third = layers.Add()([_middle(weights, _FRONT + 1, second), second])
    fourth = layers.Add()([_middle(weights, _FRONT + 2, third), third])
    dense = layers.Concatenate(axis=2)([first, second, third, fourth])
    largest, mean = layers.GlobalMaxPooling1D()(dense), layers.GlobalAveragePooling1D()(dense)
    columns = [layers.Reshape((dense.shape[2], 1))(pooled) for pooled in (largest, mean)]
    pooled = _normalised(weights, 9, layers.Flatten()(layers.Concatenate(axis=2)(columns)))
    hidden = _weighted(layers.Dense(_HIDDEN, activation="relu"), weights, "dense", pooled)
    hidden = _normalised(weights, 10, hidden)
    tags = _weighted(layers.Dense(_TAGS, activation="sigmoid"), weights, "dense_1", hidden)
    return keras.Model(mels, [hidden, tags])


def _front(weights: Weights, number: int, given: Any) -> Any:
    """Return a convolution over time and frequency, max-pooled over frequency: (n, 187, filters)."""
    name = f"conv2d_{number}" if number else "conv2d"
    *size, _, filters = weights[f"{name}/kernel"].shape
    layer = layers.Conv2D(filters, size, activation="relu", padding="valid" if number < _TALL else "same")
    found = _normalised(weights, number + 1, _weighted(layer, weights, name, given))
    found = layers.MaxPooling2D((1, found.shape[2]))(found)
    return layers.Reshape((FRAMES, filters))(found)


def _middle(weights: Weights, number: int, given: Any) -> Any:
    """Return a convolution over time with all features: (n, 187, filters)."""
    size, _, _, filters = weights[f"conv2d_{number}/kernel"].shape
    layer = layers.Conv1D(filters, size, activation="relu")
    padded = layers.ZeroPadding1D(size // 2)(given)
    return _normalised(weights, number + 1, _weighted(layer, weights, f"conv2d_{number}", padded))


def _weighted(layer: Any, weights: Weights, name: str, given: Any) -> Any:
    found = layer(given)
    kernel, bias = (weights[f"{name}/{part}"] for part in ("kernel", "bias"))
    layer.set_weights([kernel.reshape(layer.get_weights()[0].shape), bias])
    return found


def _normalised(weights: Weights, number: int, given: Any) -> Any:
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    layer = layers.BatchNormalization(epsilon=_EPSILON)
    found = layer(given)
    layer.set_weights([weights[f"{name}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")])
    return found


def rounded(weights: Weights) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Return ``weights`` with rounded kernels.

    In each filter, the step is a power of two, with at most _LEVELS steps on each side of zero. Half precision holds
    such weights exactly, and the compressed file is a third as large.
    """
    return {name: _rounded(value) if name.endswith("/kernel") else value for name, value in weights.items()}


def _rounded(kernel: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)), keepdims=True)
    step = 2.0 ** np.ceil(np.log2(np.maximum(largest, np.finfo(np.float32).tiny) / _LEVELS))
    return (np.round(kernel / step) * step).astype(np.float32)
