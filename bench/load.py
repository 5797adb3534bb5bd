"""The site under load: 32 clients over the full catalogue, 200 uploads at once, 400 slow connections, memory.

    python -m bench.load [--seconds 60] [--clients 32]

Two workers serve the application, and two workers of the same class serve a bare route. The clients run on the same
machine. They request the bare route, `/genre-predict`, the same with what moved the genre (which the page requests when
"Details" is opened), `/recommend` (each track once) and `/api/search` in turn (A B C D E A ...), so that the ratios
stay right when the machine's speed drifts.
"""

import argparse
import contextlib
import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import numpy as np
import psutil

from bench.catalogue import full_catalogue
from bench.serving import BARE, free_port, wait_for
from config import ROOT
from store.catalogue.catalogue import Catalogue

MOST_TIMES_BARE = {"/genre-predict": 8.0, "/recommend": 12.0, "/api/search": 5.0}
MOST_HEALTH_MS, MOST_PAGE_SECONDS, MOST_PSS_MB = 100.0, 2.0, 512.0
WORKERS, TURNS, UPLOADS, SLOW = 2, 4, 200, 400
# Runs in its own process: beside the threads that send files it would read the clock too late.
HEALTH = """
import sys, time
from bench.load import CLIENT
ports = [int(port) for port in sys.argv[1:]]
worst, well = dict.fromkeys(ports, 0.0), True
until = time.monotonic() + 300
print("ready", flush=True)
while time.monotonic() < until:
    for port in ports:
        status, milliseconds = CLIENT.get(port, "/healthz" if port == ports[0] else "/bare")
        worst[port] = max(worst[port], milliseconds)
        well = well and status == 200
    print(*(f"{worst[port]:.0f}" for port in ports), int(well), flush=True)
    time.sleep(0.05)
"""
SLOW_HEADS = {
    "headers": "GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: a",
    "bodies": "POST /api/never HTTP/1.1\r\nHost: bench\r\nContent-Length: 60000\r\n\r\n{",
    "uploads": "POST /api/uploads HTTP/1.1\r\nHost: bench\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    "Content-Length: 90000000\r\n\r\n--x",
    "nothing": "",
}


@contextlib.contextmanager
def served(target: str, folder: Path, var: Path, *settings: str) -> Iterator[tuple[int, psutil.Process]]:
    """Serve ``target`` with two workers; yield its port and the master process.

    The processes that do its work outlive it, and would still write into ``var``: they are ended at last.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        *settings,
        target,
    ]
    environment = os.environ | {"WEB_CONCURRENCY": str(WORKERS), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    master = subprocess.Popen(command, cwd=folder, env=environment | {"TASTEMAP_VAR": str(var)})
    try:
        wait_for(port)
        yield port, psutil.Process(master.pid)
    finally:
        working = _jobs(psutil.Process(master.pid))
        master.terminate()
        master.wait()  # before them, because it would start them again
        for job in working:
            with contextlib.suppress(psutil.NoSuchProcess):
                job.terminate()
        psutil.wait_procs(working)


class Client(threading.local):
    """Keeps one connection to each port for each thread, and reopens it after an error."""

    def __init__(self) -> None:
        self.connections: dict[int, http.client.HTTPConnection] = {}

    def get(self, port: int, path: str) -> tuple[int, float]:
        """Return the status and the milliseconds of a request; status 0 means that it failed."""
        connection = self.connections.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=60))
        begin = time.perf_counter()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        except (http.client.HTTPException, OSError):
            connection.close()
            return 0, 1000 * (time.perf_counter() - begin)
        return answer.status, 1000 * (time.perf_counter() - begin)


CLIENT = Client()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of requests by all clients")
    parser.add_argument("--clients", type=int, default=32)
    arguments = parser.parse_args()
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bare.py").write_text(BARE)
    bare = (
        "--config",
        os.devnull,
        "--worker-class",
        "server.worker.BufferedWorker",
        "--threads",
        "16",
        "--workers",
        "2",
    )
    with (
        full_catalogue() as var,
        served("bare:app", folder, var, *bare) as (bare_port, _),
        served("app:create_app()", ROOT, var) as (port, master),
    ):
        well = [
            answers_under_load(bare_port, port, questions(var), arguments.seconds, arguments.clients),
            uploads_at_once(bare_port, port, master),
            *(slow_connections(port, kind) for kind in SLOW_HEADS),
            memory(master),
        ]
    sys.exit(not all(well))


def questions(var: Path) -> dict[str, Iterator[str]]:
    """Return by route the paths to request; each track is requested only once."""
    snapshot = Catalogue(var / "catalogue").current()
    order = random.Random(1)
    rows = order.sample(range(len(snapshot)), len(snapshot))
    tracks = [snapshot.track(snapshot.ref(row)) for row in rows[:90_000]]
    predicted, explained, sought = (iter(tracks[start::3]) for start in range(3))
    words = (word for track in tracks for word in track.title.split() if word.isascii() and word.isalnum())
    return {
        "/bare": iter(lambda: "/bare", ""),
        "/genre-predict": (f"/genre-predict?track_id={track.id}" for track in predicted),
        "explained": (f"/genre-predict?track_id={track.id}&explain=true" for track in explained),
        "/recommend": (f"/recommend?track_id={track.id}" for track in sought),
        "/api/search": (f"/api/search?q={word}" for word in words),
    }


def answers_under_load(
    bare_port: int, port: int, paths: dict[str, Iterator[str]], seconds: float, clients: int
) -> bool:
    """Request all routes in turn and print their times; return whether all are within their limits, without errors."""
    times: dict[str, list[float]] = {route: [] for route in paths}
    statuses: dict[str, Counter[int]] = {route: Counter() for route in paths}
    for route in paths:  # the first requests load models and catalogue
        for _ in range(4):
            CLIENT.get(bare_port if route == "/bare" else port, next(paths[route]))
    slice_s = seconds / TURNS / len(paths)
    with ThreadPoolExecutor(clients) as pool:
        for _ in range(TURNS):
            for route, questions_left in paths.items():
                target = bare_port if route == "/bare" else port
                for status, milliseconds in hammer(pool, clients, target, questions_left, slice_s):
                    statuses[route][status] += 1
                    times[route].append(milliseconds)
    bare = float(np.percentile(times["/bare"], 99))
    well = True
    for route, found in times.items():
        p50, p99 = np.percentile(found, (50, 99))
        most = MOST_TIMES_BARE.get(route)
        errors = sum(count for status, count in statuses[route].items() if status not in {200, 404})
        well = well and not errors and (most is None or p99 / bare <= most)
        aim = f" (at most {most:g})" if most else ""
        print(
            f"{route:>15}: {len(found)} answers, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
            f"{p99 / bare:.1f} times bare{aim}, {errors} errors {dict(statuses[route])}"
        )
    return well


def hammer(
    pool: ThreadPoolExecutor, clients: int, port: int, paths: Iterator[str], seconds: float
) -> list[tuple[int, float]]:
    """Request ``paths`` in turn for ``seconds``; return the status and the milliseconds of each request."""
    until, lock = time.monotonic() + seconds, threading.Lock()

    def client(_: int) -> list[tuple[int, float]]:
        mine = []
        while time.monotonic() < until:
            with lock:
                path = next(paths, "")
            if not path:
                break
            mine.append(CLIENT.get(port, path))
        return mine

    return [one for part in pool.map(client, range(clients)) for one in part]


def uploads_at_once(bare_port: int, port: int, master: psutil.Process) -> bool:
    """Upload files at the same time, each as a new visitor; return whether the server coped.

    Print the statuses, the longest time of /healthz, and that of the bare route on the other server, which is idle.
    """
    statuses: Counter[str] = Counter()
    processes = 0
    row = "#EXTINF:200,Singer - Song {0}\nsong{0}.mp3\n"

    def send(number: int) -> str:
        body = (
            '--x\r\nContent-Disposition: form-data; name="file"; filename="list.m3u"\r\n\r\n#EXTM3U\n'
            + "".join(row.format(f"{number} {n}") for n in range(50))
            + "\r\n--x--\r\n"
        )
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("POST", "/api/uploads", body, {"Content-Type": "multipart/form-data; boundary=x"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return f"{answer.status}{' with Retry-After' if answer.getheader('Retry-After') else ''}"

    command = [sys.executable, "-c", HEALTH, str(port), str(bare_port)]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as asking,
        ThreadPoolExecutor(UPLOADS) as pool,
    ):
        assert asking.stdout is not None
        asking.stdout.readline()  # wait for "ready"
        sent = [pool.submit(send, number) for number in range(UPLOADS)]
        while not all(one.done() for one in sent):
            processes = max(processes, len(_jobs(master)))
            time.sleep(0.2)
        asking.terminate()
        statuses.update(one.result() for one in sent)
        worst, bare, answered = map(int, asking.stdout.read().split("\n")[-2].split())
    print(
        f"{UPLOADS} uploads at once: {dict(statuses)}; /healthz took {worst} ms at most "
        f"(at most {MOST_HEALTH_MS:g}), the bare route {bare} ms, {processes} processes did work"
    )
    expected = all(status.startswith("202") or status == "429 with Retry-After" for status in statuses)
    return expected and worst <= MOST_HEALTH_MS and bool(answered)


def _jobs(master: psutil.Process) -> list[psutil.Process]:
    """Return the processes that do the work of a server."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in master.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "work" in child.cmdline() and "--queue" in child.cmdline():
                    found.append(child)
    return found


def slow_connections(port: int, kind: str) -> bool:
    """Hold connections that send a byte a second; print how long another visitor waits for a page meanwhile.

    Return whether it was within the limit.
    """
    stop = threading.Event()
    slow = []
    for _ in range(SLOW):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.sendall(SLOW_HEADS[kind].encode())
        slow.append(connection)

    def trickle() -> None:
        while not stop.wait(1):
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.send(b"a" if SLOW_HEADS[kind] else b"")

    thread = threading.Thread(target=trickle)
    thread.start()
    time.sleep(2)
    CLIENT.connections.pop(port, None)  # the server has closed this idle connection
    begin = time.perf_counter()
    statuses = [CLIENT.get(port, path)[0] for path in ("/", "/api/status", "/api/playlists", "/api/search?q=love")]
    seconds = time.perf_counter() - begin
    stop.set()
    thread.join()
    for connection in slow:
        connection.close()
    print(f"{SLOW} slow connections ({kind}): a page took {seconds:.2f} s (at most {MOST_PAGE_SECONDS:g}), {statuses}")
    return seconds <= MOST_PAGE_SECONDS and set(statuses) == {HTTPStatus.OK}


def memory(master: psutil.Process, most: float = MOST_PSS_MB) -> bool:
    """Print the proportional set size of master and workers; return whether it is at most ``most`` megabytes."""
    web = [master, *(child for child in master.children() if "gunicorn" in " ".join(child.cmdline()))]
    sizes = [process.memory_full_info().pss / 1e6 for process in web]
    print(f"master and {len(web) - 1} workers: {sum(sizes):.0f} MB PSS (at most {most:g})")
    return sum(sizes) <= most


if __name__ == "__main__":
    main()
