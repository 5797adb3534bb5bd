"""The embedded database: SecantusDB, a server with MongoDB's protocol, run as a separate program on loopback.

The folder ``<var>/db``, which only its owner may enter, holds:

- the data, in a folder named after the version, because the storage format changes between releases;
- ``server.json``: the port;
- ``identity.pem``: the key that a connection needs;
- ``server.pid``: the process id, written by the server's process before it becomes the server, so that a kill cannot
  leave an unrecorded server;
- ``start.lock``: held while a server is started or stopped;
- ``users.lock``: a shared lock of every process that uses the server. The last process to leave stops the server.
  The operating system releases the locks of killed processes.

A file in the data folder records the first successful start. Data that cannot be opened and lack this file are empty,
because their first start was killed. They are set aside and replaced.
"""

import atexit
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import weakref
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from store.disk import replace_text
from store.errors import TastemapError
from store.locks import locked, take
from store.mongo.identity import ensure_identity
from store.mongo.indexes import ensure_indexes
from store.snapshots import newest_snapshot

log = logging.getLogger(__name__)

VERSION = "0.7.0b3"
FOLDER = f"secantusdb-{VERSION}"
DATABASE = "tastemap"
HOST = "127.0.0.1"
START_SECONDS = 60.0
# Then it is killed, which loses no acknowledged write; an end in order takes about 2 s.
STOP_SECONDS = 4.0
# How long a killed process may take to disappear.
KILL_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_FLAGS = ("--cache-size", "256M", "--oplog-max-entries", "10000", "--oplog-retention-seconds", "600")
# The error code of a server that no longer works; MongoDB calls it InternalError.
INTERNAL_ERROR = 1
_PORT_TRIES = 3
# The room that a start needs: it writes a log file of 10 MB, and replays the last one.
_START_BYTES = 32 * 1024 * 1024
_STARTED_FILE = "tastemap-started"
_EMPTY_TABLE_BYTES = 4096
# A server that these signals ended says nothing about the state of its data.
_ENDED_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT})
# Kept, because Python warns when the Popen of a running process is deleted.
_started: list[subprocess.Popen[bytes]] = []
_PF_EXITING = 0x4  # a bit in the flags of /proc/<pid>/stat, see proc(5)


class EmbeddedError(TastemapError):
    """The embedded database cannot be used."""

    code = "store_down"


class DamagedData(EmbeddedError):  # noqa: N818 - a state
    """The data of the embedded database cannot be opened."""


class EmbeddedServer:
    """The server of the data in ``<var>/db``; all processes of this machine that use the data share it."""

    def __init__(self, var: Path, version: str = "") -> None:
        self._version = version or VERSION
        self.var = var.resolve()
        self.base = self.var / "db"
        self.folder = self.base / f"secantusdb-{self._version}"
        self._users: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = os.getpid()
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    @property
    def uri(self) -> str:
        """The current or last address of the server; raises EmbeddedError if it was never started."""
        port = _read_port(self.base / "server.json")
        if port is None:
            raise EmbeddedError(
                "The embedded database has not been started.", "Start the application. On the server: make run"
            )
        return self._uri(port)

    def _uri(self, port: int) -> str:
        # Without journal=true, a kill of the server loses the last 50 ms of acknowledged writes.
        written = "directConnection=true&w=majority&journal=true"
        identity = quote(str(self.base / "identity.pem"), safe="")
        tls = f"tls=true&tlsCAFile={identity}&tlsCertificateKeyFile={identity}"
        return f"mongodb://{HOST}:{port}/{DATABASE}?{written}&{tls}"

    def start(self) -> str:
        """Start the server, or join the one that runs, and return its URI. Call it again if the server has died.

        The server stops when the last process that started or joined it has called :meth:`stop` or ended. It starts on
        its last port if that is free, so that open connections find it again.

        Raises EmbeddedError if it does not start or does not answer; :class:`DamagedData` if its data are the cause.
        """
        _check_installed(self._version)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.base.chmod(0o700)  # other accounts of this machine must not read it
            return self._start()
        except OSError as fault:
            raise self._unwritable(fault.strerror) from fault

    def _start(self) -> str:
        with locked(self.base / "start.lock"):
            port = self._join()
            if port is None:
                ensure_identity(self.base / "identity.pem", HOST)
                port = self._launch()
            uri = self._uri(port)
            _build_indexes(uri)
            self._mark_started()
            self.hold()
        return uri

    def hold(self) -> None:
        """Count this process, which may be forked from a user of the server, as a user until it calls :meth:`stop`."""
        if self._users is None:
            self._users, self._pid = take(self.base / "users.lock", shared=True), os.getpid()
            atexit.register(self.stop)

    def is_running(self, uri: str) -> bool:
        """Return whether the server at ``uri`` still runs; this does not wait for a busy server."""
        pid = _read_pid(self.base / "server.pid")
        return pid is not None and _runs_server(pid) and self.uri == uri

    def _mark_started(self) -> None:
        """Record that the data may hold documents from now on."""
        marker = self.folder / _STARTED_FILE
        if not marker.exists():
            with marker.open("w") as file:
                os.fsync(file.fileno())

    def is_in_use(self) -> bool:
        """Return whether any process, including this one, has started or joined the server and not left it."""
        self.base.mkdir(parents=True, exist_ok=True)
        alone = take(self.base / "users.lock", wait=False)
        if alone is not None:
            os.close(alone)
        return alone is None

    def set_aside(self) -> Path:
        """Move the data to another folder, which nothing reads, and return it; the next start begins without data."""
        with locked(self.base / "start.lock"):
            return self._set_aside("damaged")

    def _set_aside(self, name: str) -> Path:
        target = self.base / f"{name}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        self.folder.rename(target)
        self.folder.mkdir()
        return target

    def stop(self) -> None:
        """Leave the server, and stop it if no process uses it any more. Does nothing in a forked child.

        This takes at most STOP_SECONDS and KILL_SECONDS.
        """
        if self._users is None or self._pid != os.getpid():
            return
        until = time.monotonic() + STOP_SECONDS
        os.close(self._users)
        self._users = None
        atexit.unregister(self.stop)
        while (lock := take(self.base / "start.lock", wait=False)) is None:
            if time.monotonic() > until:
                return  # its holder starts the server for itself, and so will stop it
            time.sleep(_LOOK_SECONDS)
        try:
            if not self.is_in_use():
                self._terminate(until)
        finally:
            os.close(lock)

    def _forget(self) -> None:
        # A forked gunicorn worker must not hold the lock of its master.
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _join(self) -> int | None:
        """Return the port of a server that runs on this folder, and wait for it if it is starting; None without one."""
        pid, port = _read_pid(self.base / "server.pid"), _read_port(self.base / "server.json")
        if pid is None or port is None:
            return None
        until = time.monotonic() + START_SECONDS
        while _runs_server(pid):
            if _answering_pid(self._uri(port)) == pid:
                if _can_read(self._uri(port)):
                    return port
                log.warning("the embedded database has stopped working; starting it again")
                self._terminate(time.monotonic() + STOP_SECONDS)
                return None
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
            replace_text(self.base / "server.json", json.dumps({"port": port}))
            process = self._spawn(port)
            if self._wait_for(process, port):
                return port
            if self._never_held_anything(process.returncode):
                for older in self.base.glob("unstarted-*"):
                    shutil.rmtree(older)
                aside = self._set_aside("unstarted")
                log.warning("the first start was interrupted and left unusable files; they are in %s now", aside)
            elif "address already in use" not in self._log_tail().lower():
                break
        raise self._start_fault(process.returncode)

    def _never_held_anything(self, returncode: int) -> bool:
        """Return whether the data cannot be opened and no client has ever written to them."""
        tables = self.folder.glob("secantus_documents*.wt")
        return (
            self._is_damaged(returncode)
            and any(self.folder.iterdir())
            and not (self.folder / _STARTED_FILE).exists()
            and all(table.stat().st_size <= _EMPTY_TABLE_BYTES for table in tables)
        )

    def _is_damaged(self, returncode: int) -> bool:
        """Return whether the server, which ended with ``returncode``, ended because of its data."""
        other_causes = ("address already in use", "no in-place upgrade", "busy", "permission denied")
        tail = self._log_tail().lower()
        if self.lacks_room():
            return False
        return returncode not in _ENDED_FROM_OUTSIDE and not any(cause in tail for cause in other_causes)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        if self._process is not None:
            self._process.wait()  # an earlier server that has died
        # With an explicit, empty configuration the server does not read the user's or the system's.
        replace_text(self.base / "secantusd.toml", "")
        arguments = ["--config", str(self.base / "secantusd.toml"), "--host", HOST, "--port", str(port)]
        identity = str(self.base / "identity.pem")
        arguments += ["--tls-cert-file", identity, "--tls-key-file", identity, "--tls-ca-file", identity]
        arguments += ["--tls-require-client-cert"]
        arguments += ["--storage-path", str(self.folder), "--log-level", "WARNING", *_FLAGS]
        record = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.base / "server.pid")]
        with (self.base / "server.log").open("wb") as output:
            self._process = subprocess.Popen(
                [*record, sys.executable, "-m", "secantus", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,  # so that Ctrl-C reaches only us, and we stop the server last
            )
        _started[:] = [process for process in _started if process.poll() is None] + [self._process]
        return self._process

    def _wait_for(self, process: subprocess.Popen[bytes], port: int) -> bool:
        until = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if _answering_pid(self._uri(port)) == process.pid:
                return True
            time.sleep(0.05)
        if process.poll() is None:
            process.kill()
            process.wait()
        (self.base / "server.pid").unlink(missing_ok=True)
        return False

    def lacks_room(self) -> bool:
        """Return whether the disk is too full for a start."""
        # Its log may lack this error, because it is on the same disk.
        return self.base.exists() and shutil.disk_usage(self.base).free < _START_BYTES

    def _start_fault(self, returncode: int) -> EmbeddedError:
        tail = self._log_tail()
        if self.lacks_room():
            return EmbeddedError("The disk is full: the embedded database cannot start.", "Make room on it.")
        if "permission denied" in tail.lower():
            return self._unwritable("Permission denied")
        if "no in-place upgrade" in tail.lower():
            return EmbeddedError(
                f"The data in {self.folder} were written by another version of the database.", _MOVE_HINT
            )
        if "busy" in tail.lower():
            return EmbeddedError(
                f"Another program has the database in {self.folder} open.",
                "End it (ps -ef | grep secantus), or point TASTEMAP_VAR at another folder.",
            )
        last = tail.strip().splitlines()[-1] if tail.strip() else "no output"
        if self._is_damaged(returncode):
            return DamagedData(f"The data of the embedded database cannot be opened: {last}", self._restore_hint())
        return EmbeddedError(
            f"The embedded database did not start: {last}",
            f"{self.base / 'server.log'} says more. Start again, or set MONGODB_URI to a MongoDB server.",
        )

    def _unwritable(self, why: str | None) -> EmbeddedError:
        return EmbeddedError(
            f"The database folder {self.folder} cannot be made or written: {why}.",
            "Make room on its disk, point TASTEMAP_VAR at a folder that can be written, or set MONGODB_URI.",
        )

    def _restore_hint(self) -> str:
        snapshot = newest_snapshot(self.var)
        if snapshot:
            return (
                f"The newest snapshot is of {snapshot.written_at:%Y-%m-%d %H:%M} UTC. Go back to it with: "
                f"python -m etl restore --newest --replace. The data in {self.folder} are then set aside."
            )
        return (
            f"There is no snapshot. Moving {self.folder} away starts an empty database; then restore a backup "
            "(python -m etl restore FILE) or import your files again. Or set MONGODB_URI to a MongoDB server."
        )

    def _log_tail(self) -> str:
        return (self.base / "server.log").read_bytes()[-4000:].decode(errors="replace")

    def _terminate(self, until: float) -> None:
        """Stop the server, at the time ``until`` by a kill."""
        pid = _read_pid(self.base / "server.pid")
        if pid is not None and _runs_server(pid):
            os.kill(pid, signal.SIGTERM)
            if not _wait_for_end(pid, until):
                log.warning("the embedded database did not stop in time; ending it")
                os.kill(pid, signal.SIGKILL)
                _wait_for_end(pid, time.monotonic() + KILL_SECONDS)
        if self._process is not None and self._process.pid == pid:
            self._process.poll()  # or it would stay as a zombie
        (self.base / "server.pid").unlink(missing_ok=True)


_MOVE_HINT = (
    "A snapshot brings them back (python -m etl restore --newest; --list shows what there is). Or import your files "
    "again, or move the folder to an installation of the version that wrote it. Moving it away silences this."
)


def _check_installed(version: str) -> None:
    try:
        installed = metadata.version("secantusdb")
    except metadata.PackageNotFoundError as fault:
        raise EmbeddedError(
            "The embedded database (secantusdb) is not installed; it has no build for some platforms.",
            "Run make, or set MONGODB_URI to a MongoDB server.",
        ) from fault
    if installed != version:
        raise EmbeddedError(
            f"secantusdb {installed} is installed, but this application stores in the format of {version}.",
            "Install the locked packages again. On the server: make run",
        )


def _build_indexes(uri: str) -> None:
    try:
        with MongoClient[dict](uri, serverSelectionTimeoutMS=5000) as client:
            outcome = ensure_indexes(client[DATABASE])
    except PyMongoError as fault:
        raise EmbeddedError(f"The embedded database failed while preparing: {fault}", "Start again.") from fault
    if outcome == "rebuilt":
        log.warning("the database was killed while it built indexes; they have been built again")


def _answering_pid(uri: str) -> int | None:
    """Return the process id of the server at ``uri``, to distinguish our server from another one on the same port."""
    try:
        with MongoClient[dict](uri, serverSelectionTimeoutMS=300, socketTimeoutMS=5000) as client:
            return client.admin.command("serverStatus").get("pid")
    except PyMongoError:
        return None


def _can_read(uri: str) -> bool:
    """Return whether the server at ``uri`` can read its data: after a write to a full disk it no longer works."""
    try:
        with MongoClient[dict](uri, serverSelectionTimeoutMS=5000, socketTimeoutMS=30_000) as client:
            client[DATABASE]["_schema"].find_one()
    except OperationFailure as fault:
        return fault.code != INTERNAL_ERROR
    except PyMongoError:
        return True  # perhaps it is slow; its users will see an error
    return True


def _free_port(preferred: int | None) -> int:
    """Return the ``preferred`` port, so that clients find a restarted server, or any free port if it is taken."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("No port is free on this machine.", "Close some programs, or set MONGODB_URI.")


def _wait_for_end(pid: int, until: float) -> bool:
    while _runs_server(pid) and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    return not _runs_server(pid)


def _runs_server(pid: int) -> bool:
    """Return whether ``pid`` is a running SecantusDB server: neither a zombie nor another program with this id."""
    if not Path("/proc/self").exists():
        shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return "secantus" in shown.stdout
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # A dying process has no command any more, but keeps its port and its files until its last thread ends.
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
