"""The embedded server as a process: started, shared, killed, adopted, refused."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from pymongo import IndexModel, MongoClient
from pymongo.errors import PyMongoError

from store.locks import locked
from store.mongo import embedded
from store.mongo.embedded import FOLDER, DamagedData, EmbeddedError, EmbeddedServer
from store.mongo.indexes import ensure_indexes
from store.snapshots import new_snapshot_path

ROOT = Path(__file__).resolve().parents[3]
# Starts or joins the server, says so, and waits to be ended.
USER = """
import sys, time
from pathlib import Path
from store.mongo.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.read()
"""


def user(var: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(var)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    process.wait()
    process.stdout.close()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    leave(process)


def uri_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def server_pid(var: Path) -> int | None:
    file = var / "db" / "server.pid"
    return int(file.read_text()) if file.exists() else None


def await_death(pid: int) -> None:
    until = time.monotonic() + 60
    while embedded._runs_server(pid):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path)
    yield server
    pid = server_pid_if_written(tmp_path)
    if pid and embedded._runs_server(pid):
        os.kill(pid, signal.SIGKILL)  # sooner than an orderly end
    server.stop()


def test_what_was_written_is_there_after_a_restart(server: EmbeddedServer, tmp_path: Path) -> None:
    uri = server.start()
    assert (tmp_path / "db" / FOLDER).is_dir()
    with MongoClient(uri) as client:
        client.get_default_database()["things"].insert_one({"_id": 1})
    server.stop()
    assert server_pid(tmp_path) is None
    server.stop()  # once more does nothing
    assert server.start() == uri == server.uri  # the same port: open clients find it again
    with MongoClient(uri) as client:
        assert client.get_default_database()["things"].find_one() == {"_id": 1}


def test_the_last_user_stops_it(tmp_path: Path) -> None:
    first, second = user(tmp_path), user(tmp_path)
    uri = uri_of(first)
    assert uri_of(second) == uri
    pid = server_pid(tmp_path)
    assert pid
    leave(first)  # whichever of them started it
    with MongoClient(uri) as client:
        assert client.admin.command("ping")["ok"]
    leave(second)
    assert server_pid(tmp_path) is None
    assert not embedded._runs_server(pid)


def test_many_starting_at_once_share_one_server(tmp_path: Path) -> None:
    users = [user(tmp_path) for _ in range(5)]
    assert len({uri_of(one) for one in users}) == 1
    for one in users:
        leave(one)
    assert server_pid(tmp_path) is None


def test_a_server_whose_users_were_killed_is_adopted_and_stopped(server: EmbeddedServer, tmp_path: Path) -> None:
    killed = user(tmp_path)
    uri = uri_of(killed)
    kill(killed)
    pid = server_pid(tmp_path)
    assert pid
    assert embedded._runs_server(pid)
    assert server.start() == uri
    assert server_pid(tmp_path) == pid
    server.stop()
    assert not embedded._runs_server(pid)


def test_a_starter_killed_in_the_middle_leaves_nothing_in_the_way(server: EmbeddedServer, tmp_path: Path) -> None:
    starter = user(tmp_path)
    while server_pid_if_written(tmp_path) is None:
        time.sleep(0.005)
    kill(starter)  # before the server answers
    server.start()
    with MongoClient(server.uri) as client:
        assert client.admin.command("serverStatus")["pid"] == server_pid(tmp_path)


def server_pid_if_written(var: Path) -> int | None:
    try:
        return server_pid(var)
    except ValueError:
        return None


def test_a_stop_has_an_end_though_another_process_starts_or_the_server_hangs(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.2)
    server.start()
    pid = server_pid(tmp_path)
    with locked(tmp_path / "db" / "start.lock"):  # as by a process that starts it
        leaving = threading.Thread(target=server.stop, daemon=True)
        leaving.start()
        leaving.join(30)
        assert not leaving.is_alive()
    assert not server.is_in_use()
    assert server.start()
    os.kill(pid, signal.SIGSTOP)
    server.stop()
    assert not embedded._runs_server(pid)


def test_a_forked_child_neither_keeps_nor_stops_it(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    with MongoClient(server.uri) as client:
        client.admin.command("ping")
    child = os.fork()
    if child == 0:
        server.stop()
        os._exit(0)
    os.waitpid(child, 0)
    pid = server_pid(tmp_path)
    assert pid
    assert embedded._runs_server(pid)


def test_it_stops_with_the_last_of_the_web_processes_if_their_master_is_killed(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    told = {"TASTEMAP_VAR": str(tmp_path), "TASTEMAP_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
    environment = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"} | told
    master = subprocess.Popen([sys.executable, "-m", "gunicorn", "--log-level", "error"], cwd=ROOT, env=environment)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30):
            break
        time.sleep(0.1)
    pid = server_pid(tmp_path)
    assert pid
    assert embedded._runs_server(pid)
    master.kill()
    master.wait()
    await_death(pid)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            break
        assert time.monotonic() < until + 60
        time.sleep(0.1)


@pytest.mark.parametrize("left", ["", "garbage", "999999", "{mine}"])
def test_a_stale_pid_file_is_seen_through(server: EmbeddedServer, tmp_path: Path, left: str) -> None:
    base = tmp_path / "db"
    base.mkdir()
    (base / "server.pid").write_text(left.format(mine=os.getpid()))  # the number has gone to another program
    # Not a fixed port: other tests, in other processes, count on nobody listening there.
    port = embedded._free_port(None)
    (base / "server.json").write_text("{" if left == "garbage" else json.dumps({"port": port}))
    server.start()
    with MongoClient(server.uri) as client:
        assert client.admin.command("ping")["ok"]


def test_a_taken_port_is_not_insisted_on(server: EmbeddedServer, tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        (tmp_path / "db").mkdir()
        port = squatter.getsockname()[1]
        (tmp_path / "db" / "server.json").write_text(json.dumps({"port": port}))
        assert f":{port}/" not in server.start()


def test_a_killed_server_is_started_again_with_its_data(server: EmbeddedServer, tmp_path: Path) -> None:
    uri = server.start()
    with MongoClient(uri) as client:
        client.get_default_database()["things"].insert_one({"_id": 1})
        pid = server_pid(tmp_path)
        assert pid
        os.kill(pid, signal.SIGKILL)
        await_death(pid)
        assert server.start() == uri
        assert client.get_default_database()["things"].find_one() == {"_id": 1}


def test_a_folder_that_another_program_has_open_is_named(server: EmbeddedServer, tmp_path: Path) -> None:
    folder = tmp_path / "db" / FOLDER
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "secantus", "--port", "0", "--storage-path", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as other:
        while not any(folder.glob("WiredTiger.turtle")):
            assert other.poll() is None
            time.sleep(0.05)
        with pytest.raises(EmbeddedError, match="open") as caught:
            server.start()
        other.terminate()
    assert "TASTEMAP_VAR" in caught.value.hint


def test_data_that_cannot_be_opened_are_left_alone_and_named(server: EmbeddedServer, tmp_path: Path) -> None:
    folder = tmp_path / "db" / FOLDER
    folder.mkdir(parents=True)
    for name in ("WiredTiger", "WiredTiger.wt", "WiredTiger.turtle", "secantus_documents_sh1.wt"):
        (folder / name).write_bytes(b"not a database\n" * 1000)
    with pytest.raises(EmbeddedError) as caught:
        server.start()
    assert str(folder) in caught.value.hint
    assert "MONGODB_URI" in caught.value.hint
    assert (folder / "WiredTiger").read_bytes().startswith(b"not a database")


def test_a_first_start_that_left_unusable_files_is_forgotten(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    server.stop()
    folder = tmp_path / "db" / FOLDER
    (folder / embedded._STARTED_FILE).unlink()  # as a kill leaves it that comes before the end of the start
    for table in folder.glob("secantus_documents*.wt"):
        os.truncate(table, 4096)
    (folder / "WiredTiger.turtle").write_text("not a table of files")
    with MongoClient(server.start()) as client:
        assert client.get_default_database()["things"].find_one() is None
    [aside] = (tmp_path / "db").glob("unstarted-*")
    assert (aside / "WiredTiger.turtle").read_text() == "not a table of files"


def test_damaged_data_with_documents_stay_and_the_snapshot_is_named(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    server.stop()
    turtle = tmp_path / "db" / FOLDER / "WiredTiger.turtle"
    turtle.write_text("not a table of files")
    with pytest.raises(DamagedData, match="cannot be opened") as caught:
        server.start()
    assert "There is no snapshot" in caught.value.hint
    new_snapshot_path(tmp_path, datetime(2026, 11, 28, 3, tzinfo=UTC)).touch()
    with pytest.raises(DamagedData) as caught:
        server.start()
    assert "2026-11-28 03:00 UTC" in caught.value.hint
    assert "python -m etl restore --newest --replace" in caught.value.hint
    assert turtle.read_text() == "not a table of files"


def test_only_its_owner_gets_at_it(server: EmbeddedServer, tmp_path: Path) -> None:
    uri = server.start()
    assert (tmp_path / "db").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "db" / "identity.pem").stat().st_mode & 0o777 == 0o600
    address = urlsplit(uri)._replace(query="directConnection=true").geturl()
    mine = f"&tls=true&tlsCAFile={tmp_path}/db/identity.pem"
    for stranger in (address, address + mine):  # without TLS; with it, but without the key
        client = MongoClient[dict](stranger, serverSelectionTimeoutMS=500)
        with client, pytest.raises(PyMongoError):
            client.admin.command("ping")


def test_data_of_another_version_beside_are_named_and_not_touched(
    server: EmbeddedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = tmp_path / "db" / "secantusdb-0.6.0b17"
    old.mkdir(parents=True)
    (old / "data").write_text("precious")
    with caplog.at_level(logging.WARNING):
        server.start()
    assert "secantusdb-0.6.0b17" in caplog.text
    assert "import" in caplog.text
    assert (old / "data").read_text() == "precious"


def test_the_folder_names_the_version_that_is_installed() -> None:
    assert f"secantusdb-{metadata.version('secantusdb')}" == FOLDER


def test_another_version_of_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"format of 0\.0\.1"):
        EmbeddedServer(tmp_path, "0.0.1").start()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("a file where the folder should be")
    with pytest.raises(EmbeddedError, match="cannot be made"):
        EmbeddedServer(tmp_path).start()


def test_data_that_may_not_be_written_are_no_damage(server: EmbeddedServer) -> None:
    server.base.mkdir()
    (server.base / "server.log").write_text("_wiredtiger.WiredTigerError: Permission denied\n")
    fault = server._start_fault(1)
    assert "cannot be made or written" in fault.message
    assert "TASTEMAP_VAR" in fault.hint


def test_an_address_is_not_known_before_a_start(server: EmbeddedServer) -> None:
    with pytest.raises(EmbeddedError, match="not been started"):
        _ = server.uri


# -- indexes ------------------------------------------------------------------------------------------------

BIG = {"things": [IndexModel("group", name="group")]}


def test_indexes_are_made_once(server: EmbeddedServer) -> None:
    with MongoClient(server.start()) as client:
        database = client["other"]
        assert ensure_indexes(database, BIG, 1) == "created"
        assert ensure_indexes(database, BIG, 1) == "ready"
        assert ensure_indexes(database, BIG, 2) == "created"


def test_an_index_half_built_by_a_kill_is_built_anew(server: EmbeddedServer, tmp_path: Path) -> None:
    with MongoClient(server.start(), socketTimeoutMS=20_000) as client:
        things, marker = client["other"]["things"], client["other"]["_schema"]
        things.insert_many([{"_id": n, "group": n % 7} for n in range(12_000)])
        builder = subprocess.Popen([sys.executable, "-c", BUILDER, server.uri], cwd=ROOT, stderr=subprocess.DEVNULL)
        while marker.count_documents({"state": "building"}) == 0:
            assert builder.poll() is None
        pid = server_pid(tmp_path)
        assert pid
        os.kill(pid, signal.SIGKILL)
        builder.kill()
        builder.wait()
        await_death(pid)
        server.start()
        assert ensure_indexes(client["other"], BIG, 1) in {"rebuilt", "ready"}
        for group in range(7):
            found = {document["_id"] for document in things.find({"group": group})}
            assert found == set(range(group, 12_000, 7))


BUILDER = """
import sys
from pymongo import IndexModel, MongoClient
from pymongo.errors import PyMongoError
from store.mongo.indexes import ensure_indexes
client = MongoClient(sys.argv[1])
ensure_indexes(client["other"], {"things": [IndexModel("group", name="group")]}, 1)
"""
