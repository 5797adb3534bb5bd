"""LiteRT networks, callable from any thread and with any number of rows."""

from threading import Lock

from ai_edge_litert.interpreter import Interpreter

from store.feature_rows import Floats


class LiteRTNetwork:
    """A network of one output; a lock lets one thread use it at a time.

    LiteRT's interpreter is not thread-safe, and another one would hold the weights a second time. While it computes,
    Python's other threads run.

    Parameters
    ----------
    content : bytes
        A converted model (``.tflite``). Its inputs are taken in the order of their names.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._interpreter: _Interpreter | None = None
        self._lock = Lock()

    def __call__(self, *inputs: Floats) -> Floats:
        """Return the output for the ``inputs``, float32 of any shape that the network takes.

        The interpreter is resized where a shape differs from the call before; the output is a copy.
        """
        with self._lock:
            if self._interpreter is None:
                self._interpreter = _Interpreter(self._content)
            return self._interpreter(*inputs)


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
            self._shapes = []  # no shapes are valid if resizing fails half-way
            for index, shape in zip(self._indices, shapes, strict=True):
                self._interpreter.resize_tensor_input(index, shape)
            self._interpreter.allocate_tensors()
            self._shapes = shapes
        for index, value in zip(self._indices, inputs, strict=True):
            self._interpreter.set_tensor(index, value)
        self._interpreter.invoke()
        answer: Floats = self._interpreter.get_tensor(self._interpreter.get_output_details()[0]["index"])
        return answer
