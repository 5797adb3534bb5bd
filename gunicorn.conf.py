"""gunicorn's settings; it reads this file by itself.

Without MONGODB_URI the master starts the embedded database before the workers and stops it after them. Imports that
the last stop cut off are finished, and a catalogue that is lost or outdated is built, in a process of their own.
"""

import ctypes
import logging
import os
import resource
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# Requests are the threads here: products of small matrices that spread over all cores would wait for each other.
# OpenBLAS reads this once, when NumPy is loaded; training, in a process of its own, has all cores.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy  # noqa: F401

del os.environ["OPENBLAS_NUM_THREADS"]

from config import Config, ConfigError
from jobs.behind import catalogue_is_behind
from jobs.queue import WorkQueue, queues_of, spawn_worker, watch_waiting
from server.logs import json_logging
from store.catalogue.damage import damage, find_damage, is_suspect
from store.database import Database, open_database
from store.errors import TastemapError
from store.runs import now
from store.snapshots import is_snapshot_due

# mallopt's numbers (malloc.h). Elsewhere than with glibc there is no such function.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
with suppress(AttributeError):
    # Each thread would have a heap of its own, which costs a web process a fifth of its memory; and large arrays would
    # stay on the heap when they are no longer used.
    for setting, value in ((_M_ARENA_MAX, 2), (_M_MMAP_THRESHOLD, 1 << 20), (_M_TRIM_THRESHOLD, 4 << 20)):
        ctypes.CDLL(None).mallopt(setting, value)

wsgi_app = "app:create_app()"
bind = os.environ.get("TASTEMAP_BIND") or f"0.0.0.0:{os.environ.get('PORT', '8000')}"
# Slow connections hold no thread.
worker_class = "server.worker.BufferedWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# A progress stream holds a thread for as long as its page is open.
threads = 16
timeout = 60
# So long may an answer that has been begun take when it is to stop.
graceful_timeout = 8
# It would lie in the home directory, one for all instances of this user.
control_socket_disable = True

if os.environ.get("TASTEMAP_LOG", "").strip().lower() == "json":
    logconfig_dict = json_logging()

_FILES = 4096
# The published files of the catalogue are compared with their checksums at the start, and so often.
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
            # Meanwhile: the web processes then have the code by their fork, and share its memory.
            _make_metrics_folder(config.var / "tmp")
            import app  # noqa: F401

            _database = opening.result()
    except (ConfigError, TastemapError) as error:
        sys.exit(f"Tastemap cannot start: {error}")


def _open_database(config):
    database = open_database(config.var, config.mongodb_uri, installation_id=config.installation_id)
    database.prepare_fork()
    return database


def _make_metrics_folder(folder):
    """Make the folder in which each process counts its requests; whichever is asked for /metrics adds them up.

    The counts are files mapped into memory. On a disk that is full, the first request would end the process (SIGBUS):
    so they lie in memory where the system has such a place.
    """
    place = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else folder
    for left in place.glob(f"{_METRICS}*"):
        try:
            os.kill(int(left.name.removeprefix(_METRICS).partition("-")[0]), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(left, ignore_errors=True)
        except PermissionError:  # of another user
            continue
    with suppress(OSError):  # of a folder that cannot be written the database speaks
        place.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=f"{_METRICS}{os.getpid()}-", dir=place)


def pre_fork(server, worker):
    """Wait until this thread is the only one.

    One that ends gives back, under a lock, what OpenSSL has kept for it; that is after Python has joined it. A child
    that is forked meanwhile finds the lock taken for ever.
    """
    threads = Path("/proc/self/task")
    if not threads.exists():  # macOS does not name them
        time.sleep(_THREADS_END_SECONDS / 10)
        return
    until = time.monotonic() + _THREADS_END_SECONDS
    while len(list(threads.iterdir())) > 1 and time.monotonic() < until:
        time.sleep(0.01)


def post_fork(server, worker):
    # Each connection is a descriptor, and so is each large body; many systems allow 1024 where nobody asks for more.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    # Large bodies wait on this disk: on many systems /tmp is memory.
    folder = Config.from_env().var / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)


def post_worker_init(worker):
    # Not in the master, which reaps every child itself and so would hide from us that the import worker was killed.
    config = Config.from_env()
    if worker.age == 1 and _database:
        queues = queues_of(_database.unfinished_runs())
        if queues or catalogue_is_behind(_database, config.var):
            spawn_worker(config.var, config.mongodb_uri, queues | {WorkQueue.FILES})
    worker.wsgi.extensions["keep_warm"]()
    if _database:
        watch_waiting(_database, config.var, config.mongodb_uri, also=_upkeep(_database, config))


def _upkeep(database, config):
    """Return what is to be done now and then; it says whether the worker has to delete something of Spotify's."""
    from etl.engine import Engine  # in the worker, which needs them anyway
    from etl.spotify.forgetting import is_due
    from jobs.watching import MusicWatch

    engine, music = Engine(database, config), MusicWatch(database, config.var, config.music)
    catalogue = config.var / "catalogue"
    looked_at = float("-inf")

    def look():
        nonlocal looked_at
        music.look()
        engine.sweep()
        if is_suspect(catalogue) or time.monotonic() - looked_at > _VERIFY_SECONDS:
            looked_at = time.monotonic()
            find_damage(catalogue)
        if damage(catalogue):
            return True
        snapshot_is_due = database.kind == "embedded" and config.snapshots > 0 and is_snapshot_due(config.var, now())
        return snapshot_is_due or is_due(database, engine)

    return look


def worker_exit(server, worker):
    if worker.booted:  # else the master has to learn why it could not
        # All that it holds goes with the process; to take it apart object by object takes seconds.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def on_exit(server):
    shutil.rmtree(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""), ignore_errors=True)
    if _database is not None:
        _database.close()
