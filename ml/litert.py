"""LiteRT networks, callable from any thread and with any number of rows."""

import threading
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

Floats = npt.NDArray[np.floating]


class LiteRTNetwork:
    """A network of one output. LiteRT's interpreter is not thread-safe, so each thread has its own.

    Parameters
    ----------
    content : bytes
        A converted model (``.tflite``). Its inputs are taken in the order of their names.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._threads = _PerThread()

    def __call__(self, *inputs: Floats) -> Floats:
        """Return the output for the ``inputs``, float32 of any shape that the network takes.

        The interpreter is resized where a shape differs from the call before; the output is a copy.
        """
        interpreter, indices = self._resized([value.shape for value in inputs])
        for index, value in zip(indices, inputs, strict=True):
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        answer: Floats = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return answer

    def _resized(self, shapes: list[tuple[int, ...]]) -> tuple[Interpreter, list[int]]:
        state = self._threads
        if state.interpreter is None:
            state.interpreter = Interpreter(model_content=self._content, num_threads=1)
            details = sorted(state.interpreter.get_input_details(), key=lambda detail: detail["name"])
            state.indices = [detail["index"] for detail in details]
        if state.shapes != shapes:
            for index, shape in zip(state.indices, shapes, strict=True):
                state.interpreter.resize_tensor_input(index, shape)
            state.interpreter.allocate_tensors()
            state.shapes = shapes
        return state.interpreter, state.indices


class _PerThread(threading.local):
    """The interpreter of a thread, the numbers of its inputs, and the shapes it is allocated for."""

    interpreter: Any = None
    indices: list[int]
    shapes: list[tuple[int, ...]] | None = None
