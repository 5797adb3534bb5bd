"""Memory of the application after many requests: master and two web processes over a full catalogue.

    python -m bench.memory [--requests 600] [--connections 32]

It prints the sum of their PSS, which counts pages shared by several processes once, and the PSS of their other child
processes, such as the embedded database. Linux only.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from bench.catalogue import full_catalogue
from bench.serving import ask, free_port, requests_of, wait_for
from config import ROOT

TARGET_MEGABYTES = 512


def pss(process: psutil.Process) -> float:
    """Return the proportional set size of a process in megabytes (10^6 bytes)."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024 / 1e6


def measure(paths: list[str], connections: int) -> float:
    """Serve the application and request ``paths``; print the memory, and return the MB of master and web processes."""
    port = free_port()
    environment = os.environ | {"TASTEMAP_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
    master = subprocess.Popen([sys.executable, "-m", "gunicorn", "--log-level", "error"], cwd=ROOT, env=environment)
    try:
        wait_for(port)
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(lambda part: ask(port, part), [paths[i::connections] for i in range(connections)]))
        time.sleep(2)
        family = [psutil.Process(master.pid), *psutil.Process(master.pid).children(recursive=True)]
        web = [process for process in family if "gunicorn" in " ".join(process.cmdline())]
        others = [process for process in family if process not in web]
        total = sum(map(pss, web))
        print(f"{len(web)} processes of gunicorn: {total:.0f} MB PSS ({', '.join(f'{pss(one):.0f}' for one in web)})")
        print(f"beside them: {sum(map(pss, others)):.0f} MB PSS")
        return total
    finally:
        master.terminate()
        master.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=600, help="requests of each kind")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with full_catalogue() as var:
        kinds = requests_of(var, options.requests // 5)
        paths = [path for turns in kinds.values() for turn in turns for path in turn]
        total = measure(paths, options.connections)
    print(f"target: at most {TARGET_MEGABYTES} MB")
    return int(total > TARGET_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
