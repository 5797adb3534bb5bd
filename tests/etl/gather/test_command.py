"""The command line of harvests, and the worker: as one types them, against the fakes."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.commands import harvests, work
from etl.gather.enrich import new_enrichment
from etl.gather.terms import first_open
from jobs.queue import WorkQueue, worker_lock
from store.database import Database
from store.locks import locked
from store.runs import Run
from tests.etl.gather.support import PLAYLIST, put_playlist
from tests.etl.imports import files
from tests.fake_services.faults import limited
from tests.fake_services.fixtures import FakeServices

ROOT = Path(__file__).resolve().parents[3]


class Shell:
    """Runs ``python -m etl`` on one installation whose sources are the fakes."""

    def __init__(self, uri: str, var: Path, services: FakeServices) -> None:
        self._env = {**os.environ, **services.environment, "MONGODB_URI": uri, "TASTEMAP_VAR": str(var)}
        self._env["TASTEMAP_SOURCES"] = "deezer,reccobeats"

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "etl", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self._env, capture_output=True, text=True, check=False)


@pytest.fixture
def etl(database: Database, database_uri: str, tmp_path: Path, fake_services: FakeServices) -> Shell:
    fake_services.lift_limits()
    return Shell(database_uri, tmp_path / "var", fake_services)


def test_enrich_prints_what_came_of_each_source(database: Database, etl: Shell, fake_services: FakeServices) -> None:
    put_playlist(database, fake_services.world)
    done = etl("enrich", PLAYLIST, "--needs", "features", "genres")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split()[-4:] == ["16", "15", "0", "1"]
    assert any(line.strip() == "1 skipped: no queried source knows a genre" for line in lines)
    assert any(line.strip().startswith("reccobeats, features: 8 of 8 found") for line in lines)
    assert etl("enrich", "nothing").returncode == 1


def test_asking_ahead_that_is_killed_leaves_a_run_that_goes_on(
    database: Database, tmp_path: Path, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_playlist(database, fake_services.world)

    def killed(*_: object) -> Iterator[tuple[int, int]]:
        raise KeyboardInterrupt
        yield 0, 0

    monkeypatch.setattr(harvests, "ask_ahead", killed)
    parser = argparse.ArgumentParser()
    harvests.add_harvests(parser.add_subparsers())
    options = parser.parse_args(["enrich", PLAYLIST, "--cores", "2"])
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            options.command(database, tmp_path, options)
    assert [run.kind for run in database.unfinished_runs()] == ["enrich"]


def test_the_worker_deletes_runs_that_ended_long_ago(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_KEPT_RUNS", 1)
    monkeypatch.setenv("TASTEMAP_SOURCES", "none")
    old = {"state": "done", "started_at": datetime.now(UTC) - timedelta(weeks=9)}
    runs = [Run(name="a.csv"), Run(name="b.csv", **old), Run(name="c.csv", **old | {"state": "waiting"})]
    for run in runs:
        database.put_run(run)
    work._sweep(database, tmp_path)
    assert [bool(database.get_run(run.id)) for run in runs] == [True, False, True]


def test_a_harvest_goes_on_where_the_last_one_ended(database: Database, etl: Shell) -> None:
    for end in (2, 4):
        done = etl("harvest", "artists", "--terms", "2", "--source", "deezer")
        assert done.returncode == 0, done.stderr
        assert first_open(database, "artists", "deezer") == end


def test_balanced_makes_a_playlist_and_says_what_it_lacks(database: Database, etl: Shell) -> None:
    done = etl("balanced", "--genres", "rock", "polka", "--per-genre", "2")
    assert done.returncode == 0, done.stderr
    assert "2 skipped: polka: no source knows more" in done.stdout
    assert [playlist.item_count for playlist in database.playlists(None)] == [2]


@pytest.mark.parametrize(
    "arguments", [("harvest", "songs"), ("harvest", "tracks", "--terms", "0"), ("balanced", "--years", "1999-1990")]
)
def test_wrong_use_is_told(etl: Shell, arguments: tuple[str, ...]) -> None:
    assert etl(*arguments).returncode == 2


def test_a_run_that_has_to_wait_says_how_long_and_resume_too(
    database: Database, etl: Shell, fake_services: FakeServices
) -> None:
    fake_services.deezer.fail(limited(86_400), times=1)
    done = etl("harvest", "tracks", "--terms", "1")
    assert done.returncode == 1
    tomorrow = f"{datetime.now().astimezone() + timedelta(days=1):%Y-%m-%d}"
    assert f"It goes on after {tomorrow}" in done.stdout
    early = etl("resume")
    assert "No run was interrupted." in early.stdout
    assert f"not before {tomorrow}" in early.stdout
    run = database.waiting_runs()[0].id
    assert etl("cancel", run).returncode == 0
    assert etl("cancel", run).returncode == 1
    assert database.waiting_runs() == []


def test_the_worker_does_files_while_a_harvest_is_under_way(
    database: Database, etl: Shell, fake_services: FakeServices, tmp_path: Path
) -> None:
    put_playlist(database, fake_services.world, 2)
    harvest = new_enrichment(PLAYLIST, "x", None, ["features"])
    path = tmp_path / "list.csv"
    path.write_text(files.playlist(3), newline="")
    file = Run(name="list.csv", source=str(path), bytes_total=path.stat().st_size)
    later = datetime.now(UTC) + timedelta(hours=1)
    asleep = replace(new_enrichment(PLAYLIST, "y", None, ["genres"]), state="waiting", wake_at=later)
    for run in (harvest, file, asleep):
        database.put_run(run)
    with locked(worker_lock(tmp_path / "var", WorkQueue.LONG)):
        assert etl("work").returncode == 0
    assert database.get_run(file.id).state == "done"
    assert database.get_run(harvest.id).state == "queued"
    assert etl("work").returncode == 0
    assert database.get_run(harvest.id).state == "done"
    assert database.get_run(asleep.id).state == "waiting"
