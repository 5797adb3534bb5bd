"""Processes that may be killed, forked from one that has the application loaded: to start Python takes a second."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

import pytest

from config import ROOT
from jobs import queue
from jobs.queue import WorkQueue, worker_lock
from store.locks import take

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    ["services.container", "etl.imports.storing.source", "etl.__main__", "etl.commands.work", "tests.apart"]
)


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


class _Descriptor:
    """A descriptor that goes to another process, which gets its number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self._number),)


def _received(sent: Any) -> int:
    return int(sent.detach())


class ForkedWorker:
    """The worker of a queue, which does what ``python -m etl work`` does; of Popen it has what jobs.queue looks at."""

    def __init__(self, lock: int, var: Path, mongodb_uri: str, queue: WorkQueue) -> None:
        environment = os.environ | {"TASTEMAP_VAR": str(var), "MONGODB_URI": mongodb_uri}
        self._process = _forks.Process(target=_work, args=(_Descriptor(lock), environment, var, queue))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode


def _work(lock: int, environment: Mapping[str, str], var: Path, queue: WorkQueue) -> None:
    from etl.__main__ import main

    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with (var / "log" / "import.log").open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.exit(main(["work", "--queue", queue, "--lock", str(lock)]))


def fork_workers(patch: pytest.MonkeyPatch) -> None:
    """Let the workers that jobs.queue starts be forked; tests/jobs/test_work_queues.py tries how it starts them."""

    def start(var: Path, mongodb_uri: str, of: WorkQueue) -> ForkedWorker | None:
        lock = take(worker_lock(var, of), wait=False)
        if lock is None:
            return None
        try:
            (var / "log").mkdir(parents=True, exist_ok=True)
            return ForkedWorker(lock, var, mongodb_uri, of)
        finally:
            os.close(lock)

    patch.setattr(queue, "_start", start)
