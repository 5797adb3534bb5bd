"""LiteRT networks, callable from any thread and with any number of rows."""

from queue import LifoQueue

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

Floats = npt.NDArray[np.floating]

# Interpreters of a network in one process. One for every thread would hold the weights as often as there are threads,
# and no more than this many have a core to run on in a process among others.
_MOST = 2


class LiteRTNetwork:
    """A network of one output. LiteRT's interpreter is not thread-safe, so that each is lent to one thread at a time.

    Parameters
    ----------
    content : bytes
        A converted model (``.tflite``). Its inputs are taken in the order of their names.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        # The one used last is used next, so that a second one is made only when two threads meet.
        self._idle: LifoQueue[_Interpreter | None] = LifoQueue()
        for _ in range(_MOST):
            self._idle.put(None)

    def __call__(self, *inputs: Floats) -> Floats:
        """Return the output for the ``inputs``, float32 of any shape that the network takes.

        The interpreter is resized where a shape differs from the call before; the output is a copy.
        """
        interpreter = self._idle.get()
        try:
            interpreter = interpreter or _Interpreter(self._content)
            return interpreter(*inputs)
        finally:
            self._idle.put(interpreter)


class _Interpreter:
    """An interpreter with the numbers of its inputs and the shapes it is allocated for."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        details = sorted(self._interpreter.get_input_details(), key=lambda detail: detail["name"])
        self._indices = [detail["index"] for detail in details]
        self._shapes: list[tuple[int, ...]] = []

    def __call__(self, *inputs: Floats) -> Floats:
        shapes = [value.shape for value in inputs]
        if self._shapes != shapes:
            self._shapes = []  # allocated for none of them until all are resized
            for index, shape in zip(self._indices, shapes, strict=True):
                self._interpreter.resize_tensor_input(index, shape)
            self._interpreter.allocate_tensors()
            self._shapes = shapes
        for index, value in zip(self._indices, inputs, strict=True):
            self._interpreter.set_tensor(index, value)
        self._interpreter.invoke()
        answer: Floats = self._interpreter.get_tensor(self._interpreter.get_output_details()[0]["index"])
        return answer
