"""Kills the database and the web server at random moments, and counts what is lost.

    python -m bench.faults [--writes 50] [--starts 25] [--masters 10] [--stops 5] [--seed N]

Without a number, each of these; with numbers, only what they are given for:

- writes: the embedded database is killed repeatedly while a process writes documents. Every acknowledged document must
  be there in the end.
- starts: a first start is killed, both the starting process and the database. The next start must succeed.
- masters, stops: gunicorn's master is killed, or stopped by SIGTERM, while files are uploaded, and started again on the
  same port. Its processes must have ended within 10 s. In the end every upload answered with 202 must be imported
  completely and once, and no process may be left.

Prints the seed. Exit code 1 if anything is lost, does not open, or takes too long.
"""

import argparse
import http.client
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from bench.serving import free_port, wait_for
from config import ROOT
from store.database import open_database
from store.errors import TastemapError

WRITER = """
import sys
from pathlib import Path
from store.database import open_database
from store.errors import StoreError
database = open_database(Path(sys.argv[1]))
number = 0
while True:
    try:
        database.put_document("faults", {"_id": str(number), "text": "x" * 200})
    except StoreError:
        continue
    print(number, flush=True)
    number += 1
"""
STARTER = (
    "import sys; from pathlib import Path; from store.database import open_database; open_database(Path(sys.argv[1]))"
)
ROWS, CLIENTS, STOP_SECONDS = 400, 3, 10.0
# No end is waited for longer, and each visitor uploads so many files at most before the next one.
LONGEST_SECONDS, UPLOADS = 30.0, 10
DEFAULTS = {"writes": 50, "starts": 25, "masters": 10, "stops": 5}
_ENDED = {"done", "failed", "cancelled"}


def kill_server(var: Path) -> bool:
    """Kill the embedded database server of ``var``; return False if it is not running."""
    try:
        os.kill(int((var / "db" / "server.pid").read_text()), signal.SIGKILL)
    except (OSError, ValueError):
        return False
    return True


def killed_writes(kills: int, chance: random.Random, folder: Path) -> tuple[int, int]:
    """Kill the database ``kills`` times under writes; return how many documents were acknowledged and how many lost."""
    var = folder / "writes"
    acknowledged: list[int] = []
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(var)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        lines = writer.stdout

        def read() -> None:
            acknowledged.extend(int(line) for line in lines if line.strip().isdecimal())

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(kills):
            before = len(acknowledged)
            while len(acknowledged) < before + chance.randint(1, 200):
                time.sleep(0.01)
            kill_server(var)
        time.sleep(1)
        writer.kill()
        reader.join()
    kill_server(var)
    database = open_database(var)
    names = database.names_where("faults", {})
    database.close()
    return len(acknowledged), len({str(number) for number in acknowledged} - set(names))


def killed_starts(kills: int, chance: random.Random, folder: Path) -> int:
    """Kill ``kills`` first starts; return how many of their folders do not open afterwards."""
    lost = 0
    for number in range(kills):
        var = folder / f"start{number}"
        starter = subprocess.Popen([sys.executable, "-c", STARTER, str(var)], cwd=ROOT, start_new_session=True)
        time.sleep(chance.uniform(0.2, 2.5))
        starter.kill()
        kill_server(var)
        starter.wait()
        try:
            database = open_database(var)
            database.put_document("faults", {"_id": "after"})
            lost += database.get_document("faults", "after") is None
            database.close()
        except TastemapError as fault:
            print(f"  {fault}")
            lost += 1
    return lost


@contextmanager
def gunicorn(var: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    environment = os.environ | {"TASTEMAP_VAR": str(var), "TASTEMAP_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
    master = subprocess.Popen([sys.executable, "-m", "gunicorn", "--log-level", "critical"], cwd=ROOT, env=environment)
    try:
        wait_for(port)
        yield master, f"http://127.0.0.1:{port}"
    finally:
        master.terminate()
        try:
            master.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            master.kill()
            master.wait()


class Visitor:
    """Uploads playlists of ROWS tracks, one after another, and notes those that were acknowledged."""

    def __init__(self, number: int) -> None:
        self.number, self.cookie = number, ""
        self.runs: dict[str, str] = {}  # by the name of the playlist
        self._tried = 0

    def upload(self, address: str) -> None:
        name = f"list{self.number}x{self._tried}"
        self._tried += 1
        rows = "\n".join(f"{name} {row},Band {row}" for row in range(ROWS))
        head = f'Content-Disposition: form-data; name="file"; filename="{name}.csv"'
        body = f"--b\r\n{head}\r\n\r\ntitle,artist\n{rows}\r\n--b--\r\n"
        self.runs[name] = self.ask(address, "/api/uploads", body.encode())["run"]["id"]

    def ask(self, address: str, path: str, body: bytes | None = None) -> Any:
        headers = {"Cookie": self.cookie} | ({"Content-Type": "multipart/form-data; boundary=b"} if body else {})
        request = urllib.request.Request(f"{address}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.cookie = (answer.headers.get("Set-Cookie") or self.cookie).partition(";")[0]
            return json.load(answer)


def ended_masters(
    signals: Sequence[signal.Signals], chance: random.Random, folder: Path
) -> list[tuple[str, int | float, int | float]]:
    """End gunicorn's master under uploads with each of ``signals``; return lines: what, how much, and at most."""
    var, port, visitors = folder / "masters", free_port(), [Visitor(number) for number in range(CLIENTS)]
    slowest, missing, twice, count = 0.0, 0, 0, 0

    def upload(visitor: Visitor, until: int) -> None:
        while master.poll() is None and len(visitor.runs) < until:
            with suppress(OSError, http.client.HTTPException):
                visitor.upload(address)

    for number in signals:
        with gunicorn(var, port) as (master, address), ThreadPoolExecutor(CLIENTS) as pool:
            uploading = [pool.submit(upload, visitor, len(visitor.runs) + UPLOADS) for visitor in visitors]
            time.sleep(chance.uniform(0.1, 2))
            began = time.monotonic()
            master.send_signal(number)
            _await(lambda: master.poll() is not None, LONGEST_SECONDS)
            ended = time.monotonic()
            seconds = _await(lambda: not _processes(var, "gunicorn"), LONGEST_SECONDS) - began
            print(
                f"  {number.name}: the master ended in {ended - began:.1f} s, the last worker in {seconds:.1f} s",
                flush=True,
            )
            slowest = max(slowest, seconds)
            for one in uploading:
                one.result()
    with gunicorn(var, port) as (master, address):
        for visitor in visitors:
            for run in visitor.runs.values():
                _await(lambda visitor=visitor, run=run: visitor.ask(address, f"/api/runs/{run}")["state"] in _ENDED)
            found = Counter(
                known["name"]
                for known in visitor.ask(address, "/api/playlists")["playlists"]
                if known["item_count"] == ROWS
            )
            count += len(visitor.runs)
            missing += sum(name not in found for name in visitor.runs)
            twice += sum(times > 1 for times in found.values())
    _await(lambda: not _processes(var), 60)
    left = len(_processes(var))
    return [
        ("uploads lost", missing, 0),
        ("playlists twice", twice, 0),
        ("processes left", left, 0),
        ("s until master and workers had ended at most", slowest, STOP_SECONDS),
        ("uploads acknowledged", count, math.inf),
    ]


def _processes(var: Path, word: str = "") -> list[psutil.Process]:
    """Return the running processes whose data are in ``var`` and whose command has ``word``."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if word in command and (str(var) in command or process.environ().get("TASTEMAP_VAR") == str(var)):
                found.append(process)
    return found


def _await(look: Callable[[], bool], seconds: float = 1200) -> float:
    """Wait until ``look`` returns true, or so long; return the time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            if look():
                break
        time.sleep(0.2)
    return time.monotonic()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for what in DEFAULTS:
        parser.add_argument(f"--{what}", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    given = {what: number for what in DEFAULTS if (number := getattr(options, what)) is not None} or DEFAULTS
    print(f"seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    writes, starts, masters, stops = (given.get(what, 0) for what in DEFAULTS)
    faults: float = 0
    with tempfile.TemporaryDirectory() as name:
        if writes:
            written, lost = killed_writes(writes, chance, Path(name))
            print(f"database killed {writes} times under writes: {written} acknowledged, {lost} lost", flush=True)
            faults += lost
        if starts:
            unusable = killed_starts(starts, chance, Path(name))
            print(f"killed in {starts} first starts: {unusable} do not open", flush=True)
            faults += unusable
        signals = [signal.SIGKILL] * masters + [signal.SIGTERM] * stops
        chance.shuffle(signals)
        if signals:
            print(f"gunicorn's master killed {masters} times and stopped {stops} times under uploads:", flush=True)
            for what, how_much, most in ended_masters(signals, chance, Path(name)):
                print(f"  {how_much:.3g} {what}", flush=True)
                faults += how_much > most
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
