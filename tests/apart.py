"""Processes that may be killed, forked from one that has the application loaded: to start Python takes a second."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from typing import Any

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["jobs.worker", "services.container", "etl.imports.storing.source"])


class Apart:
    """A call of ``function``, to be found by its name, in a process that has none of this one's state."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._answers, sending = _forks.Pipe(duplex=False)
        self._process: ForkServerProcess = _forks.Process(target=_answer, args=(sending, function, arguments))
        self._process.start()
        sending.close()

    def kill(self) -> None:
        """Kill it, and return when it has ended; another thread may wait for the result."""
        self._process.kill()
        wait([self._process.sentinel])

    def result(self) -> tuple[int | None, Any]:
        """Wait; return the exit code, negative for a signal, and what the function returned (``None`` if killed)."""
        with self._answers:
            try:
                returned = self._answers.recv()
            except EOFError:
                returned = None
        self._process.join()
        return self._process.exitcode, returned


def _answer(answers: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    answers.send(function(*arguments))
