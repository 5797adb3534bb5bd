"""One wrapper of LiteRT: inputs in their order, any number of rows, any thread."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from ml.litert import LiteRTNetwork
from ml.train.export import to_litert


@pytest.fixture(scope="module")
def network() -> LiteRTNetwork:
    """A network that takes x (n, 2) and y (n, 3) and answers [sum of x, 10 * sum of y]."""
    x, y = keras.Input((2,)), keras.Input((3,))
    sums = [keras.ops.sum(part, axis=1, keepdims=True) for part in (x, y)]
    model = keras.Model([x, y], keras.layers.Concatenate()([sums[0], sums[1] * 10.0]))
    return LiteRTNetwork(to_litert(model, [(None, 2), (None, 3)]))


def inputs(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full((rows, 2), rows, np.float32), np.full((rows, 3), 1.0, np.float32)


def test_inputs_keep_their_order_and_the_number_of_rows_may_change(network: LiteRTNetwork) -> None:
    answers = [network(*inputs(rows)) for rows in (1, 4, 4, 2)]
    for rows, answer in zip((1, 4, 4, 2), answers, strict=True):
        np.testing.assert_allclose(answer, np.tile([2.0 * rows, 30.0], (rows, 1)))


def test_many_threads_get_their_own_answers(network: LiteRTNetwork) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda rows: network(*inputs(rows)), [1, 2, 3, 4, 5] * 20))
    for rows, answer in zip([1, 2, 3, 4, 5] * 20, answers, strict=True):
        np.testing.assert_allclose(answer, np.tile([2.0 * rows, 30.0], (rows, 1)))


def test_an_input_too_few_is_an_error(network: LiteRTNetwork) -> None:
    with pytest.raises(ValueError, match="shorter"):
        network(inputs(1)[0])
