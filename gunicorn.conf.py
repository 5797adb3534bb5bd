"""gunicorn's settings; gunicorn finds this file by its name.

Without MONGODB_URI the master starts the embedded database before the workers and stops it after them. A separate
process finishes the imports that the last stop interrupted, and rebuilds a catalogue that is lost or outdated.
"""

import ctypes
import logging
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# Each request has a thread already; products of small matrices that also spread over all cores would wait for each
# other. OpenBLAS reads this once, when NumPy is loaded. Training has a process of its own and uses all cores.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy  # noqa: F401

del os.environ["OPENBLAS_NUM_THREADS"]

from config import WEB_THREADS, Config, ConfigError
from jobs.behind import catalogue_is_behind
from jobs.queue import WorkQueue, queues_of, spawn_worker, watch_waiting
from server.logs import json_logging
from store.catalogue.damage import damage, find_damage, is_suspect
from store.database import Database, open_database
from store.errors import TastemapError
from store.runs import now
from store.snapshots import is_snapshot_due

# The numbers of mallopt's settings (malloc.h). Only glibc has this function.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
with suppress(AttributeError):
    # By default each thread has its own heap, which costs a web process a fifth of its memory, and the heap keeps the
    # memory of large arrays that are no longer used.
    for setting, value in ((_M_ARENA_MAX, 2), (_M_MMAP_THRESHOLD, 1 << 20), (_M_TRIM_THRESHOLD, 4 << 20)):
        ctypes.CDLL(None).mallopt(setting, value)

wsgi_app = "app:create_app()"
bind = os.environ.get("TASTEMAP_BIND") or f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "server.worker.BufferedWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = WEB_THREADS
timeout = 60
# At a stop, a web process ends within this many seconds: requests that are being answered get all but the last one.
# Then the embedded database has its STOP_SECONDS; Docker kills after 10 s.
graceful_timeout = 4
# gunicorn would put the socket into the home directory, one for all servers of this user.
control_socket_disable = True

if os.environ.get("TASTEMAP_LOG", "").strip().lower() == "json":
    logconfig_dict = json_logging()

_MAX_OPEN_FILES = 4096
# How often the published files of the catalogue are compared with their checksums, after the comparison at the start.
_VERIFY_SECONDS = 6 * 3600

_THREADS_END_SECONDS = 5.0

_SHARED_MEMORY, _METRICS = Path("/dev/shm"), "tastemap-metrics-"  # noqa: S108 - mkdtemp makes a folder of our own in it

_database: Database | None = None


def on_starting(server):
    global _database
    try:
        config = Config.from_env()
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(_open_database, config)
            # Imported before the fork, so that the web processes share the memory of the code.
            _make_metrics_folder(config.var / "tmp")
            import app  # noqa: F401

            _database = opening.result()
    except (ConfigError, TastemapError) as error:
        sys.exit(f"Tastemap cannot start: {error}")


def _open_database(config):
    database = open_database(config.var, config.mongodb_uri, installation_id=config.installation_id)
    database.disconnect()  # a fork must find no threads
    return database


def _make_metrics_folder(folder):
    """Make the folder in which each process counts its requests; the process that answers /metrics adds them up.

    The counts are files mapped into memory. On a full disk, the first request would end the process with SIGBUS; so
    the files are kept in shared memory where the system has it.
    """
    parent = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else folder
    for leftover in parent.glob(f"{_METRICS}*"):
        try:
            os.kill(int(leftover.name.removeprefix(_METRICS).partition("-")[0]), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(leftover, ignore_errors=True)
        except PermissionError:  # the process runs, for another user
            continue
    with suppress(OSError):  # if the folder cannot be written, opening the database fails with a clear message
        parent.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=f"{_METRICS}{os.getpid()}-", dir=parent)


def pre_fork(server, worker):
    """Wait until this is the only thread of the process.

    A fork copies the locks that threads hold in OpenSSL, but not the threads that would release them: the child's first
    connection would wait for ever. A thread takes such a lock even when it ends, after Python has joined it.
    """
    until = time.monotonic() + _THREADS_END_SECONDS
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(max(0.0, until - time.monotonic()))
    threads = Path("/proc/self/task")
    if not threads.exists():  # macOS does not name them
        time.sleep(_THREADS_END_SECONDS / 10)
        return
    while len(list(threads.iterdir())) > 1 and time.monotonic() < until:
        time.sleep(0.01)


def post_fork(server, worker):
    # Each connection and each large body needs a file descriptor; many systems allow 1024 by default.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    # Large bodies are kept on the disk of the data, because /tmp is in memory on many systems.
    folder = Config.from_env().var / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)


def post_worker_init(worker):
    # The import worker is not started by the master: the master reaps all children, so a kill would go unnoticed.
    config = Config.from_env()
    if worker.age == 1 and _database:
        queues = queues_of(_database.unfinished_runs())
        if queues or catalogue_is_behind(_database, config.var):
            spawn_worker(config.var, config.mongodb_uri, queues | {WorkQueue.FILES})
    worker.wsgi.extensions["keep_warm"]()
    if _database:
        _database.hold()
        watch_waiting(_database, config.var, config.mongodb_uri, also=_upkeep(_database, config))


def _upkeep(database, config):
    """Return a function for the regular upkeep; it returns whether there is work for the worker of files."""
    from etl.engine import Engine  # imported here, because only web processes need them
    from etl.spotify.forgetting import is_due
    from jobs.watching import MusicWatch

    engine, music = Engine(database, config), MusicWatch(database, config.var, config.music)
    catalogue = config.var / "catalogue"
    verified_at = float("-inf")

    def look():
        nonlocal verified_at
        music.look()
        engine.sweep()
        if is_suspect(catalogue) or time.monotonic() - verified_at > _VERIFY_SECONDS:
            verified_at = time.monotonic()
            find_damage(catalogue)
        if damage(catalogue):
            return True
        snapshot_is_due = database.kind == "embedded" and config.snapshots > 0 and is_snapshot_due(config.var, now())
        return snapshot_is_due or is_due(database, engine)

    return look


def worker_exit(server, worker):
    if worker.booted:  # otherwise the exit code has to tell the master why the start failed
        for database in (_database, worker.wsgi.extensions["tastemap"].database):
            with suppress(TastemapError):
                database.close()  # if the master was killed, the last process to leave stops the embedded database
        _end(0)


def on_exit(server):
    shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)
    if _database is not None:
        _database.close()
    _end(getattr(sys.exception(), "exit_status", 0))  # gunicorn's HaltError has the code of a failed start


def _end(code):
    """End this process at once; Python would free object by object, which takes seconds."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
