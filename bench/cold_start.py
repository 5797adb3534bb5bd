"""Processor time from the start command to the first answer, of all processes including the database.

    python -m bench.cold_start [--starts 5]

Wall-clock time would depend on what else the machine does. The first start is not counted: it compiles the modules and
creates the database.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from http.client import HTTPConnection

import psutil

from bench.serving import free_port
from config import ROOT

TARGET_SECONDS = 3.0
QUESTION = "/genre-predict?track=Hurt&artist=Johnny+Cash"


def start(var: str) -> float:
    """Start the application on the folder ``var``, send one request and stop; return the processor seconds needed."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"TASTEMAP_VAR": var, "TASTEMAP_BIND": f"127.0.0.1:{port}", "MONGODB_URI": ""}
    master = subprocess.Popen([sys.executable, "-m", "gunicorn", "--log-level", "error"], cwd=ROOT, env=environment)
    try:
        while master.poll() is None:
            with suppress(ConnectionError):
                connection = HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("GET", QUESTION)
                connection.getresponse().read()
                break
            time.sleep(0.02)
        family = [psutil.Process(master.pid), *psutil.Process(master.pid).children(recursive=True)]
        return sum(sum(process.cpu_times()[:4]) for process in family)
    finally:
        master.terminate()
        master.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    starts = parser.parse_args().starts
    with tempfile.TemporaryDirectory() as var:
        start(var)
        seconds = [start(var) for _ in range(starts)]
    median = statistics.median(seconds)
    print(f"{median:.2f} s of processor time to the first answer ({min(seconds):.2f} to {max(seconds):.2f})")
    print(f"target: at most {TARGET_SECONDS} s")
    return int(median > TARGET_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
