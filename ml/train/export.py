"""Exports Keras networks to LiteRT; a network whose outputs differ from Keras is not written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

# Private API, one reason why TensorFlow is pinned. Variables must be frozen by hand, or LiteRT fails at run time
# (READ_VARIABLE); model.export() leaves operations in the graph that only full TensorFlow has.
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from ml.litert import LiteRTNetwork
from store.disk import replacing

TOLERANCE = 1e-5

Arrays = Sequence[npt.NDArray[np.float32]]


class ExportError(Exception):
    """The outputs of the converted network differ from those of Keras."""


def to_litert(model: keras.Model, shapes: Sequence[tuple[int | None, ...]], *, half: bool = False) -> bytes:
    """Convert a network of one output; its inputs have the ``shapes`` (``None``: any size), in this order.

    ``half`` stores the weights in half precision; computations stay in single precision.
    """
    specs = [tf.TensorSpec(shape, tf.float32, name=f"input_{i}") for i, shape in enumerate(shapes)]
    traced = tf.function(lambda *inputs: model(_given(inputs), training=False)).get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(traced)], model)
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def _given(inputs: Sequence) -> Any:
    # Keras warns if a network of one input is called with a list.
    return list(inputs) if len(inputs) > 1 else inputs[0]


def difference(model: keras.Model, content: bytes, inputs: Arrays) -> float:
    """Return the largest absolute difference between Keras and LiteRT, on a batch and on its first row by itself."""
    converted, gaps = LiteRTNetwork(content), []
    for rows in (slice(None), slice(0, 1)):
        part = [value[rows] for value in inputs]
        gaps.append(np.abs(np.asarray(model(_given(part), training=False)) - converted(*part)).max())
    return float(max(gaps))


def export(model: keras.Model, path: Path, inputs: Arrays) -> float:
    """Write ``model`` as LiteRT to ``path``; return its largest difference from Keras on ``inputs`` (n, ...) each.

    Raises ExportError if it differs by more than 1e-5; nothing is written then.
    """
    content = to_litert(model, [(None, *value.shape[1:]) for value in inputs])
    gap = difference(model, content, inputs)
    if not gap <= TOLERANCE:
        raise ExportError(f"LiteRT differs from Keras by {gap:.2e} (more than {TOLERANCE:.0e}): {path} not written")
    with replacing(path) as file:
        file.write(content)
    return gap
