"""Reads the output of a process without blocking."""

import subprocess
from queue import Queue
from threading import Thread


def queue_lines(process: subprocess.Popen[str]) -> Queue[str | None]:
    """Return a queue that gets each line of the standard output of ``process``, and None at its end."""
    stream = process.stdout
    assert stream is not None
    lines: Queue[str | None] = Queue()

    def read() -> None:
        with stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    Thread(target=read, daemon=True).start()
    return lines
