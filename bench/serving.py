"""Cost of the main routes compared with a bare Flask JSON route, and memory of a web process.

    python -m bench.serving [--requests 1000] [--connections 4]

Gunicorn serves both with one worker. The same client requests them in turn (A B A B ...), so that the ratio stays right
when the machine's speed drifts. Known tracks are requested by id, once (`first`: the answer is computed) and repeatedly
(`again`: it is cached). `explained` is a genre with what moved it, which the page requests when "Details" is opened.
Searches are for artist and title of tracks. The catalogue is the one in TASTEMAP_VAR (default var/) if it is a full
one; if not, one is built for this run from ../shared/data/tracks.csv.gz. Exit code 1 if a route takes more processor
time, in times of the bare route's, than its target, or if the web process exceeds 200 MB.
"""

import argparse
import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import psutil

from bench.catalogue import full_catalogue
from config import ROOT
from store.catalogue.catalogue import Catalogue

BARE = """
from flask import Flask, jsonify
app = Flask("bare")
@app.get("/bare")
def bare():
    return jsonify(status="ok")
"""
REPEATS = 5
AGAIN = 100  # number of different requests that are repeated
MAX_MEGABYTES = 200  # resident memory of a web process after all requests
# Largest processor time, in times of the bare route's.
TARGETS = {
    "/genre-predict first": 4.0,
    "/genre-predict again": 1.5,
    "/recommend first": 8.0,
    "/recommend again": 1.5,
    "/api/search": 3.0,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(target: str, folder: Path, *settings: str) -> Iterator[tuple[int, psutil.Process]]:
    """Serve ``target`` with one gunicorn worker; yield its port and the worker process."""
    port = free_port()
    bind = ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    command = [sys.executable, "-m", "gunicorn", *bind, *settings, target]
    environment = os.environ | {"WEB_CONCURRENCY": "1", "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    master = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        wait_for(port)
        yield port, worker_of(psutil.Process(master.pid))
    finally:
        master.terminate()
        master.wait()


def worker_of(master: psutil.Process) -> psutil.Process:
    """Return the worker of a gunicorn; wait for it, because gunicorn may listen before it forks."""
    while True:
        for child in master.children():
            if "gunicorn" in " ".join(child.cmdline()):
                return child
        time.sleep(0.1)


def wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def ask(port: int, paths: Sequence[str]) -> list[float]:
    """Request ``paths`` over one connection; return the seconds of each. Raise SystemExit unless all answer 200."""
    seconds = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        reader = connection.makefile("rb")
        for path in paths:
            begin = time.perf_counter()
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            status = reader.readline()
            length = 0
            while (header := reader.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            reader.read(length)
            seconds.append(time.perf_counter() - begin)
            if b" 200 " not in status:
                raise SystemExit(f"{path}: {status!r}")
    return seconds


def processor_seconds(process: psutil.Process) -> float:
    """Return the processor time that a process has taken; in nanoseconds where the system has a clock for it."""
    if sys.platform == "linux":
        # clock_getcpuclockid(3), which Python lacks: /proc, which psutil reads, counts only hundredths of a second.
        return time.clock_gettime(~process.pid << 3 | 2)
    times = process.cpu_times()
    return times.user + times.system


def load(port: int, worker: psutil.Process, paths: Sequence[str], connections: int) -> tuple[float, float]:
    """Request all ``paths`` over several connections; return wall and worker CPU milliseconds per request."""
    before, begin = processor_seconds(worker), time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(lambda part: ask(port, part), [paths[i::connections] for i in range(connections)]))
    wall, cpu = time.perf_counter() - begin, processor_seconds(worker) - before
    return 1000 * wall / len(paths), 1000 * cpu / len(paths)


def requests_of(var: Path, count: int) -> dict[str, list[list[str]]]:
    """Return the paths to request by kind, with a list for each turn."""
    snapshot = Catalogue(var / "catalogue").current()
    rows = random.Random(1).sample(range(len(snapshot)), count * REPEATS)
    tracks = [snapshot.track(snapshot.ref(row)) for row in rows]
    paths = {
        "/genre-predict first": [f"/genre-predict?track_id={track.id}" for track in tracks],
        "/genre-predict explained": [f"/genre-predict?track_id={track.id}&explain=true" for track in tracks],
        "/recommend first": [f"/recommend?track_id={track.id}" for track in tracks],
        "/api/search": [f"/api/search?{urlencode({'q': f'{t.artists[0]} {t.title}'})}" for t in tracks if t.artists],
    }
    turns = {kind: [of_kind[i::REPEATS] for i in range(REPEATS)] for kind, of_kind in paths.items()}
    for kind in ("/genre-predict", "/recommend"):
        turns[f"{kind} again"] = [[turn[i % AGAIN] for i in range(len(turn))] for turn in turns[f"{kind} first"]]
    return turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1000, help="requests per measurement")
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    with full_catalogue() as var:
        sys.exit(measure(requests_of(var, arguments.requests), arguments.requests, arguments.connections))


def measure(paths: Mapping[str, list[list[str]]], requests: int, connections: int) -> int:
    """Serve the application and the bare route, request both in turn, and print; return 1 if a target is missed."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bare.py").write_text(BARE)
    gthread = ("--config", os.devnull, "--worker-class", "gthread", "--threads", "16", "--workers", "1")
    rows: dict[str, list[tuple[float, float]]] = {"bare": [], **{kind: [] for kind in paths}}
    with (
        served("bare:app", folder, *gthread) as (bare_port, bare_worker),
        served("app:create_app()", ROOT) as (port, worker),
    ):
        print(f"web process at start: {worker.memory_info().rss / 1e6:.0f} MB resident")
        ask(bare_port, ["/bare"] * 200)
        for kind in paths:
            ask(port, paths[kind][0][:1])
        for turn in range(REPEATS):
            rows["bare"].append(load(bare_port, bare_worker, ["/bare"] * requests, connections))
            for kind in paths:
                rows[kind].append(load(port, worker, paths[kind][turn], connections))
        megabytes = worker.memory_info().rss / 1e6
        answers = sum(len(turn) for turns in paths.values() for turn in turns)
    missed = report(rows)
    print(f"web process after {answers} answers: {megabytes:.0f} MB resident (target {MAX_MEGABYTES})")
    return missed | (megabytes > MAX_MEGABYTES)


def report(rows: dict[str, list[tuple[float, float]]]) -> int:
    missed = 0
    for name, measured in rows.items():
        wall, cpu = (statistics.median(column) for column in zip(*measured, strict=True))
        pairs = list(zip(measured, rows["bare"], strict=True))
        ratios = [statistics.median(one[k] / bare[k] for one, bare in pairs) for k in (0, 1)]
        times = f"{ratios[0]:.2f} and {ratios[1]:.2f} times bare"
        target = TARGETS.get(name)
        missed |= target is not None and ratios[1] > target
        aim = f" (target {target})" if target else ""
        print(f"{name:>24}: {wall:.3f} ms wall, {cpu:.3f} ms CPU per request; {times}{aim}")
    return missed


if __name__ == "__main__":
    main()
