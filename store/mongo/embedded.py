"""The embedded database: SecantusDB, a MongoDB-wire server, run as a program of its own on loopback.

Under ``<var>/db`` lie the data (in a folder that names the version, because the storage format changes between
releases), ``server.json`` (the port), ``server.pid`` (written by the server's own process before it becomes
the server, so that no kill can leave one unrecorded) and two locks. ``start.lock`` is held while a server is
started or stopped. ``users.lock`` is held, shared, by every process that uses the server: the last to leave
stops it, and because the operating system releases the locks of killed processes nobody has to count.
"""

import atexit
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from importlib import metadata
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from store.errors import TastemapError
from store.locks import locked, take
from store.mongo.indexes import ensure_indexes

log = logging.getLogger(__name__)

VERSION = "0.7.0b3"
FOLDER = f"secantusdb-{VERSION}"
DATABASE = "tastemap"
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
_FLAGS = ("--cache-size", "256M", "--oplog-max-entries", "10000", "--oplog-retention-seconds", "600")
_PORT_TRIES = 3
# A server may outlive the interest of the process that started it; forgetting its Popen would be a warning.
_started: list[subprocess.Popen[bytes]] = []
_PF_EXITING = 0x4  # in the flags of /proc/<pid>/stat, see proc(5)


class EmbeddedError(TastemapError):
    """The embedded database cannot be used."""

    code = "store_down"


class EmbeddedServer:
    """The server over the data in ``<var>/db``, shared by every process on this machine that asks for it."""

    def __init__(self, var: Path) -> None:
        self.base = var.resolve() / "db"
        self.folder = self.base / FOLDER
        self._users: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = os.getpid()
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    @property
    def uri(self) -> str:
        """The address under which the server answers, or answered last.

        Raises
        ------
        EmbeddedError
            It was never started.
        """
        port = _read_port(self.base / "server.json")
        if port is None:
            raise EmbeddedError("The embedded database has not been started.", "Start the application: make run")
        return _uri(port)

    def start(self) -> str:
        """Start the server or join the one that runs, and return its URI. May be called again if it has died.

        It stops when the last process that started or joined it has called :meth:`stop` or ended; it starts
        on the same port as before where that is free, so that open connections find it again.

        Raises
        ------
        EmbeddedError
            It does not start or does not answer.
        """
        _check_installed()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise EmbeddedError(
                f"The database folder {self.folder} cannot be made: {fault.strerror}.",
                "Point TASTEMAP_VAR at a folder that can be written, or set MONGODB_URI.",
            ) from fault
        with locked(self.base / "start.lock"):
            uri = _uri(self._join() or self._launch())
            _build_indexes(uri)
            if self._users is None:
                self._users, self._pid = take(self.base / "users.lock", shared=True), os.getpid()
                atexit.register(self.stop)
        return uri

    def is_running(self, uri: str) -> bool:
        """Return whether the server of ``uri`` still runs, busy or not; :meth:`start` would wait for it."""
        pid = _read_pid(self.base / "server.pid")
        return pid is not None and _runs_server(pid) and self.uri == uri

    def stop(self) -> None:
        """Leave the server; the last to leave stops it. Does nothing in a forked child and when called twice."""
        if self._users is None or self._pid != os.getpid():
            return
        with locked(self.base / "start.lock"):
            os.close(self._users)
            self._users = None
            atexit.unregister(self.stop)
            alone = take(self.base / "users.lock", wait=False)
            if alone is None:
                return
            os.close(alone)
            self._terminate()

    def _forget(self) -> None:
        # A gunicorn worker must not keep the lock that its master answers for.
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _join(self) -> int | None:
        """Return the port of the server that runs on this folder, waiting for one that is still starting."""
        pid, port = _read_pid(self.base / "server.pid"), _read_port(self.base / "server.json")
        if pid is None or port is None:
            return None
        until = time.monotonic() + START_SECONDS
        while _runs_server(pid):
            if _answering_pid(port) == pid:
                return port
            if time.monotonic() > until:
                raise EmbeddedError(
                    f"The embedded database (process {pid}) runs but does not answer.",
                    f"End it with: kill -9 {pid}  (written data is safe), then start again.",
                )
            time.sleep(0.1)
        (self.base / "server.pid").unlink(missing_ok=True)
        return None

    def _launch(self) -> int:
        for other in sorted(self.base.glob("secantusdb-*")):
            if other != self.folder:
                log.warning("%s holds data of another database version and is not read. %s", other, _MOVE_HINT)
        for _ in range(_PORT_TRIES):
            port = _free_port(_read_port(self.base / "server.json"))
            _write(self.base / "server.json", json.dumps({"port": port}))
            process = self._spawn(port)
            if self._wait_for(process, port):
                return port
            if "address already in use" not in self._log_tail().lower():
                break
        raise self._start_fault()

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        if self._process is not None:
            self._process.wait()  # one that has died before
        # An explicit, empty configuration keeps the server from reading one of the user's or the system's.
        _write(self.base / "secantusd.toml", "")
        arguments = ["--config", str(self.base / "secantusd.toml"), "--host", HOST, "--port", str(port)]
        arguments += ["--storage-path", str(self.folder), "--log-level", "WARNING", *_FLAGS]
        record = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.base / "server.pid")]
        with (self.base / "server.log").open("wb") as output:
            self._process = subprocess.Popen(
                [*record, sys.executable, "-m", "secantus", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C reaches us; we stop the server last
            )
        _started[:] = [process for process in _started if process.poll() is None] + [self._process]
        return self._process

    def _wait_for(self, process: subprocess.Popen[bytes], port: int) -> bool:
        until = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if _answering_pid(port) == process.pid:
                return True
            time.sleep(0.05)
        if process.poll() is None:
            process.kill()
            process.wait()
        (self.base / "server.pid").unlink(missing_ok=True)
        return False

    def _start_fault(self) -> EmbeddedError:
        tail = self._log_tail()
        if "no in-place upgrade" in tail.lower():
            return EmbeddedError(
                f"The data in {self.folder} were written by another version of the database.", _MOVE_HINT
            )
        if "busy" in tail.lower():
            return EmbeddedError(
                f"Another program has the database in {self.folder} open.",
                "End it (ps -ef | grep secantus), or point TASTEMAP_VAR at another folder.",
            )
        return EmbeddedError(
            f"The embedded database did not start: {tail.strip().splitlines()[-1] if tail.strip() else 'no output'}",
            f"{self.base / 'server.log'} says more. Moving {self.folder} away starts an empty one; "
            "or set MONGODB_URI to a MongoDB server.",
        )

    def _log_tail(self) -> str:
        return (self.base / "server.log").read_bytes()[-4000:].decode(errors="replace")

    def _terminate(self) -> None:
        pid = _read_pid(self.base / "server.pid")
        if pid is not None and _runs_server(pid):
            os.kill(pid, signal.SIGTERM)
            if not _wait_for_end(pid, STOP_SECONDS):
                log.warning("the embedded database did not stop within %.0f s; ending it", STOP_SECONDS)
                os.kill(pid, signal.SIGKILL)
                _wait_for_end(pid, STOP_SECONDS)
        if self._process is not None and self._process.pid == pid:
            self._process.wait()
        (self.base / "server.pid").unlink(missing_ok=True)


_MOVE_HINT = (
    "Import your files again (python -m etl import ...), or move the folder to an installation of the version "
    "that wrote it. Moving it away silences this."
)


def _check_installed() -> None:
    try:
        installed = metadata.version("secantusdb")
    except metadata.PackageNotFoundError as fault:
        raise EmbeddedError(
            "The embedded database (secantusdb) is not installed; it has no build for some platforms.",
            "Run make, or set MONGODB_URI to a MongoDB server.",
        ) from fault
    if installed != VERSION:
        raise EmbeddedError(
            f"secantusdb {installed} is installed, but this application stores in the format of {VERSION}.",
            "Install the locked packages again: make run does.",
        )


def _uri(port: int) -> str:
    # w=majority alone loses the last 50 ms of acknowledged writes when the server is killed.
    return f"mongodb://{HOST}:{port}/{DATABASE}?directConnection=true&w=majority&journal=true"


def _build_indexes(uri: str) -> None:
    try:
        with MongoClient[dict](uri, serverSelectionTimeoutMS=5000) as client:
            outcome = ensure_indexes(client[DATABASE])
    except PyMongoError as fault:
        raise EmbeddedError(f"The embedded database failed while preparing: {fault}", "Start again.") from fault
    if outcome == "rebuilt":
        log.warning("the indexes were half-built when the database was last killed; they have been built anew")


def _answering_pid(port: int) -> int | None:
    """Return the process id of the server on ``port``, to distinguish ours from a stranger on the same port."""
    try:
        with MongoClient[dict](
            HOST, port, directConnection=True, serverSelectionTimeoutMS=300, socketTimeoutMS=5000
        ) as client:
            return client.admin.command("serverStatus").get("pid")
    except PyMongoError:
        return None


def _free_port(preferred: int | None) -> int:
    """Return the ``preferred`` one, so that clients find a restarted server, or any free port if it is taken."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("No port is free on this machine.", "Close some programs, or set MONGODB_URI.")


def _wait_for_end(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _runs_server(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not _runs_server(pid)


def _runs_server(pid: int) -> bool:
    """Say whether ``pid`` is a SecantusDB server that has not ended: no zombie, and no reused number."""
    if not Path("/proc/self").exists():
        shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return "secantus" in shown.stdout
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # One that is just dying has no command any more, but keeps its port and its files until its last thread ends.
    ended = status[0] in "ZX" and int(status[17]) <= 1
    return not ended and (b"secantus" in command or bool(int(status[6]) & _PF_EXITING))


def _read_port(path: Path) -> int | None:
    try:
        port = json.loads(path.read_text())["port"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return port if isinstance(port, int) else None


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)
