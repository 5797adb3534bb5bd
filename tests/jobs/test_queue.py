"""Runs are queued within limits, and those that wait for a source go on without anybody looking."""

import hashlib
import io
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

from config import WorkLimits
from jobs import queue
from jobs.limits import with_room
from jobs.queue import TooManyRuns, Turns, create_upload_run, enqueue, next_run, watch_waiting
from jobs.worker import execute
from store.database import Database
from store.domain import Playlist, playlist_id
from store.locks import locked
from store.networks import COLLECTION, KEPT, forget_old_networks, networks_of, note_network
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
        assert sum(pool.map(started, range(24))) == WorkLimits().long_runs_each
    assert len(database.unfinished_runs()) == WorkLimits().long_runs_each


def test_runs_are_queued_together_or_not_at_all(database: Database, tmp_path: Path) -> None:
    with pytest.raises(TooManyRuns):
        enqueue(database, tmp_path, *(training(number=n) for n in range(3)), limits=WorkLimits(long_runs_each=2))
    assert database.unfinished_runs() == []
    first, second, third = enqueue(database, tmp_path, training(number=1), training(number=2), training(number=1))
    assert first.id == third.id != second.id


def test_a_run_that_sleeps_is_open_and_one_that_has_ended_is_not(database: Database, tmp_path: Path) -> None:
    [run] = enqueue(database, tmp_path, training())
    database.update_run(run.id, state="waiting", wake_at=now() + timedelta(hours=1))
    assert enqueue(database, tmp_path, training())[0].id == run.id
    database.update_run(run.id, state="done")
    assert enqueue(database, tmp_path, training())[0].id != run.id


def test_an_import_leaves_the_room_that_the_database_needs(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(files.text([files.NET, files.net_row(1)]), newline="")
    [run] = enqueue(database, tmp_path, Run(name="list.csv", source=str(path)))
    with monkeypatch.context() as patch:
        patch.setattr("store.disk.LEAST_FREE_BYTES", 1 << 60)
        assert execute(database, tmp_path, run.id) == "waiting"
    assert database.counts()["playlists"] == 0
    assert database.get_run(run.id).phase == "waiting for room on the disk"
    assert execute(database, tmp_path, run.id) == "done"


def test_a_run_does_not_sleep_on_a_clock_that_was_set_back(database: Database, tmp_path: Path) -> None:
    waiting(database, timedelta(days=365))
    waiting(database, timedelta(days=7))
    assert [run.wake_at - now() > timedelta(days=360) for run in database.unfinished_runs() if run.wake_at] == [True]


def test_the_operator_has_no_limit_and_names_a_file_once(database: Database, tmp_path: Path) -> None:
    enqueue(database, tmp_path, *(training(None, number=number) for number in range(WorkLimits().long_runs_all + 1)))
    runs = enqueue(database, tmp_path, *(Run(name=name, source=name) for name in ("a.csv", "b.csv", "a.csv")))
    assert runs[0].id == runs[2].id != runs[1].id
    assert enqueue(database, tmp_path, Run(name="b.csv", source="b.csv"))[0].id == runs[1].id


def test_all_owners_together_have_limits_too(database: Database, tmp_path: Path) -> None:
    limits = WorkLimits(runs_all=3, long_runs_all=2, waiting_mb_each=2, waiting_mb_all=3)
    enqueue(database, tmp_path, training("a"), training("b"), limits=limits)
    with pytest.raises(TooManyRuns, match="others"):
        enqueue(database, tmp_path, training("c"), limits=limits)
    files_of = [Run(name="list.csv", owner=owner, bytes_total=1_200_000) for owner in ("a", "a", "b", "c")]
    enqueue(database, tmp_path, files_of[0], limits=limits)
    with pytest.raises(TooManyRuns, match="2 MB of files"):
        enqueue(database, tmp_path, files_of[1], limits=limits)
    enqueue(database, tmp_path, files_of[2], limits=limits)
    with pytest.raises(TooManyRuns, match="3 MB of files"):
        enqueue(database, tmp_path, files_of[3], limits=limits)
    enqueue(database, tmp_path, Run(name="list.csv", owner="c"), limits=limits)
    with pytest.raises(TooManyRuns, match="3 runs"):
        enqueue(database, tmp_path, Run(name="list.csv", owner="d"), limits=limits)


def test_a_file_is_refused_before_it_is_copied(database: Database, tmp_path: Path) -> None:
    limits = WorkLimits(runs_each=1)
    enqueue(database, tmp_path, Run(name="list.csv", owner="me"), limits=limits)

    class Unread(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise AssertionError("nothing of it is read")

    with pytest.raises(TooManyRuns):
        create_upload_run(database, tmp_path, "me", "list.csv", Unread(), 1000, limits=limits)


def test_the_earlier_copy_of_a_file_does_not_count(database: Database, tmp_path: Path) -> None:
    """The same file again takes its place, so that a browser whose room it filled may import it again."""
    content, limits = b"Track name,Artist name\nHey,Pixies\n", WorkLimits(rows=1000, rows_each=100, rows_all=1000)
    for number in (0, 7):
        id_ = playlist_id("me", hashlib.sha256(content).hexdigest(), number)
        database.put_playlist(Playlist(id=id_, name="x", owner="me", item_count=50, complete=True))

    def bring(owner: str, content: bytes) -> Run:
        return create_upload_run(database, tmp_path, owner, "list.csv", io.BytesIO(content), 1000, limits=limits)

    assert bring("me", content).most_rows == 100
    assert bring("you", content).most_rows == 100
    with pytest.raises(TooManyRuns):
        bring("me", content + b"Gigantic,Pixies\n")
    assert len(list((tmp_path / "uploads").iterdir())) == 2, "a file that is refused is not kept"


def test_rows_that_are_kept_count(database: Database) -> None:
    for owner, rows in (("me", 60), ("you", 30), (None, 1000)):
        database.put_playlist(Playlist(id=f"of {owner}", name="x", owner=owner, item_count=rows, complete=True))
    limits = WorkLimits(rows=50, rows_each=90, rows_all=110)
    assert with_room(limits, database, Run(name="x", owner="you")).most_rows == 20, "all may keep 110"
    assert with_room(replace(limits, rows_all=900), database, Run(name="x", owner="me")).most_rows == 30
    assert with_room(replace(limits, rows_all=900), database, Run(name="x", owner="new")).most_rows == 50
    assert with_room(limits, database, Run(name="x")).most_rows is None
    with pytest.raises(TooManyRuns):
        with_room(replace(limits, rows_each=60), database, Run(name="x", owner="me"))
    with pytest.raises(TooManyRuns):
        with_room(replace(limits, rows_all=90), database, Run(name="x", owner="new"))


def test_a_file_with_more_rows_ends_with_a_clear_message(database: Database, tmp_path: Path) -> None:
    content = io.BytesIO(files.playlist(1200).encode())
    limits = WorkLimits(rows=700)
    run = create_upload_run(database, tmp_path, "me", "list.csv", content, 10_000_000, limits=limits)
    assert execute(database, tmp_path, run.id) == "failed"
    ended = database.get_run(run.id)
    assert ended is not None
    assert ended.error is not None
    assert (ended.error["code"], "700 rows" in ended.error["message"]) == ("too_many_rows", True)
    assert (ended.stored, ended.known) == (0, 0), "that is found before anything is stored"
    assert database.playlists("me") == []
    content = io.BytesIO(files.playlist(700).encode())
    run = create_upload_run(database, tmp_path, "me", "list.csv", content, 10_000_000, limits=limits)
    assert execute(database, tmp_path, run.id) == "done"


def test_owners_have_their_turns() -> None:
    runs = [
        Run(id=f"{owner}{n}", name="x", owner=owner) for owner, n in (*(("a", n) for n in range(4)), ("b", 0), ("c", 0))
    ]
    turns = Turns()
    order, tried = [], {"c0": 1}
    while runs:
        run = next_run(runs, turns, lambda run_id: tried.get(run_id, 0))
        runs.remove(run)
        turns.take(run)
        order.append(run.id)
    assert order == ["a0", "b0", "a1", "a2", "a3", "c0"]


def test_networks_have_their_turns_and_in_each_its_owners() -> None:
    runs = [Run(id=name, name="x", owner=name[0]) for name in ("a0", "a1", "b0", "c0", "d0", "d1")]
    turns = Turns({"a": "school", "b": "school", "c": "school"})
    order = []
    while runs:
        run = next_run(runs, turns, lambda _run_id: 0)
        runs.remove(run)
        order.append((run.id, turns.take(run)))
    assert order == [("a0", 1), ("d0", 1), ("b0", 2), ("d1", 2), ("c0", 3), ("a1", 4)]


def from_network(database: Database, network: str, *owners: str) -> None:
    for owner in owners:
        note_network(database, owner, network)


def refused(database: Database, var: Path, *runs: Run, limits: WorkLimits) -> bool:
    try:
        enqueue(database, var, *runs, limits=limits)
    except TooManyRuns as refusal:
        return "network" in refusal.message
    return False


def test_the_sessions_of_one_network_leave_room_for_another(database: Database, tmp_path: Path) -> None:
    """Without a limit of the network, fifty sessions take all the runs that others may have."""
    sessions = [f"session {number}" for number in range(50)]
    from_network(database, "attacker", *sessions)
    from_network(database, "second", "second")
    from_network(database, "third", "third")
    limits = WorkLimits(runs_each=10, runs_all=40)

    def most(*owners: str) -> int:
        runs = [Run(name="list.csv", owner=owner) for owner in owners]
        return sum(not refused(database, tmp_path, run, limits=limits) for run in runs)

    assert most(*sessions) == 20, "half of the room"
    assert most(*["second"] * 10) == 10
    assert most(*["third"] * 10) == 5, "half of the rest"
    assert most(*sessions) == 0
    enqueue(database, tmp_path, Run(name="list.csv", owner="of the operator's browser"), limits=limits)


def test_a_network_that_has_nothing_open_may_bring_what_there_is_room_for(database: Database, tmp_path: Path) -> None:
    from_network(database, "home", "me", "you")
    limits = WorkLimits(waiting_mb_each=3, waiting_mb_all=4)
    whole, more = (Run(name="a.csv", owner=owner, bytes_total=3 << 20) for owner in ("me", "you"))
    assert not refused(database, tmp_path, whole, limits=limits)
    assert refused(database, tmp_path, replace(more, bytes_total=1 << 20), limits=limits)


def test_rows_leave_room_for_another_network(database: Database) -> None:
    from_network(database, "attacker", "a", "b")
    from_network(database, "home", "me")
    database.put_playlist(Playlist(id="x", name="x", owner="a", item_count=400, complete=True))
    limits = WorkLimits(rows=1000, rows_each=500, rows_all=1000)
    left = {
        owner: with_room(limits, database, Run(name="x", owner=owner)).most_rows for owner in ("a", "b", "me", "none")
    }
    assert left == {"a": 100, "b": 100, "me": 500, "none": 500}
    database.put_playlist(Playlist(id="y", name="y", owner="b", item_count=100, complete=True))
    with pytest.raises(TooManyRuns, match="network"):
        with_room(limits, database, Run(name="x", owner="b"))


def test_files_that_waited_together_do_not_take_more_rows_than_one(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASTEMAP_MAX_ROWS_EACH", "100")
    limits = WorkLimits.from_env({"TASTEMAP_MAX_ROWS_EACH": "100"})
    runs = [
        create_upload_run(
            database, tmp_path, "me", "x.csv", io.BytesIO(files.playlist(70, start=n).encode()), 100_000, limits=limits
        ).id
        for n in (0, 70)
    ]
    assert [execute(database, tmp_path, run) for run in runs] == ["done", "failed"]
    ended = database.get_run(runs[1])
    assert ended
    assert ended.error
    assert ended.error["code"] == "too_many_rows"
    assert [playlist.item_count for playlist in database.playlists("me")] == [70]


def test_networks_of_sessions_that_left_long_ago_are_forgotten(database: Database) -> None:
    from_network(database, "home", "me", "you")
    database.change_document(COLLECTION, "you", {"seen": now() - KEPT - timedelta(days=1)})
    forget_old_networks(database, now() - KEPT)
    assert networks_of(database, ["me", "you", None]) == {"me": "home"}
    from_network(database, "work", "me")
    assert networks_of(database, ["me"]) == {"me": "work"}
