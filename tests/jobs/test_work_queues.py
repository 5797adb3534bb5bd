"""One process at a time does the runs of a queue, and no run is left behind by one that is just leaving."""

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from etl.commands import work
from jobs import queue
from jobs.queue import WorkQueue, create_upload_run, queues_of, spawn_worker, worker_lock
from jobs.worker import execute
from store.database import Database
from store.locks import locked, take
from store.runs import ENDED, Run
from tests.etl.imports import files

UPLOADS = 16


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every worker that is started, which is a real one."""
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            started.append(self)

    monkeypatch.setattr(queue.subprocess, "Popen", Recorded)
    return started


def upload(database: Database, var: Path, number: int) -> str:
    content = io.BytesIO(files.playlist(3, start=number).encode())
    return str(create_upload_run(database, var, "me", f"{number}.csv", content, 1_000_000).id)


def wait_for_end(database: Database, var: Path, runs: list[str], seconds: float = 90.0) -> None:
    until = time.monotonic() + seconds
    while any(database.get_run(run).state not in ENDED for run in runs):
        assert time.monotonic() < until, (var / "log" / "import.log").read_text()
        time.sleep(0.1)


def wait_for_leaving(processes: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + 60
    while any(process.returncode is None for process in processes):  # a thread waits for each
        assert time.monotonic() < until
        time.sleep(0.1)


def test_uploads_at_the_same_time_start_one_process(
    database: Database, database_uri: str, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    most = 0

    def bring(number: int) -> str:
        nonlocal most
        run = upload(database, tmp_path, number)
        spawn_worker(tmp_path, database_uri, [WorkQueue.FILES])
        most = max(most, sum(process.returncode is None for process in processes))
        return run

    with ThreadPoolExecutor(UPLOADS) as pool:
        runs = list(pool.map(bring, range(UPLOADS)))
    wait_for_end(database, tmp_path, runs)
    wait_for_leaving(processes)
    assert most <= 2, "one, and perhaps another that has released the queue and is leaving"
    assert len(processes) <= 3
    assert {database.get_run(run).state for run in runs} == {"done"}


def test_a_queue_is_taken_from_the_moment_its_process_is_started(
    database: Database, database_uri: str, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    spawn_worker(tmp_path, database_uri, [WorkQueue.FILES])
    assert take(worker_lock(tmp_path, WorkQueue.FILES), wait=False) is None, "the process may not even have begun"
    spawn_worker(tmp_path, database_uri, [WorkQueue.FILES])
    assert len(processes) == 1
    spawn_worker(tmp_path, database_uri, [WorkQueue.LONG])
    assert len(processes) == 2, "a harvest of hours does not keep a file waiting, nor the other way round"
    wait_for_leaving(processes)
    for work_queue in WorkQueue:
        lock = take(worker_lock(tmp_path, work_queue), wait=False)
        assert lock is not None
        os.close(lock)


def test_a_process_that_is_killed_is_started_again(
    database: Database, database_uri: str, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    run = upload(database, tmp_path, 1)
    spawn_worker(tmp_path, database_uri, [WorkQueue.FILES])
    os.kill(processes[0].pid, signal.SIGKILL)
    wait_for_end(database, tmp_path, [run])
    wait_for_leaving(processes)
    assert len(processes) == 2


def test_a_process_that_cannot_be_started_again_is_left_to_the_next_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.time, "sleep", lambda _seconds: None)
    (tmp_path / "runs").write_text("no folder, as where nothing may be written")
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"]) as process:
        queue._attend(process, tmp_path, "", WorkQueue.FILES)
    assert "cannot be started" in caplog.text


def test_nothing_is_started_where_the_queue_is_done_by_a_command(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    with locked(worker_lock(tmp_path, WorkQueue.FILES)):
        spawn_worker(tmp_path, "mongodb://nowhere", [WorkQueue.FILES])
    assert processes == []


def test_a_run_queued_behind_the_last_look_of_a_process_is_done_by_it(
    database: Database,
    database_uri: str,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one who queues it finds the queue taken, so starts nobody; the process that is leaving has to see it."""
    late: list[str] = []
    sweep = work.sweep_uploads

    def last_thing_before_the_release(*arguments: Any) -> None:
        sweep(*arguments)
        if not late:
            late.append(upload(database, tmp_path, 2))
            spawn_worker(tmp_path, database_uri, [WorkQueue.FILES])

    monkeypatch.setattr(work, "sweep_uploads", last_thing_before_the_release)
    monkeypatch.setenv("TASTEMAP_SOURCES", "none")
    early = upload(database, tmp_path, 1)
    work.do_queue(database, tmp_path, WorkQueue.FILES)
    assert processes == []
    assert [database.get_run(run).state for run in (early, *late)] == ["done", "done"]


def test_a_process_that_leaves_while_another_takes_the_queue_leaves_its_runs_to_that(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASTEMAP_SOURCES", "none")
    run = upload(database, tmp_path, 1)
    with locked(worker_lock(tmp_path, WorkQueue.FILES)):
        work.do_queue(database, tmp_path, WorkQueue.FILES)
    assert database.get_run(run).state == "queued"


def test_a_large_file_makes_way_for_others_and_goes_on_where_it_was(
    database: Database,
    database_uri: str,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TASTEMAP_SOURCES", "none")
    monkeypatch.setattr(work, "_FILE_SECONDS", 0.0)
    monkeypatch.setattr("etl.task._REPORT_SECONDS", 0.0)
    content = io.BytesIO(files.playlist(1300).encode())
    large = create_upload_run(database, tmp_path, "me", "large.csv", content, 10_000_000).id
    small = [upload(database, tmp_path, number) for number in range(3)]
    order: list[tuple[str, str, int]] = []
    execute = work.execute

    def noted(database: Database, var: Path, run_id: str, **more: Any) -> str:
        state = execute(database, var, run_id, **more)
        run = database.get_run(run_id)
        assert run is not None
        order.append((run_id, state, run.cursor["rows"]))
        return state

    monkeypatch.setattr(work, "execute", noted)
    monkeypatch.setattr(work, "spawn_worker", lambda *_: None)
    work.do_queue(database, tmp_path, WorkQueue.FILES)
    assert order[0][:2] == (large, "queued")
    assert [(name, state) for name, state, _ in order[-1:]] == [(small[-1], "done")], "nobody waits for the last"
    monkeypatch.undo()
    monkeypatch.setenv("TASTEMAP_SOURCES", "none")
    spawn_worker(tmp_path, database_uri, [WorkQueue.LARGE])
    wait_for_end(database, tmp_path, [large, *small])
    wait_for_leaving(processes)
    done = database.get_run(large)
    assert done is not None
    assert (done.state, done.stored + done.known) == ("done", 1300)


def test_large_files_of_several_owners_take_turns(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file of rows that take long to match held the queue for hours, and everybody else's waited."""
    monkeypatch.setenv("TASTEMAP_SOURCES", "none")
    monkeypatch.setattr(work, "_LARGE_SECONDS", 0.0)
    monkeypatch.setattr("etl.task._REPORT_SECONDS", 0.0)
    content = files.playlist(3).encode()
    runs = [create_upload_run(database, tmp_path, owner, "a.csv", io.BytesIO(content), 9_000).id for owner in "ab"]
    for run in runs:
        database.update_run(run, large=True)
    turns, execute = list[str](), work.execute

    def noted(database: Database, var: Path, run_id: str, **more: Any) -> str:
        turns.append(run_id)
        monkeypatch.setattr(work, "_LARGE_SECONDS", 60.0)
        return execute(database, var, run_id, **more)

    monkeypatch.setattr(work, "execute", noted)
    work.do_queue(database, tmp_path, WorkQueue.LARGE)
    assert turns == [*runs, runs[0]]
    assert [run.state for run in map(database.get_run, runs) if run] == ["done", "done"]


def test_a_file_that_unpacks_to_many_rows_makes_way_while_it_is_checked(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.task._REPORT_SECONDS", 0.0)
    content = io.BytesIO(gzip.compress(files.playlist(1300).encode()))
    run = create_upload_run(database, tmp_path, "me", "large.csv.gz", content, 10_000_000).id
    looks = count()
    assert execute(database, tmp_path, run, is_over=lambda: next(looks) >= 20) == "queued"
    waiting = database.get_run(run)
    assert waiting is not None
    assert (waiting.kind, waiting.large) == (None, True), "it is no playlist before all of it has been read"


def test_what_takes_hours_has_a_queue_of_its_own() -> None:
    harvest, file = Run(kind="tracks", name="a to z"), Run(name="list.csv")
    assert queues_of([harvest]) == {WorkQueue.LONG}
    assert queues_of([file, Run(kind="spotify", name="list")]) == {WorkQueue.FILES}
    assert queues_of([Run(name="list.csv", large=True)]) == {WorkQueue.LARGE}
    assert queues_of([]) == set()
