"""What tests of trainings share."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def without_graphs() -> Iterator[None]:
    """Train operation by operation: to compile a graph takes longer than a few small batches."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
