"""Runs are queued within limits, and those that wait for a source go on without anybody looking."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs import queue
from jobs.queue import MOST_OPEN_LONG, TooManyRuns, enqueue, watch_waiting
from store.database import Database
from store.locks import locked
from store.runs import STORED, Run, lock_file, now
from tests.etl.imports import files

ROOT = Path(__file__).resolve().parents[2]


def waiting(database: Database, wake_in: timedelta) -> None:
    run = Run(kind="harvest", name="a to z", state="waiting", wake_at=now() + wake_in)
    database.put_run(run)


def test_a_run_that_has_slept_enough_is_done(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[Path] = []
    seen = threading.Event()
    looks = 0

    def spawned(var: Path, _uri: str, _queues: object) -> None:
        woken.append(var)
        seen.set()

    def looked() -> list[dict]:
        nonlocal looks
        looks += 1
        if looks == 3:  # nothing was due until now
            assert woken == []
            waiting(database, timedelta(hours=-1))
        return unfinished()

    unfinished = database.unfinished_runs
    monkeypatch.setattr(queue, "spawn_worker", spawned)
    monkeypatch.setattr(database, "unfinished_runs", looked)
    waiting(database, timedelta(hours=1))
    stop = watch_waiting(database, tmp_path, "uri", every_s=0.01)
    assert seen.wait(10)
    stop.set()
    next(thread for thread in threading.enumerate() if thread.name == "waiting runs").join(10)
    assert woken[0] == tmp_path


def test_what_else_is_due_starts_the_worker_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    monkeypatch.setattr(queue, "spawn_worker", lambda *_: started.set())
    looks = iter([False, True])
    stop = watch_waiting(database, tmp_path, "uri", every_s=0.01, also=lambda: next(looks, False))
    assert started.wait(10)
    stop.set()
    next(thread for thread in threading.enumerate() if thread.name == "waiting runs").join(10)


def killed(var: Path, uri: str) -> subprocess.Popen[bytes]:
    """Start an import of the command line that has taken its run and is then killed."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from store.runs import Run, lock_file\n"
        "from store.database import Database\n"
        "from store.locks import take\n"
        "var, uri = Path(sys.argv[1]), sys.argv[2]\n"
        "run = Run(name='list.csv', source=str(var / 'list.csv'), state='running')\n"
        "take(lock_file(var, run.id))\n"
        "Database(uri).put_run(run)\n"
        "print(run.id, flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(var), uri]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_run_whose_process_was_killed_is_done_while_the_server_goes_on(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(files.text([files.NET, files.net_row(1)]), newline="")
    command = killed(tmp_path, database_uri)
    assert command.stdout is not None
    run_id = command.stdout.readline().decode().strip()
    looks = threading.Semaphore(0)
    stop = watch_waiting(database, tmp_path, database_uri, every_s=1.0, also=lambda: looks.release() or False)
    for _ in range(4):
        assert looks.acquire(timeout=30)
    assert not (tmp_path / "log").exists(), "nobody is started while the command lives"
    command.kill()
    command.communicate()
    until = time.monotonic() + 60
    while (run := database.get_run(run_id)) and run.state != "done" and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    next(thread for thread in threading.enumerate() if thread.name == "waiting runs").join(10)
    assert run
    assert (run.state, run.stored) == ("done", 1)


def test_what_is_stored_waits_for_the_others_of_its_command(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    monkeypatch.setattr(queue, "spawn_worker", lambda *_: started.set())
    first, second = (Run(name=name, source=name, state="running") for name in ("a.csv", "b.csv"))
    database.put_run(replace(first, phase=STORED))
    database.put_run(second)
    looks = threading.Semaphore(0)
    with locked(lock_file(tmp_path, second.id)):
        stop = watch_waiting(database, tmp_path, "uri", every_s=0.01, also=lambda: looks.release() or False)
        for _ in range(5):
            assert looks.acquire(timeout=30)
        assert not started.is_set()
    assert started.wait(30), "its command is gone, too"
    stop.set()
    next(thread for thread in threading.enumerate() if thread.name == "waiting runs").join(10)


# -- queueing ---------------------------------------------------------------------------------------------------


def training(owner: str | None = "me", **options: Any) -> Run:
    return Run(kind="train", name="Training", owner=owner, request={"task": "genre", "options": options})


def test_requests_at_the_same_time_queue_one_run(database: Database, tmp_path: Path) -> None:
    with ThreadPoolExecutor(12) as pool:
        queued = list(pool.map(lambda _: enqueue(database, tmp_path, training())[0].id, range(24)))
    assert len(set(queued)) == 1
    assert [run.id for run in database.unfinished_runs()] == queued[:1]


def test_the_limit_holds_for_requests_at_the_same_time(database: Database, tmp_path: Path) -> None:
    def started(number: int) -> bool:
        try:
            enqueue(database, tmp_path, training(number=number))
        except TooManyRuns:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(started, range(24))) == MOST_OPEN_LONG
    assert len(database.unfinished_runs()) == MOST_OPEN_LONG


def test_runs_are_queued_together_or_not_at_all(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_OPEN_LONG", 2)
    with pytest.raises(TooManyRuns):
        enqueue(database, tmp_path, *(training(number=number) for number in range(3)))
    assert database.unfinished_runs() == []
    first, second, third = enqueue(database, tmp_path, training(number=1), training(number=2), training(number=1))
    assert first.id == third.id != second.id


def test_a_run_that_sleeps_is_open_and_one_that_has_ended_is_not(database: Database, tmp_path: Path) -> None:
    [run] = enqueue(database, tmp_path, training())
    database.update_run(run.id, state="waiting", wake_at=now() + timedelta(hours=1))
    assert enqueue(database, tmp_path, training())[0].id == run.id
    database.update_run(run.id, state="done")
    assert enqueue(database, tmp_path, training())[0].id != run.id


def test_the_operator_has_no_limit_and_names_a_file_once(database: Database, tmp_path: Path) -> None:
    enqueue(database, tmp_path, *(training(None, number=number) for number in range(MOST_OPEN_LONG + 1)))
    runs = enqueue(database, tmp_path, *(Run(name=name, source=name) for name in ("a.csv", "b.csv", "a.csv")))
    assert runs[0].id == runs[2].id != runs[1].id
    assert enqueue(database, tmp_path, Run(name="b.csv", source="b.csv"))[0].id == runs[1].id
