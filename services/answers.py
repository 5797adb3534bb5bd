"""Answers that depend only on the question, the catalogue and the models are worked out once."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

KEPT_BYTES = 12 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Worked:
    """What a question came to. A ``final`` answer stays right until the catalogue changes: nothing was missing that a
    source might tell another time."""

    body: object
    final: bool


class AnswerCache:
    """Rendered answers by query, the least recently used dropped first; safe to use from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._size = 0
        self._answers: OrderedDict[object, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: object) -> bytes | None:
        with self._lock:
            answer = self._answers.get(question)
            if answer is not None:
                self._answers.move_to_end(question)
            return answer

    def put(self, question: object, answer: bytes) -> None:
        with self._lock:
            self._size += len(answer) - len(self._answers.pop(question, b""))
            self._answers[question] = answer
            while self._size > self._kept_bytes:
                self._size -= len(self._answers.popitem(last=False)[1])
