"""Killed at any moment and started again, an import ends as one that was never killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from jobs.worker import execute
from store.catalogue.catalogue import Catalogue
from store.database import PAGE_ITEMS, Database, open_database
from store.runs import Run
from tests.apart import Apart
from tests.etl.imports import files
from tests.etl.imports.dying import import_until

ROOT = Path(__file__).resolve().parents[2]
RUN_ID = "0123456789abcdef01234567"
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KILLS = 10


@pytest.fixture(scope="module")
def playlist_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages with tracks that come twice, in one page and in two, knowing more the second time."""
    rows = [files.net_row(n) for n in range(2 * PAGE_ITEMS + 100)]
    for number in (7, 499, 800):
        poor = files.net_row(number, Genres="", Album_Name="")
        rows.insert(number - 5, [*poor[:12], *[""] * 12])
    rows.insert(30, files.net_row(30, Track_Name=""))
    path = tmp_path_factory.mktemp("kill") / "list.csv"
    path.write_text(files.text([files.NET, *rows]), newline="")
    return path


@pytest.fixture
def two_databases(server_uri: str) -> Iterator[tuple[str, str]]:
    uris = [urlsplit(server_uri)._replace(path=f"/kill_{os.getpid()}_{name}").geturl() for name in ("whole", "killed")]
    with MongoClient(server_uri) as client:
        for uri in uris:
            client.drop_database(urlsplit(uri).path[1:])
        yield uris[0], uris[1]
        for uri in uris:
            client.drop_database(urlsplit(uri).path[1:])


def queue(uri: str, path: Path) -> Database:
    database = Database(uri)
    database.put_run(
        Run(id=RUN_ID, name=path.name, source=str(path), bytes_total=path.stat().st_size, started_at=STARTED)
    )
    return database


def everything(uri: str) -> dict[str, Any]:
    """The whole database, without the times of its ends."""
    with MongoClient(uri) as client:
        database = client.get_default_database()
        found = {name: sorted(database[name].find(), key=lambda one: str(one["_id"])) for name in names(database)}
    for run in found["runs"]:
        run.pop("finished_at")
    return found


def names(database: Any) -> list[str]:
    return sorted(name for name in database.list_collection_names() if not name.startswith("_"))


def dying(uri: str, var: Path, write: int) -> tuple[int | None, int | None]:
    return Apart(import_until, uri, var, RUN_ID, write).result()


def test_an_importer_killed_at_any_write(two_databases: tuple[str, str], playlist_file: Path, tmp_path: Path) -> None:
    whole, killed = two_databases
    queue(whole, playlist_file).close()
    _, writes = dying(whole, tmp_path / "whole", 10_000)
    assert writes
    expected = everything(whole)
    assert expected["runs"][0]["state"] == "done"
    assert [expected["runs"][0][name] for name in ("requested", "stored", "known")] == [1104, 1100, 3]
    for write in sorted(random.Random(5).sample(range(2, writes + 1), KILLS)):
        database = queue(killed, playlist_file)
        assert dying(killed, tmp_path / str(write), write) == (-signal.SIGKILL, None)
        assert execute(database, tmp_path / str(write), RUN_ID) == "done"
        database.close()
        assert everything(killed) == expected, f"killed at write {write} of {writes}"
        assert len(Catalogue(tmp_path / str(write) / "catalogue").current()) == 1100
        with MongoClient(killed) as client:
            client.drop_database(client.get_default_database().name)


def test_an_importer_killed_again_and_again(
    two_databases: tuple[str, str], playlist_file: Path, tmp_path: Path
) -> None:
    whole, killed = two_databases
    database = queue(whole, playlist_file)
    execute(database, tmp_path / "whole", RUN_ID)
    database.close()
    database = queue(killed, playlist_file)
    kills = 0
    # Once behind a page, once while the file is read again: neither may forget what was counted.
    while dying(killed, tmp_path / "killed", 3 if kills % 2 else 12)[0] == -signal.SIGKILL:
        kills += 1
        assert kills < 20
    database.close()
    assert kills >= 4
    assert everything(killed) == everything(whole)


def start(var: Path, path: Path) -> subprocess.Popen[bytes]:
    env = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"} | {"TASTEMAP_VAR": str(var)}
    command = [sys.executable, "-m", "etl", "import", str(path)]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def await_first_page(database: Database, importer: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while not any(run.cursor["items"] for run in database.unfinished_runs()):
        assert importer.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)


def check_whole(database: Database, var: Path) -> None:
    playlist = database.playlists(None)[0]
    assert (playlist.item_count, playlist.complete) == (1103, True)
    assert len(database.playlist_items(playlist.id, 0, 2000)) == 1103
    assert sum(1 for _ in database.all_tracks()) == database.counts()["tracks"] == 1100
    assert len(Catalogue(var / "catalogue").current()) == 1100
    assert database.unfinished_runs() == []


def test_the_same_command_again_goes_on_after_a_kill(tmp_path: Path, playlist_file: Path) -> None:
    database = open_database(tmp_path)
    importer = start(tmp_path, playlist_file)
    await_first_page(database, importer)
    importer.kill()
    importer.communicate()
    again = start(tmp_path, playlist_file)
    output = again.communicate()[0].decode()
    assert again.returncode == 0, output
    assert output.splitlines()[-2].split()[-4:] == ["1,104", "1,100", "3", "1"]
    check_whole(database, tmp_path)
    database.close()


def test_the_database_killed_under_an_import(tmp_path: Path, playlist_file: Path) -> None:
    database = open_database(tmp_path)
    importer = start(tmp_path, playlist_file)
    await_first_page(database, importer)
    os.kill(int((tmp_path / "db" / "server.pid").read_text()), signal.SIGKILL)
    output = importer.communicate()[0].decode()
    if importer.returncode:  # lost while the catalogue was built from it
        again = start(tmp_path, playlist_file)
        output = again.communicate()[0].decode()
        assert again.returncode == 0, output
    assert output.splitlines()[-2].split()[-4:] == ["1,104", "1,100", "3", "1"]
    check_whole(database, tmp_path)
    database.close()


def test_an_import_told_to_stop_leaves_the_database_in_order(tmp_path: Path, playlist_file: Path) -> None:
    database = open_database(tmp_path)
    importer = start(tmp_path, playlist_file)
    await_first_page(database, importer)
    database.close()  # now the importer alone uses the server
    importer.terminate()
    importer.communicate()
    assert importer.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "db" / "server.pid").exists()
    assert start(tmp_path, playlist_file).communicate()[0].decode().splitlines()[-2].split()[-4:] == [
        *("1,104", "1,100", "3", "1"),
    ]
