"""Runs that wait for a source go on without anybody looking."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from etl import runs
from etl.runs import new_task_run, now, watch_waiting
from store.database import Database


def waiting(database: Database, wake_in: timedelta) -> None:
    run = new_task_run("harvest", "a to z") | {"state": "waiting", "wake_at": now() + wake_in}
    database.put_run(run)


def test_a_run_that_has_slept_enough_is_done(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[Path] = []
    seen = threading.Event()
    looks = 0

    def spawned(var: Path, _uri: str) -> None:
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
    monkeypatch.setattr(runs, "spawn_worker", spawned)
    monkeypatch.setattr(database, "unfinished_runs", looked)
    waiting(database, timedelta(hours=1))
    stop = watch_waiting(database, tmp_path, "uri", every_s=0.01)
    assert seen.wait(10)
    stop.set()
    next(one for one in threading.enumerate() if one.name == "waiting runs").join(10)
    assert woken[0] == tmp_path


def test_what_else_is_due_starts_the_worker_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    monkeypatch.setattr(runs, "spawn_worker", lambda *_: started.set())
    looks = iter([False, True])
    stop = watch_waiting(database, tmp_path, "uri", every_s=0.01, also=lambda: next(looks, False))
    assert started.wait(10)
    stop.set()
    next(one for one in threading.enumerate() if one.name == "waiting runs").join(10)
