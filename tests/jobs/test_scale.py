"""The same work on one core, on several, and on a Dask cluster, with a worker killed in the middle."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from pymongo import MongoClient

from etl.gather.enrich import new_enrichment
from etl.library.examine import NO_SOUND
from etl.library.scan import new_scan
from jobs.scale.ahead import ask_ahead
from jobs.scale.installation import Installation
from jobs.scale.options import add_scale_options, available_cores, workers_from
from jobs.scale.processes import Processes
from jobs.scale.runs import execute_runs
from jobs.scale.workers import OneCore, ScaleError, Workers
from jobs.worker import execute
from store.audio.files import audio_files
from store.database import PAGE_ITEMS, Database
from store.errors import StoreDown
from store.playlists.sets import read_batches, set_names
from store.runs import Run
from tests.etl.gather.support import PLAYLIST, do, opening, put_playlist
from tests.etl.imports import files, formats
from tests.fake_services.fixtures import FakeServices
from tests.jobs import scale_tasks
from tests.music_files import tones, write_wav

ROOT = Path(__file__).resolve().parents[2]
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
START_SECONDS = 60


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_scale_options(parser)
    return parser.parse_args(arguments)


def started(folder: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as output:
        return subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, stdout=output, stderr=output)


def await_file(path: Path) -> Any:
    """The JSON in a file that somebody is about to write."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            assert time.monotonic() < until, f"no {path.name}"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Dask scheduler with two workers, each a process of its own."""
    distributed = pytest.importorskip("distributed")
    folder = tmp_path_factory.mktemp("dask")
    here = ("--host", "127.0.0.1", "--no-dashboard")
    file = folder / "scheduler.json"
    scheduler = ("distributed.cli.dask_scheduler", *here, "--port", "0", "--scheduler-file", str(file))
    worker = ("distributed.cli.dask_worker", *here, "--no-nanny", "--nthreads", "1", "--scheduler-file", str(file))
    processes = [started(folder, "scheduler", *scheduler)]
    try:
        for name in ("one", "two"):
            arguments = ("--name", name, "--local-directory", str(folder / name), "--memory-limit", "0")
            processes.append(started(folder, name, *worker, *arguments))
        address = str(await_file(file)["address"])
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=START_SECONDS)
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture(params=["one core", "processes", "cluster"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    if request.param == "cluster":
        asked = options("--cluster", request.getfixturevalue("cluster"))
    else:
        asked = options("--cores", "1" if request.param == "one core" else "2")
    with workers_from(asked) as workers:
        yield workers


def test_all_come_back_once(workers: Workers) -> None:
    assert sorted(workers.map(scale_tasks.square, range(50))) == [number * number for number in range(50)]
    assert list(workers.map(scale_tasks.square, [])) == []


def test_what_is_raised_arrives_whole(workers: Workers) -> None:
    with pytest.raises(StoreDown, match=r"Nobody answers\.") as caught:
        list(workers.map(scale_tasks.refuse, range(9)))
    assert (caught.value.message, caught.value.hint) == ("Nobody answers.", "Wait.")


def test_items_are_read_a_little_ahead(workers: Workers) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = iter(workers.map(scale_tasks.square, items()))
    next(results)
    assert len(taken) <= 2 * workers.count + 2


def test_the_options() -> None:
    assert isinstance(workers_from(options()), OneCore)
    assert options("--cores", "all").cores == available_cores() >= 1
    for wrong in (["--cores", "0"], ["--cores", "many"], ["--cores", "2", "--cluster", "tcp://127.0.0.1:1"]):
        with pytest.raises(argparse.ArgumentError):
            options(*wrong)


def test_an_item_that_kills_leaves_the_others_done() -> None:
    done: list[int] = []
    with Processes(2) as workers, pytest.raises(ScaleError, match=r": 7 \(1 in all\)"):
        done.extend(workers.map(partial(scale_tasks.die_of, 7), range(20)))
    assert sorted(done) == [number for number in range(20) if number != 7]


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("jobs.scale.cluster._PATIENCE_SECONDS", 0.2)
    with pytest.raises(ScaleError, match="No Dask scheduler") as caught:
        workers_from(options("--cluster", "tcp://127.0.0.1:9"))
    assert "dask_scheduler" in caught.value.hint


def test_a_cluster_scans_a_folder(
    cluster: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("jobs.scanning.processes")  # no process of this machine's own does it
    monkeypatch.setattr("jobs.scanning.after_scan", lambda task: None)
    write_wav(tmp_path / "music" / "Nadia Verholt - Ebb.wav", tones(6))
    (tmp_path / "music" / "letter.mp3").write_text("Dear all, this is no sound at all.")
    run = new_scan(str(tmp_path / "music"), cluster=cluster)
    database.put_run(run)
    assert execute(database, tmp_path / "var", run.id) == "done"
    done = database.get_run(run.id)
    assert (done.stored, dict(done.skipped)) == (1, {NO_SOUND: 1})
    [ebb] = [file for file in audio_files(database) if not file.problem]
    assert database.get_track(ebb.track_id).title == "Ebb"


def test_workers_of_another_version(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.scale.cluster.VERSION", "1066.10")
    with pytest.raises(ScaleError, match=r"do not have Tastemap 1066\.10"):
        workers_from(options("--cluster", cluster))


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ScaleError, match="not installed") as caught:
        workers_from(options("--cluster", "tcp://127.0.0.1:8786"))
    assert "cluster" in caught.value.hint


def test_workers_elsewhere_need_a_server_they_reach(database: Database, tmp_path: Path) -> None:
    class Elsewhere(OneCore):
        remote = True

    assert Installation.of(database, tmp_path, Elsewhere()).uri == database.uri
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "kind", "embedded")
        with pytest.raises(ScaleError, match="cannot reach the embedded database"):
            Installation.of(database, tmp_path, Elsewhere())


# -- imports --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Playlists that share tracks, and slices."""
    folder = tmp_path_factory.mktemp("sources")
    for at in range(3):
        rows = [files.net_row(n) for n in range(300 * at, 300 * at + PAGE_ITEMS + 50)]
        (folder / f"list_{at}.csv").write_text(files.text([files.NET, *rows]), newline="")
        lists = (formats.slice_playlist(10 * at + n, n, n + 1, 50 * at) for n in range(20))
        (folder / f"mpd.slice.{at}000-{at}999.json").write_text(formats.mpd_slice(*lists))
    return sorted(folder.iterdir())


@contextmanager
def a_database(server_uri: str, name: str) -> Iterator[Database]:
    uri = urlsplit(server_uri)._replace(path=f"/scale_{os.getpid()}_{name}").geturl()
    database = Database(uri, installation_id="here")
    database.create_indexes()
    yield database
    database.close()
    with MongoClient(uri) as client:
        client.drop_database(client.get_default_database().name)


def queue(database: Database, sources: list[Path]) -> list[str]:
    runs = [
        Run(
            id=f"{at:024x}",
            name=path.name,
            source=str(path),
            bytes_total=path.stat().st_size,
            started_at=STARTED,
            installation_id="here",
        )
        for at, path in enumerate(sources)
    ]
    for run in runs:
        database.put_run(run)
    return [run.id for run in runs]


def everything(database: Database, var: Path) -> dict[str, Any]:
    """All that was stored, except what depends on which of two files with the same track came first."""
    with MongoClient(database.uri) as client:
        mongo = client.get_default_database()
        names = ("tracks", "playlists", "playlist_pages", "runs")
        found: dict[str, Any] = {name: sorted(mongo[name].find(), key=lambda one: one["_id"]) for name in names}
    for track in found["tracks"]:
        del track["brought_by"], track["source"], track["features"]["source"]
    found["sums"] = [sum(run.pop(name) for run in found["runs"]) for name in ("stored", "known")]
    found["slices"] = sorted(
        (row["pid"], row["tracks"])
        for batch in read_batches(var / "playlists", "playlists")
        for row in batch.to_pylist()
    )
    return found


@pytest.fixture(scope="module")
def undisturbed(server_uri: str, sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    var = tmp_path_factory.mktemp("undisturbed")
    with a_database(server_uri, "whole") as database:
        for run_id in queue(database, sources):
            assert execute(database, var, run_id, build=False) == "running"
        found = everything(database, var)
    assert len(found["tracks"]) == 600 + PAGE_ITEMS + 50
    assert [len(found["playlists"]), len(found["slices"])] == [3, 60]
    return found


def kill_who_halts(marker: Path) -> None:
    os.kill(await_file(marker), signal.SIGKILL)


def test_an_import_with_a_worker_killed_in_the_middle(
    workers: Workers, server_uri: str, sources: list[Path], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with a_database(server_uri, "killed") as database:
        run_ids = queue(database, sources)
        if isinstance(workers, OneCore):
            found = list(execute_runs(workers, database, tmp_path, run_ids))
            assert found == [(run_id, "running") for run_id in run_ids]
        else:
            assert workers.count == 2
            marker = tmp_path / "halted"
            killer = threading.Thread(target=kill_who_halts, args=(marker,))
            killer.start()
            installation = Installation.of(database, tmp_path, workers)
            halting = partial(scale_tasks.import_or_halt, installation, marker)
            assert list(workers.map(halting, run_ids)) == ["running"] * len(run_ids)
            killer.join()
        assert everything(database, tmp_path) == undisturbed


def test_the_command_killed_and_given_again(database_uri: str, tmp_path: Path) -> None:
    (tmp_path / "slices").mkdir()
    for at in range(24):
        lists = (formats.slice_playlist(10 * at + n, n, n + 1) for n in range(2))
        (tmp_path / "slices" / f"mpd.slice.{at}000-{at}999.json").write_text(formats.mpd_slice(*lists))
    env = os.environ | {"MONGODB_URI": database_uri, "TASTEMAP_VAR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "etl", "import", "--cores", "2", str(tmp_path / "slices")]
    sets = tmp_path / "var" / "playlists"
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) as importer,
    ):
        until = time.monotonic() + START_SECONDS
        while len(set_names(sets)) < 3:
            assert importer.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.005)
        workers = psutil.Process(importer.pid).children(recursive=True)
        importer.kill()
    # What its workers have in hand they finish or not; they do not stay.
    assert psutil.wait_procs(workers, timeout=START_SECONDS)[1] == []
    assert len(set_names(sets)) < 24
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "files: importing, 2 at a time" in done.stderr
    assert done.stdout.splitlines()[-1].split() == ["24", "files", "96", "96", "0", "0"]
    found = [row["pid"] for batch in read_batches(sets, "playlists") for row in batch.to_pylist()]
    assert sorted(found) == sorted(10 * at + n for at in range(24) for n in range(2))


def test_an_enrichment_asked_ahead_finds_its_answers_in_the_store(
    database: Database, tmp_path: Path, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_services.lift_limits()
    put_playlist(database, fake_services.world)
    monkeypatch.setattr("jobs.scale.ahead.PAGE", 3)
    monkeypatch.setenv("TASTEMAP_SOURCES", "reccobeats")
    monkeypatch.setenv("TASTEMAP_URL_RECCOBEATS", fake_services.urls["reccobeats"])
    run = new_enrichment(PLAYLIST, "Eight songs", None, ["features"])
    with workers_from(options("--cores", "2")) as workers:
        assert list(ask_ahead(workers, database, tmp_path, run)) == [(1, 3), (2, 3), (3, 3)]
    requests = fake_services.request_count()
    assert requests > 0
    done = do(database, tmp_path, run, opening(fake_services.urls, ["reccobeats"]))
    assert (done.state, done.requested, done.stored) == ("done", 8, 8)
    assert fake_services.request_count() == requests
