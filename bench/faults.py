"""Kills the database and the web server at random moments, and counts what is lost.

    python -m bench.faults [--writes 50] [--starts 25] [--masters 10] [--seed N]

- writes: the embedded database is killed repeatedly while a process writes documents. Every acknowledged document must
  be there in the end.
- starts: a first start is killed, both the starting process and the database. The next start must succeed.
- masters: gunicorn's master is killed while files are uploaded. After the next start, every upload answered with 202
  must be imported completely.

Prints the seed. Exit code 1 if anything is lost or does not open.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
ROWS = 400


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
def gunicorn(var: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    environment = os.environ | {"TASTEMAP_VAR": str(var), "TASTEMAP_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
    master = subprocess.Popen([sys.executable, "-m", "gunicorn", "--log-level", "critical"], cwd=ROOT, env=environment)
    try:
        wait_for(port)
        yield master, f"http://127.0.0.1:{port}"
    finally:
        master.terminate()
        master.wait()


def upload(address: str, name: str, cookie: str) -> tuple[str, str]:
    """Upload a playlist of ROWS tracks; return the id of its run and the session's cookie."""
    rows = "\n".join(f"{name} {number},Band {number}" for number in range(ROWS))
    head = f'Content-Disposition: form-data; name="file"; filename="{name}.csv"'
    body = f"--b\r\n{head}\r\n\r\ntitle,artist\n{rows}\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": cookie}
    request = urllib.request.Request(f"{address}/api/uploads", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        given = answer.headers.get("Set-Cookie")
        return json.load(answer)["run"]["id"], given.partition(";")[0] if given else cookie


def killed_masters(kills: int, chance: random.Random, folder: Path) -> tuple[int, int]:
    """Kill gunicorn's master ``kills`` times under uploads.

    Return how many uploads were acknowledged, and how many of them are not imported completely in the end.
    """
    var, runs, cookie = folder / "masters", list[str](), ""
    for number in range(kills):
        with gunicorn(var) as (master, address):
            until, at = time.monotonic() + chance.uniform(1, 10), 0
            killer = threading.Timer(until - time.monotonic(), master.kill)
            killer.start()
            while master.poll() is None:
                with suppress(OSError, urllib.error.URLError):
                    run, cookie = upload(address, f"list{number}x{at}", cookie)
                    runs.append(run)
                    at += 1
            killer.join()
    whole = 0
    with gunicorn(var) as (_, address):
        for run in runs:
            whole += _is_whole(address, run, cookie)
    return len(runs), len(runs) - whole


def _is_whole(address: str, run: str, cookie: str) -> bool:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        request = urllib.request.Request(f"{address}/api/runs/{run}", headers={"Cookie": cookie})
        with suppress(OSError), urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
            if found["state"] in {"done", "failed", "cancelled"}:
                return bool(found["state"] == "done" and found["requested"] == ROWS)
        time.sleep(0.3)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writes", type=int, default=50)
    parser.add_argument("--starts", type=int, default=25)
    parser.add_argument("--masters", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        written, lost = killed_writes(options.writes, chance, Path(name))
        print(f"database killed {options.writes} times under writes: {written} acknowledged, {lost} lost", flush=True)
        unusable = killed_starts(options.starts, chance, Path(name))
        print(f"killed in {options.starts} first starts: {unusable} do not open", flush=True)
        uploads, broken = killed_masters(options.masters, chance, Path(name))
        print(
            f"gunicorn's master killed {options.masters} times: {uploads} uploads acknowledged, {broken} lost",
            flush=True,
        )
    return int(bool(lost or unusable or broken))


if __name__ == "__main__":
    sys.exit(main())
