"""What every test may ask for: a database of its own on a real server, and the data in ../shared where present."""

import gc
import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase

from store.database import Database
from store.mongo.embedded import EmbeddedServer
from store.mongo.indexes import INDEXES

pytest_plugins = ["tests.fake_services.fixtures"]

# Several tests run at a time: threads of mathematics beside them would only wait for each other. Set before NumPy is
# imported; the processes that tests start inherit it.
for _of in ("OMP_NUM", "OPENBLAS_NUM", "NUMBA_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ.setdefault(f"{_of}_THREADS", "1")

# No test depends on the machine's speed.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

ROOT = Path(__file__).resolve().parents[1]
WORKER_SECONDS = 120.0
# The files that take longest come first: a file is tested in one process, and the others would wait for it at the end.
# So do those that mostly wait: meanwhile others have the processors.
SLOWEST = (
    "tests/server",
    "tests/store/mongo",
    "tests/api/test_training_life.py",
    "tests/api/test_training_life_of_playlists.py",
    "tests/etl/gather",
    "tests/ml/test_genre.py",
    "tests/browser",
    "tests/etl/imports/test_collections.py",
    "tests/jobs",
    "tests/ml",
    "tests/etl/spotify",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order what is tested by ``SLOWEST``; within a file the order stays."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT).as_posix()
        return next((at for at, slow in enumerate(SLOWEST) if path.startswith(slow)), len(SLOWEST))

    items.sort(key=rank)


def pytest_sessionstart() -> None:
    """Load the tests without garbage collection."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of garbage collection: it would look through TensorFlow's modules each time."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; a test that needs it is marked ``shared`` and skipped where there is none."""
    folder = Path(os.environ.get("TASTEMAP_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"needs the data folder {folder} (or TASTEMAP_DATA)")
    return folder


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server all tests share: TEST_MONGODB_URI, or an embedded one of this session."""
    given = os.environ.get("TEST_MONGODB_URI", "")
    if given:
        yield given
        return
    server = EmbeddedServer(tmp_path_factory.mktemp("server"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def server_client(server_uri: str) -> Iterator[MongoClient[Any]]:
    """A client that empties and drops the tests' databases: to open one for each costs more than that."""
    with MongoClient(server_uri) as client:
        yield client


@pytest.fixture(scope="session")
def left_databases(server_client: MongoClient[Any]) -> Iterator[deque[str]]:
    """The names of the databases that tests have left, the oldest first."""
    left: deque[str] = deque()
    yield left
    for name in left:
        server_client.drop_database(name)


@contextmanager
def a_database(server_uri: str, client: MongoClient[Any], left: deque[str]) -> Iterator[str]:
    """The URI of an empty database that no other test uses.

    It may be one that a test has left a while ago: to create the indexes takes four times as long as to empty it. What
    that test may have had running has ended since.
    """
    name = left.popleft() if len(left) > 16 else f"test_{secrets.token_hex(6)}"
    _empty(client[name])
    yield urlsplit(server_uri)._replace(path=f"/{name}").geturl()
    # What a test has had started (jobs.queue.spawn_worker) would go on without its database, and outlive the tests.
    for thread in threading.enumerate():
        if thread.name.startswith("worker of "):
            thread.join(WORKER_SECONDS)
    left.append(name)


def _empty(database: MongoDatabase[Any]) -> None:
    for collection in database.list_collection_names():
        count = database[collection].estimated_document_count() if collection in INDEXES else None
        if count is None or count > 50:  # to delete many takes longer than to create the indexes
            database.drop_collection(collection)
        elif count:
            database[collection].delete_many({})


@pytest.fixture
def database_uri(server_uri: str, server_client: MongoClient[Any], left_databases: deque[str]) -> Iterator[str]:
    """The URI of a database that is this test's alone."""
    with a_database(server_uri, server_client, left_databases) as uri:
        yield uri


@pytest.fixture(scope="module")
def module_database_uri(server_uri: str, server_client: MongoClient[Any], left_databases: deque[str]) -> Iterator[str]:
    """The URI of a database that is this test file's alone."""
    with a_database(server_uri, server_client, left_databases) as uri:
        yield uri


@pytest.fixture
def database(database_uri: str) -> Iterator[Database]:
    """A database with its indexes, empty."""
    database = Database(database_uri)
    database.create_indexes()
    yield database
    database.close()
