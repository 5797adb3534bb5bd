"""musicnn as its authors ship it: the checkpoints and the graphs inside the wheel, read without installing it."""

import ast
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from store.feature_rows import Floats

PARTS = ("MTT", "MSD")
_INPUT, _TRAINING = "model/Placeholder", "model/Placeholder_2"
_HIDDEN, _TAGS = "model/batch_normalization_10/batchnorm/add_1", "model/Sigmoid"


@dataclass(frozen=True)
class Checkpoint:
    """One tagger: its weights by TensorFlow's names, and its folder with the original graph."""

    folder: Path
    weights: dict[str, Floats]

    @classmethod
    def read(cls, folder: Path) -> Self:
        reader = tf.compat.v1.train.NewCheckpointReader(f"{folder}/")
        names = [name for name in reader.get_variable_to_shape_map() if "Adam" not in name]
        return cls(folder, {name: reader.get_tensor(name) for name in names})

    def original(self, mels: Floats) -> Floats:
        """Return hidden layer and tags (n, 250) of log-mel patches (n, 187, 96), by the authors' own graph."""
        meta = meta_graph_pb2.MetaGraphDef()
        meta.ParseFromString((self.folder / ".meta").read_bytes())
        graph = tf.Graph()
        with graph.as_default():
            serving = tf.compat.v1.graph_util.extract_sub_graph(meta.graph_def, [_HIDDEN, _TAGS, _TRAINING])
            for node in serving.node:  # today's TensorFlow cannot read the shapes that an old one wrote
                node.attr.pop("_output_shapes", None)
            tf.import_graph_def(serving, name="")
            feeds = {f"{node.name}:0": self.weights[node.name] for node in serving.node if node.op.startswith("Variab")}
            with tf.compat.v1.Session() as session:
                given = {f"{_INPUT}:0": mels, f"{_TRAINING}:0": False}
                return np.hstack(session.run([f"{_HIDDEN}:0", f"{_TAGS}:0"], feeds | given))


@dataclass(frozen=True)
class Wheel:
    """The two taggers of a wheel, their tags and their licence."""

    checkpoints: dict[str, Checkpoint]
    tags: tuple[str, ...]
    licence: str


@contextmanager
def opened(data: Path) -> Iterator[Wheel]:
    """Unpack the wheel of musicnn in ``data`` for as long as the context lasts.

    Raises FileNotFoundError if there is none; the message says how to get it.
    """
    wheels = sorted(data.glob("musicnn-*.whl"))
    if not wheels:
        raise FileNotFoundError(f"{data} has no musicnn-*.whl: pip download --no-deps musicnn==0.1.0 --dest {data}")
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheels[-1]) as wheel:
        wheel.extractall(folder, [name for name in wheel.namelist() if "_vgg/" not in name])
        checkpoints = {part: Checkpoint.read(Path(folder, "musicnn", f"{part}_musicnn")) for part in PARTS}
        labels = _labels(Path(folder, "musicnn", "configuration.py").read_text("utf-8"))
        licence = next(Path(folder).glob("musicnn-*/LICENSE*")).read_text("utf-8")
        yield Wheel(checkpoints, tuple(tag for part in PARTS for tag in labels[f"{part}_LABELS"]), licence.strip())


def _labels(source: str) -> dict[str, list[str]]:
    """Return the lists of tags in the package's configuration, which is parsed and not run."""
    assigned = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    lists = [node for node in assigned if isinstance(node.value, ast.List)]
    return {node.targets[0].id: ast.literal_eval(node.value) for node in lists}  # type: ignore[attr-defined]
