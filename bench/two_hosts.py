"""Checks two hosts that share one database, each in its own network namespace: ``python -m bench.two_hosts``.

It needs root on Linux. A third namespace runs a server with MongoDB's protocol. Each host has its own disk and its own
gunicorn; they share the database and TASTEMAP_SECRET_KEY. A client uploads to the first host and asks the second with
the same cookie. Then the first host is cut off from the network and killed in the middle of another import, and is
started again. Exit code 1 if a check fails.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench._cost import Meter, finish
from config import ROOT

BRIDGE = "tastemapbr"
HOSTS = {"store": "10.213.7.1", "one": "10.213.7.2", "two": "10.213.7.3"}
ROWS = 1200


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextmanager
def network() -> Iterator[None]:
    """Make the namespaces and a bridge between them; this machine has the address 10.213.7.254 on the bridge."""
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", "10.213.7.254/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for name, address in HOSTS.items():
            ip("netns", "add", f"tm-{name}")
            ip("link", "add", f"tm-{name}", "type", "veth", "peer", "name", "eth0", "netns", f"tm-{name}")
            ip("link", "set", f"tm-{name}", "master", BRIDGE, "up")
            ip("-n", f"tm-{name}", "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", f"tm-{name}", "link", "set", "eth0", "up")
            ip("-n", f"tm-{name}", "link", "set", "lo", "up")
        yield
    finally:
        for name in HOSTS:
            subprocess.run(["ip", "netns", "del", f"tm-{name}"], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", BRIDGE], stderr=subprocess.DEVNULL)


def start(name: str, command: list[str], folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            ["ip", "netns", "exec", f"tm-{name}", *command],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def host(name: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start Tastemap on a host and wait until it is ready."""
    process = start(
        name,
        [sys.executable, "-m", "gunicorn"],
        folder,
        TASTEMAP_VAR=str(folder / name),
        TASTEMAP_BIND=f"{HOSTS[name]}:8000",
        TASTEMAP_SECRET_KEY="the same on both",
        MONGODB_URI=f"mongodb://{HOSTS['store']}:27017/tastemap?directConnection=true&w=majority&journal=true",
    )
    wait(lambda: ask(name, "/readyz"), 120)
    return process


def ask(name: str, path: str, cookie: str = "", data: bytes | None = None, kind: str = "") -> Any:
    headers = {"Cookie": cookie} | ({"Content-Type": kind} if kind else {})
    request = urllib.request.Request(f"http://{HOSTS[name]}:8000{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer) | {"cookie": (answer.headers.get("Set-Cookie") or "").partition(";")[0]}


def wait(look: Any, seconds: float) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            if found := look():
                return found
        time.sleep(0.2)
    raise SystemExit(f"no answer within {seconds:g} seconds")


def upload(name: str, list_name: str, cookie: str = "") -> tuple[str, str]:
    rows = "\n".join(f"{list_name} {number},Band {number}" for number in range(ROWS))
    head = f'Content-Disposition: form-data; name="file"; filename="{list_name}.csv"'
    body = f"--b\r\n{head}\r\n\r\ntitle,artist\n{rows}\r\n--b--\r\n".encode()
    answer = ask(name, "/api/uploads", cookie, body, "multipart/form-data; boundary=b")
    return answer["run"]["id"], answer["cookie"] or cookie


def done(name: str, run: str, cookie: str) -> Any:
    """Wait until host ``name`` reports the run as done or failed; return the run."""
    return wait(lambda: (found := ask(name, f"/api/runs/{run}", cookie))["state"] in {"done", "failed"} and found, 300)


def names(name: str, cookie: str) -> list[str]:
    return sorted(known["name"] for known in ask(name, "/api/playlists", cookie)["playlists"])


def killed(name: str) -> None:
    """Kill every process of a host at once, as a loss of power does."""
    found = subprocess.run(["ip", "netns", "pids", f"tm-{name}"], capture_output=True, text=True, check=True)
    for pid in map(int, found.stdout.split()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def try_out(folder: Path) -> list[tuple[str, bool]]:
    checks = []
    arguments = ["--host", HOSTS["store"], "--port", "27017", "--storage-path", str(folder / "store")]
    (folder / "none.toml").write_text("")
    config = ["--config", str(folder / "none.toml")]
    processes = [start("store", [sys.executable, "-m", "secantus", *config, *arguments], folder)]
    try:
        time.sleep(3)
        processes += [host(name, folder) for name in ("one", "two")]
        run, cookie = upload("one", "first")
        found = done("two", run, cookie)
        checks.append(("the second host follows the first one's import", found["state"] == "done"))
        checks.append(
            ("the same cookie shows the same playlists", names("one", cookie) == names("two", cookie) == ["first"])
        )
        checks.append(("no cookie shows none", names("two", "") == []))
        run, _ = upload("one", "second", cookie)
        ip("link", "set", "tm-one", "down")
        checks.append(("the second host goes on while the first is cut off", names("two", cookie)[0] == "first"))
        killed("one")
        ip("link", "set", "tm-one", "up")
        processes.append(host("one", folder))
        found = done("two", run, cookie)
        checks.append(("the first host comes back and ends its import", found["requested"] == ROWS))
        checks.append(("both show both", names("one", cookie) == names("two", cookie) == ["first", "second"]))
    finally:
        for name in HOSTS:
            killed(name)
        for process in processes:
            process.wait()
    return checks


def main() -> int:
    if os.geteuid() != 0:
        print("Left out: needs root for network namespaces.")
        return 0
    meter = Meter()
    with tempfile.TemporaryDirectory() as name, network():
        return finish(meter, "none", try_out(Path(name)))


if __name__ == "__main__":
    sys.exit(main())
